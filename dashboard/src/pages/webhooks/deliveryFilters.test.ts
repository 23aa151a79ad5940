import { expect, test } from "vitest";
import { chosen, countChosen, deliveryParams, readDeliveryFilters } from "./deliveryFilters";

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
