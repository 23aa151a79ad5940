import { expect, test } from "vitest";
import { createOrder, ownValues, sdk, verifyWebhook } from "./snippets";

const all = (own: ReturnType<typeof ownValues>): string =>
  [...createOrder(own), ...sdk(own), ...verifyWebhook(own)].map((code) => code.text).join("\n");

test("the test merchant's snippets run as they stand", () => {
  const own = ownValues("http://localhost:8000", "http://localhost:3001", "key_test_abc123", true, null);
  expect(own.runnable).toBe(true);
  expect(all(own)).toContain("secret_test_xyz789");
  expect(all(own)).toContain("http://localhost:3001/checkout.js");
});

test("the webhooks' secret is the one that was revealed, and none before that", () => {
  const own = (secret: string | null) => ownValues("http://localhost:8000", null, "key_test_abc123", true, secret);
  expect(all(own(null))).toContain("YOUR_WEBHOOK_SECRET");
  expect(all(own(null))).not.toContain("whsec_");
  for (const { text } of verifyWebhook(own("whsec_of_mine"))) expect(text).toContain("whsec_of_mine");
});

test("nobody else gets a secret, nor the test merchant in live mode", () => {
  for (const own of [
    ownValues("https://pay.example.com", null, "key_live_1", false, null),
    ownValues("https://pay.example.com", null, "key_live_1", true, null),
    ownValues("https://pay.example.com", null, "key_test_abc123", false, null),
  ]) {
    expect(own.runnable).toBe(false);
    expect(all(own)).not.toMatch(/secret_test|whsec_test/);
    expect(all(own)).toContain("YOUR_API_SECRET");
  }
});

test("what a browser gets has no secret in it", () => {
  const own = ownValues("http://localhost:8000", null, "key_test_abc123", true, null);
  expect(
    sdk(own)
      .map((code) => code.text)
      .join(),
  ).not.toContain("secret");
});
