/** A page that could not be shown at all. */

import type { ErrorComponentProps } from "@tanstack/react-router";
import { ErrorState } from "../ui/ErrorState";

export function PageFailed({ error }: ErrorComponentProps) {
  return (
    <main>
      <ErrorState error={error} what="this page" retry={() => window.location.reload()} />
    </main>
  );
}
