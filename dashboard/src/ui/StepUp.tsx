/**
 * Asks for the password again when the API wants it (403 `password_needed`), then does what was to be done.
 *
 *     const steppedUp = useSteppedUp();
 *     const { secret } = await steppedUp(() => call<{ secret: string }>(path, { method: "POST", body: {} }));
 */

import { useRouterState } from "@tanstack/react-router";
import { createContext, lazy, type ReactNode, useCallback, useContext, useEffect, useRef, useState } from "react";
import { ApiError } from "../api/client";
import { Late } from "./Late";

const PasswordDialog = lazy(() => import("./PasswordDialog"));

/** One who was asked for the password and closed the dialog instead. */
export class NotConfirmed extends ApiError {
  constructor() {
    super(403, { code: "FORBIDDEN_ERROR", reason: "password_needed", description: "This needs your password" });
  }
}

type SteppedUp = <T>(run: () => Promise<T>) => Promise<T>;

const Context = createContext<SteppedUp>((run) => run());

export const useSteppedUp = (): SteppedUp => useContext(Context);

export function StepUp({ children }: { children: ReactNode }) {
  const [asking, setAsking] = useState(false);
  const settle = useRef<((confirmed: boolean) => void) | null>(null);

  const steppedUp = useCallback<SteppedUp>(async (run) => {
    try {
      return await run();
    } catch (error) {
      if (!(error instanceof ApiError) || error.reason !== "password_needed") throw error;
      setAsking(true);
      const confirmed = await new Promise<boolean>((resolve) => {
        settle.current = resolve;
      });
      if (!confirmed) throw new NotConfirmed();
      return run();
    }
  }, []);

  const close = useCallback((confirmed: boolean): void => {
    setAsking(false);
    settle.current?.(confirmed);
    settle.current = null;
  }, []);

  // On another page nobody waits for it any more: a secret that came then would be seen by nobody.
  const path = useRouterState({ select: (state) => state.location.pathname });
  // biome-ignore lint/correctness/useExhaustiveDependencies: with each path
  useEffect(() => () => close(false), [path, close]);

  return (
    <Context value={steppedUp}>
      {children}
      <Late onFailed={() => close(false)}>{asking && <PasswordDialog onClose={close} />}</Late>
    </Context>
  );
}
