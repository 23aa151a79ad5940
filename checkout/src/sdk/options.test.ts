import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type * as published from "./checkout";
import { PaymentGateway } from "./module";
import { checked } from "./options";

const SCRIPT = "https://pay.example/checkout.js";
const GIVEN = { key: "key_test_abc123", orderId: "order_0123456789ABCdef" };

// What is published as types is what there is.
PaymentGateway satisfies typeof published.PaymentGateway;

const settingsOf = (options: object, script: string | undefined = SCRIPT, language = "") =>
  checked({ ...GIVEN, ...options } as published.PaymentGatewayOptions, script, language);

beforeEach(() => {
  vi.spyOn(console, "warn").mockImplementation(() => {});
});
afterEach(() => {
  vi.restoreAllMocks();
});

test("what is not given has a default", () => {
  const settings = settingsOf({});
  expect(settings).toEqual({
    ...GIVEN,
    origin: "https://pay.example",
    locale: "en",
    prefill: {},
    theme: {},
    loadTimeout: 10_000,
  });
  expect(settingsOf({ onSuccess: null, theme: undefined })).toEqual(settings);
  expect(console.warn).not.toHaveBeenCalled();
});

test.each([
  ["key", [undefined, null, "", "abc", "secret_test_xyz789", "key_", "key_a b", "key_a\n", 1, {}]],
  [
    "orderId",
    [undefined, null, "order_1", "pay_0123456789ABCdef", "order_0123456789ABCdef\n", "xorder_0123456789ABCdef", 7],
  ],
  ["onSuccess", ["f", 1, {}, false]],
  ["onFailure", ["f"]],
  ["onClose", [[]]],
  ["prefill", ["x", 1, []]],
  ["prefill.vpa", [1, {}, "x".repeat(257)].map((vpa) => ({ prefill: { vpa } }))],
  ["prefill.name", [{ prefill: { name: ["x"] } }]],
  ["theme", ["dark", 1, []]],
  ["theme.accent", ["red", "#fff", "#1234567", "#12345g", 1].map((accent) => ({ theme: { accent } }))],
  ["theme.radius", ["8px", "8", -1, 25, Number.NaN].map((radius) => ({ theme: { radius } }))],
  ["theme.scheme", ["night", "", 1].map((scheme) => ({ theme: { scheme } }))],
  ["locale", ["fr", "EN", 1]],
  ["checkoutUrl", ["pay.example", "/checkout", "ftp://pay.example", "javascript:alert(1)", "data:,x", 1, {}]],
  ["loadTimeout", ["1", 99, 60_001, Number.NaN]],
] as const)("a mistaken %s is named", (name, values) => {
  for (const value of values) {
    const options = name.includes(".") ? (value as object) : { [name]: value };
    expect(() => settingsOf(options), JSON.stringify(value)).toThrow(TypeError);
    expect(() => settingsOf(options)).toThrow(`PaymentGateway: option ${name} must be `);
  }
});

test("what was given stays out of the message: it may be a secret", () => {
  expect(() => settingsOf({ key: "secret_test_xyz789" })).toThrow(/^(?!.*xyz789)/);
});

test.each([undefined, null, "key_a", 1, []])("options that are none are refused: %s", (options) => {
  expect(() => checked(options as unknown as published.PaymentGatewayOptions, SCRIPT, "")).toThrow(
    "PaymentGateway: option options must be an object",
  );
});

test("everything well formed is taken", () => {
  const onSuccess = () => {};
  const theme = { accent: "#00AAff", radius: 0, scheme: "dark" };
  const prefill = { vpa: "a@b", name: "Asha" };
  const options = { onSuccess, theme, prefill, locale: "hi", loadTimeout: 100, checkoutUrl: "http://localhost:3001/x" };
  expect(settingsOf(options)).toEqual({ ...GIVEN, ...options, origin: "http://localhost:3001" });
  expect(console.warn).not.toHaveBeenCalled();
});

test("unknown options are named and go nowhere", () => {
  const settings = settingsOf({ onsuccess: 1, prefill: { card: "4111" }, theme: { colour: 1 } });
  const said = vi.mocked(console.warn).mock.calls.map(([text]) => text);
  expect(said).toEqual(
    ["onsuccess", "prefill.card", "theme.colour"].map((name) => `PaymentGateway: unknown option ${name} is ignored`),
  );
  expect(JSON.stringify(settings)).not.toContain("4111");
  expect(settings).not.toHaveProperty("onsuccess");
});

test("the checkout is where the script came from, unless it is said", () => {
  expect(settingsOf({}, "https://pay.example/checkout-1.0.0-0a1b2c3d.js?x#y").origin).toBe("https://pay.example");
  expect(settingsOf({}, "https://pay.example:8443/sdk/checkout.mjs").origin).toBe("https://pay.example:8443");
  expect(settingsOf({ checkoutUrl: "https://other.example" }).origin).toBe("https://other.example");
  expect(settingsOf({ checkoutUrl: "https://other.example" }, "").origin).toBe("https://other.example");
});

test.each([
  "",
  "https://shop.example/bundle.js",
  "file:///home/checkout.js",
  "blob:https://pay.example/checkout.js",
  "https://shop.example/x?/checkout.js",
])("a script whose address says nothing of the checkout needs checkoutUrl: %s", (script) => {
  expect(() => settingsOf({}, script)).toThrow("option checkoutUrl is needed");
});

test("without a locale the page's language decides", () => {
  expect(
    ["hi", "hi-IN", "HI", "en", "fr", "", "hil"].map((language) => settingsOf({}, SCRIPT, language).locale),
  ).toEqual(["hi", "hi", "hi", "en", "en", "en", "en"]);
  expect(settingsOf({ locale: "en" }, SCRIPT, "hi").locale).toBe("en");
});
