import { expect, test } from "vitest";
import { TEXTS } from "./texts";

test.each(["en", "hi"] as const)("where nothing is known of the order, nothing is said of charges (%s)", (locale) => {
  for (const reason of ["unreachable", "busy", "invalid_key"] as const)
    expect(TEXTS[locale].blocked[reason].text).not.toMatch(/charged|नहीं कटे/);
});
