/** What somebody sees who is in no team: nothing of any merchant, and the way out; an operator the gateway itself. */

import { Button } from "@mantine/core";
import { lazy, Suspense } from "react";
import { signOut, useSession } from "../api/session";
import { EmptyState } from "../ui/EmptyState";
import { tellProblem } from "../ui/notices";
import classes from "./Shell.module.css";

const Operations = lazy(() => import("../pages/operations/Operations"));

export function NoMerchant() {
  const { user } = useSession();
  const leave = (): Promise<void> => signOut().catch(tellProblem);

  if (user.is_operator) {
    return (
      <main id="content" className={classes.main}>
        <div className={classes.alone}>
          <span>{user.email}, operator</span>
          <Button variant="default" onClick={() => void leave()}>
            Sign out
          </Button>
        </div>
        <Suspense>
          <Operations />
        </Suspense>
      </main>
    );
  }
  return (
    <main>
      <h1 className="unseen">Dashboard</h1>
      <EmptyState
        title="You are in no team"
        action={
          <Button variant="default" onClick={() => void leave()}>
            Sign out
          </Button>
        }
      >
        You are signed in as {user.email}. An owner of a merchant can add you under Team; then load this page again.
      </EmptyState>
    </main>
  );
}
