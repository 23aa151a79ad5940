/** Why signing in did not work, never said more finely than the API says it. */

import { ApiError } from "../../api/client";
import { adviceFor } from "../../ui/ErrorState";

export function signInAdvice(error: unknown): string {
  if (error instanceof ApiError && error.status === 429) {
    const minutes = Math.ceil((error.retryAfterSeconds ?? 60) / 60);
    return `Too many attempts. Try again in ${minutes === 1 ? "a minute" : `${minutes} minutes`}.`;
  }
  if (error instanceof ApiError && error.status === 401) return "This email and password do not belong together.";
  return adviceFor(error);
}
