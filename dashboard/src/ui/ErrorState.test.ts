import { expect, test } from "vitest";
import { ApiError } from "../api/client";
import { adviceFor } from "./ErrorState";

const forbidden = (reason: string) =>
  adviceFor(new ApiError(403, { code: "FORBIDDEN_ERROR", reason, description: "It takes at least owner" }));

test("only who lacks a role is told that an owner can change it", () => {
  expect(forbidden("role_missing")).toBe("It takes at least owner. An owner of this merchant can change your role.");
  for (const reason of ["password_needed", "csrf", "password_change_needed", "another"]) {
    expect(forbidden(reason)).not.toContain("role");
  }
});

test("one whose merchant was switched elsewhere is told so", () => {
  const error = new ApiError(409, { code: "CONFLICT_ERROR", reason: "session_changed", description: "No" });
  expect(adviceFor(error)).toContain("another merchant");
});
