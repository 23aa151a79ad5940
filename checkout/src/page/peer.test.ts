import { expect, test } from "vitest";
import { peerOf } from "./peer";

const SHOP = "https://shop.example";
const parent = {} as Window;

function page(ancestors?: string[]): Window {
  return { parent, location: { ancestorOrigins: ancestors } } as unknown as Window;
}

function fragment(values: Record<string, string>): URLSearchParams {
  return new URLSearchParams({ channel: "nonce", origin: SHOP, ...values });
}

test("the shop that embeds the page is its peer", () => {
  const peer = { window: parent, origin: SHOP, channel: "nonce" };
  expect(peerOf(page([SHOP, "https://outer.example"]), fragment({}))).toEqual(peer);
  expect(peerOf(page(), fragment({}))).toEqual(peer);
});

test.each([
  ["no channel", page([SHOP]), fragment({ channel: "" })],
  ["no origin", page([SHOP]), fragment({ origin: "" })],
  ["any origin", page(), fragment({ origin: "*" })],
  ["an opaque origin", page(), fragment({ origin: "null" })],
  ["an address for an origin", page(), fragment({ origin: `${SHOP}/` })],
  ["an origin that is no site", page(), fragment({ origin: "data:text/html,x" })],
  ["an origin that does not embed it", page(["https://evil.example"]), fragment({})],
  ["an origin further out", page(["https://evil.example", SHOP]), fragment({})],
])("with %s it has none", (_, of, params) => {
  expect(peerOf(of, params)).toBeNull();
});

test("a page that nobody embeds has none", () => {
  const alone = { location: {} } as unknown as Window & { parent: Window };
  alone.parent = alone;
  expect(peerOf(alone, fragment({}))).toBeNull();
});
