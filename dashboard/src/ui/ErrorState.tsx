/** Something could not be shown: what happened, and what to do about it. */

import { Button } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { ApiError } from "../api/client";
import { CopyButton } from "./CopyButton";
import classes from "./states.module.css";

interface ErrorStateProps {
  error: unknown;
  /** What was to be shown: "the payments". */
  what: string;
  retry?: () => void;
  /** What the button says that runs `retry`. */
  verb?: string;
}

const REASONS: Record<string, (error: ApiError) => string> = {
  role_missing: (error) => `${error.description}. An owner of this merchant can change your role.`.replace("..", "."),
  password_needed: () => "This takes your password. Try again, and give it when you are asked.",
  csrf: () => "The gateway did not take this for a call of its own page. Load the page again and try once more.",
  password_change_needed: () => "Choose a password of your own first: load this page again.",
  session_changed: () => "You are looking at another merchant by now. Load this page again.",
};

/** What a person can do about an error, in one sentence. */
export function adviceFor(error: unknown): string {
  if (!(error instanceof ApiError)) return "Something went wrong on this page. Load it again; if it stays, tell us.";
  if (error.isInDoubt) {
    const why = error.status === 0 ? error.description : "The gateway had a problem.";
    return `${why} It is not known whether this was done: look before you do it again.`;
  }
  if (error.status === 0) return error.description;
  const words = REASONS[error.reason ?? ""];
  if (words) return words(error);
  if (error.status === 401) return "Your session has ended. Sign in again.";
  if (error.status === 404) return `${error.description}. Check the id, and which merchant is chosen.`;
  if (error.status === 429) {
    return `Too many requests at once. Try again in ${error.retryAfterSeconds ?? 30} seconds.`;
  }
  if (error.status >= 500) return "The gateway had a problem. Try again in a moment.";
  if (error.reason === "unknown_cursor") return "This page of the list is no longer there.";
  return error.description;
}

export function ErrorState({ error, what, retry, verb = "Try again" }: ErrorStateProps) {
  const id = error instanceof ApiError ? error.requestId : undefined;
  return (
    <div className={classes.state} role="alert">
      <div className={classes.icon} data-tone="bad" aria-hidden>
        <IconAlertTriangle size={22} />
      </div>
      <p className={classes.title}>Could not load {what}</p>
      <div className={classes.text}>{adviceFor(error)}</div>
      {id && (
        <div className={classes.small}>
          Request <code>{id}</code> <CopyButton text={id} what="request id" />
        </div>
      )}
      {retry && (
        <div className={classes.action}>
          <Button variant="default" onClick={retry}>
            {verb}
          </Button>
        </div>
      )}
    </div>
  );
}
