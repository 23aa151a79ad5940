/** A part that is loaded when it is wanted. When it cannot be, that is said in a notice, and the page stays. */

import { Component, type ReactNode, Suspense } from "react";
import { tellReload } from "./notices";

interface LateProps {
  children: ReactNode;
  /** What closes it, so that it can be opened again. */
  onFailed: () => void;
}

export class Late extends Component<LateProps, { failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError(): { failed: boolean } {
    return { failed: true };
  }

  override componentDidCatch(): void {
    tellReload();
    this.props.onFailed();
  }

  override componentDidUpdate(): void {
    // Closed: what is opened next is tried again.
    if (this.state.failed && !this.props.children) this.setState({ failed: false });
  }

  override render(): ReactNode {
    return this.state.failed ? null : <Suspense>{this.props.children}</Suspense>;
  }
}
