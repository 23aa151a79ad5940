import { expect, test } from "vitest";
import { TEXTS } from "./texts";

test("every language has every text, in its own script", () => {
  expect(Object.keys(TEXTS.hi)).toEqual(Object.keys(TEXTS.en));
  for (const text of Object.values(TEXTS.hi)) expect(text).toMatch(/^[\p{Script=Devanagari}\s।,…]+$/u);
});
