import { expect, test } from "vitest";
import { chosen, countChosen, deliveryParams, readDeliveryFilters, sayChosen } from "./deliveryFilters";

const NOW = Date.parse("2026-03-10T12:34:56Z");

test("an address's nonsense is dropped", () => {
  const search = { status: "<script>", range: "900d", event: "payment.failed", x: "1", after: "a", before: "b" };
  expect(readDeliveryFilters(search)).toEqual({ event: "payment.failed", after: "a" });
});

test("another choice starts at the newest page, and an empty one is taken away", () => {
  const filters = { status: "failed", event: "payment.failed", after: "w1" };
  expect(chosen(filters, { status: "" })).toEqual({ event: "payment.failed" });
});

test("pages are no choices", () => {
  expect(countChosen({ status: "failed", after: "w1" })).toBe(1);
});

test("the API gets its own names, and moments", () => {
  expect(deliveryParams({ q: " evt_1 ", status: "failed", endpoint: "we_1", range: "24h" }, NOW)).toMatchObject({
    event_id: "evt_1",
    status: "failed",
    webhook_endpoint_id: "we_1",
    created_gte: "2026-03-09T13:00:00Z",
  });
});

test("dates narrow deliveries too", () => {
  const params = deliveryParams(readDeliveryFilters({ from: "2026-03-01", to: "2026-03-02" }), NOW);
  expect(Date.parse(String(params.created_lte)) - Date.parse(String(params.created_gte))).toBe(2 * 86_400_000 - 1000);
});

test("which deliveries are listed can be said", () => {
  expect(sayChosen({ status: "failed" }, undefined)).toBe(" of any event");
  expect(sayChosen({ event: "payment.failed", range: "7d" }, "https://a.example/")).toBe(
    " of payment.failed to https://a.example/, made in the last 7 days",
  );
  expect(sayChosen({ q: "evt_1", from: "2026-03-02", to: "2026-03-01" }, undefined)).toBe(
    " of evt_1, made from 2026-03-01 to 2026-03-02",
  );
});
