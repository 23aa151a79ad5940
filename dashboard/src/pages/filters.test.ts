import { expect, test } from "vitest";
import { parseSearch, safeReturn, stringifySearch } from "../routes/search";
import {
  countChoices,
  created,
  dateOf,
  isId,
  listParams,
  paymentParams,
  rangeStart,
  readFilters,
  withChoice,
  withoutPage,
} from "./filters";

const NOW = new Date("2026-11-21T15:30:00").getTime();

test("filters survive the address", () => {
  const filters = readFilters({ q: "a&b=c @upi", status: "failed", min: "1,000.50", range: "7d" });
  expect(readFilters(parseSearch(stringifySearch(filters)))).toEqual(filters);
});

test("an address can hold anything, a list takes only what it knows", () => {
  expect(
    readFilters({ status: "", range: "ever", from: "yesterday", to: "2026-99-99", evil: "1", q: { a: 1 } }),
  ).toEqual({});
  expect(readFilters({ after: "pay_a", before: "pay_b" })).toEqual({ after: "pay_a" });
});

test("another choice starts at the newest page again", () => {
  expect(withChoice({ status: "failed", after: "pay_x" }, { method: "upi" })).toEqual({
    status: "failed",
    method: "upi",
  });
  expect(withChoice({ status: "failed" }, { status: "" })).toEqual({});
});

test("paging is no choice", () => {
  expect(countChoices({ status: "failed", after: "x" })).toBe(1);
});

test("amounts become minor units, days become moments with both days included", () => {
  const params = paymentParams({ min: "10.5", max: "oops", from: "2026-11-01", to: "2026-11-02" }, NOW);
  expect(params.amount_gte).toBe(1050);
  expect(params.amount_lte).toBeUndefined();
  const span = Date.parse(String(params.created_lte)) - Date.parse(String(params.created_gte));
  expect(span).toBe(2 * 86_400_000 - 1000);
});

test("a range begins at midnight, today being its last day; the last 24 hours at a full hour", () => {
  expect(new Date(rangeStart("7d", NOW))).toEqual(new Date("2026-11-15T00:00:00"));
  expect((NOW - rangeStart("24h", NOW)) / 3_600_000).toBeLessThan(24);
  expect(rangeStart("24h", NOW)).toBe(rangeStart("24h", NOW + 60_000));
});

test("amounts are of one currency, and in its minor units", () => {
  expect(paymentParams({ min: "10.5" }, NOW)).toMatchObject({ currency: "INR", amount_gte: 1050 });
  expect(paymentParams({ min: "500", currency: "JPY" }, NOW)).toMatchObject({ currency: "JPY", amount_gte: 500 });
  expect(paymentParams({ currency: "USD" }, NOW)).toMatchObject({ currency: "USD", amount_gte: undefined });
  expect(paymentParams({}, NOW).currency).toBeUndefined();
  expect("amount_gte" in listParams({ min: "10.5" }, NOW)).toBe(false);
});

test("dates count in whichever order, one alone is open at its other end, a year half typed is none", () => {
  const days = created({ from: "2026-11-01", to: "2026-11-02" }, NOW);
  expect(created({ from: "2026-11-02", to: "2026-11-01" }, NOW)).toEqual(days);
  expect(days.created_gte).toBe(new Date("2026-11-01T00:00:00").toISOString().replace(".000", ""));
  expect(created({ from: "2026-11-01" }, NOW)).toEqual({ created_gte: days.created_gte });
  expect(created({ to: "2026-11-02" }, NOW)).toEqual({ created_lte: days.created_lte });
  expect(readFilters({ from: "0202-11-01", to: "2026-11-02", currency: "inr" })).toEqual({ to: "2026-11-02" });
  expect(dateOf(NOW)).toBe("2026-11-21");
});

test("what is typed is searched for as it is; only a whole id is a place to go to", () => {
  for (const q of ["order_2024-17", "2024", "asha@upi", "pay_A"]) expect(paymentParams({ q }, NOW).q).toBe(q);
  expect(isId("order", "order_2024-17") || isId("pay", "pay_A") || isId("pay", "order_0123456789abcDEF")).toBe(false);
  expect(isId("pay", "pay_0123456789abcDEF")).toBe(true);
});

test("an export has the list's filters and no page", () => {
  const params = withoutPage(paymentParams({ status: "failed", method: "upi", after: "pay_x" }, NOW));
  expect(params).toMatchObject({ status: "failed", method: "upi" });
  expect("limit" in params || "starting_after" in params || "ending_before" in params).toBe(false);
});

test("one returns to a page of the dashboard, never to another site", () => {
  expect(safeReturn("/dashboard/orders?status=paid")).toBe("/dashboard/orders?status=paid");
  for (const path of [
    "//evil.example",
    "https://evil.example",
    "/dashboards",
    "/login",
    "/dashboard\\..",
    undefined,
    7,
  ]) {
    expect(safeReturn(path)).toBe("/dashboard");
  }
});
