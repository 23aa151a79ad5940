import { describe, expect, test } from "vitest";
import { clock, localeOf } from "./language";
import { money } from "./money";
import { contrast, readable, textOn, themeOf } from "./theme";

test.each([
  [50000, "INR", "en", "₹500.00"],
  [10000000, "INR", "en", "₹1,00,000.00"],
  [10000000, "INR", "hi", "₹1,00,000.00"],
  [10000000000, "INR", "en", "₹10,00,00,000.00"],
  [100, "JPY", "en", "JP¥100"],
  [1234, "BHD", "en", "BHD\u00a01.234"],
] as const)("%i %s in %s reads %s", (amount, currency, locale, shown) => {
  expect(money(amount, currency, locale)).toBe(shown);
});

test("the language asked for comes first, then the browser's, then English", () => {
  expect(localeOf("hi", ["en-IN"])).toBe("hi");
  expect(localeOf(null, ["ta-IN", "hi-IN", "en"])).toBe("hi");
  expect(localeOf("fr", ["fr-FR"])).toBe("en");
});

test("a countdown reads as minutes and seconds", () => {
  expect(clock(185)).toBe("3:05");
  expect(clock(0)).toBe("0:00");
});

describe("a shop's theme", () => {
  const of = (text: string) => themeOf(new URLSearchParams(text));

  test("is taken where it makes sense", () => {
    expect(of("scheme=dark&accent=%23AABBCC&radius=8")).toEqual({ scheme: "dark", accent: "#aabbcc", radiusPx: 8 });
  });

  test.each(["scheme=blue", "accent=red", "accent=%23abc", "accent=%23aabbcc;", "radius=-1", "radius=1e9", ""])(
    "%j changes nothing",
    (text) => {
      expect(of(text)).toEqual({ scheme: "auto", accent: null, radiusPx: null });
    },
  );

  test("has corners of 24 px at most", () => {
    expect(of("radius=99").radiusPx).toBe(24);
  });

  test.each(["#ffcc00", "#101010", "#ffffff", "#777777", "#1d6a50", "#ff0000"])(
    "with accent %s can be read",
    (accent) => {
      expect(contrast(textOn(accent), accent)).toBeGreaterThanOrEqual(4.5);
      for (const ground of ["#ffffff", "#1b1f1b"])
        expect(contrast(readable(accent, ground), ground)).toBeGreaterThanOrEqual(4.5);
    },
  );

  test("keeps an accent that can be read as it is", () => {
    expect(readable("#1d6a50", "#ffffff")).toBe("#1d6a50");
  });
});
