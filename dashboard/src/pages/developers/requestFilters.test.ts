import { expect, test } from "vitest";
import { pathPrefix, readRequestFilters, requestChoice, requestParams } from "./requestFilters";

test("a path is taken as people write it", () => {
  expect(pathPrefix("payments")).toBe("/api/v1/payments");
  expect(pathPrefix("/api/v1/orders")).toBe("/api/v1/orders");
  expect(pathPrefix("https://pay.example.com/api/v1/refunds/x")).toBe("/api/v1/refunds/x");
  expect(pathPrefix("  ")).toBeUndefined();
});

test("what the API would refuse never reaches it", () => {
  expect(readRequestFilters({ status: "9xx", method: "TRACE", q: "orders" })).toEqual({ q: "orders" });
});

test("another choice starts at the newest page", () => {
  expect(requestChoice({ status: "4xx", after: "r1" }, { method: "POST" })).toEqual({ status: "4xx", method: "POST" });
  expect(requestParams({ status: "4xx", q: "orders" })).toMatchObject({ status: "4xx", path: "/api/v1/orders" });
});
