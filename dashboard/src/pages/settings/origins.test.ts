import { expect, test } from "vitest";
import { readOrigin } from "./origins";

test("what people type becomes what browsers say", () => {
  expect(readOrigin(" https://Shop.Example/cart?x=1 ").origin).toBe("https://shop.example");
  expect(readOrigin("shop.example").origin).toBe("https://shop.example");
  expect(readOrigin("http://localhost:4000/").origin).toBe("http://localhost:4000");
  expect(readOrigin("https://shop.example:443").origin).toBe("https://shop.example");
});

test("what no browser could prove is refused", () => {
  for (const text of ["", "http://shop.example", "https://*.shop.example", "javascript://x", "ftp://shop.example"]) {
    expect(readOrigin(text).problem, text).not.toBeNull();
  }
});
