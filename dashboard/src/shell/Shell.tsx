/** What stands around every page of those who are signed in. */

import { Outlet } from "@tanstack/react-router";
import { useLive } from "../api/live";
import { StepUp } from "../ui/StepUp";

export function Shell() {
  useLive();
  return (
    <StepUp>
      <main>
        <Outlet />
      </main>
    </StepUp>
  );
}
