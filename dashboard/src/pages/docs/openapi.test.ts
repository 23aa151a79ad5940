import { expect, test } from "vitest";
import { type Document, fieldsOf, groups, sayType } from "./openapi";

const document: Document = {
  info: { title: "T", version: "1" },
  tags: [{ name: "Orders", description: "What is to be paid" }],
  paths: {
    "/orders": {
      get: { summary: "List orders", tags: ["Orders"] },
      post: { summary: "Create an order", tags: ["Orders"] },
    },
    "/health": { get: { summary: "Health" } },
  },
  components: {
    schemas: {
      Order: {
        type: "object",
        properties: {
          id: { type: "string", description: "Its id" },
          next: { anyOf: [{ $ref: "#/components/schemas/Order" }, { type: "null" }] },
          lines: { type: "array", items: { type: "string" } },
        },
        required: ["id"],
      },
    },
  },
};

test("operations stand in their group, found by any of their words", () => {
  expect(groups(document, "").map((group) => [group.name, group.listed.length])).toEqual([
    ["Orders", 2],
    ["Other", 1],
  ]);
  expect(groups(document, "create ORDER").map((group) => group.listed.map((one) => one.method))).toEqual([["post"]]);
});

test("types are said in words", () => {
  expect(sayType(document, { anyOf: [{ type: "string" }, { type: "null" }] })).toBe("string or null");
  expect(sayType(document, { type: "array", items: { $ref: "#/components/schemas/Order" } })).toBe("list of Order");
  expect(sayType(document, { enum: ["a", "b"] })).toBe("one of a, b");
});

test("fields of a shape within itself come to an end", () => {
  const [id, next] = fieldsOf(document, { $ref: "#/components/schemas/Order" });
  expect(id).toMatchObject({ name: "id", required: true, says: "Its id" });
  expect(next?.inner[1]?.inner[1]?.inner[1]?.inner).toEqual([]);
});
