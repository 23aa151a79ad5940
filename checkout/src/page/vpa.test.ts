import { expect, test } from "vitest";
import { isVpa } from "./vpa";

test.each(["asha@okbank", "a.b-c_d9@upi", "approve@magic"])("%s is a UPI ID", (vpa) => {
  expect(isVpa(vpa)).toBe(true);
});

test.each(["", "asha", "@upi", "asha@", "as ha@upi", "asha@ok-bank", "asha@upi\n", "a@b@c", `${"a".repeat(252)}@upi`])(
  "%j is none",
  (vpa) => {
    expect(isVpa(vpa)).toBe(false);
  },
);
