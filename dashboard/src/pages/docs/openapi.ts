/** What we read of an OpenAPI document: operations by group, and the fields of a schema. */

export interface Schema {
  $ref?: string;
  type?: string;
  description?: string;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  anyOf?: Schema[];
  enum?: unknown[];
  const?: unknown;
  default?: unknown;
  examples?: unknown[];
  additionalProperties?: Schema | boolean;
}

interface Content {
  schema?: Schema;
  example?: unknown;
  examples?: Record<string, { value?: unknown }>;
}

export interface Operation {
  operationId?: string;
  summary?: string;
  description?: string;
  tags?: string[];
  parameters?: { name: string; in: string; required?: boolean; description?: string; schema?: Schema }[];
  requestBody?: { required?: boolean; content?: Record<string, Content> };
  responses?: Record<string, { description?: string; content?: Record<string, Content> }>;
}

export interface Document {
  info: { title: string; version: string };
  tags?: { name: string; description?: string }[];
  paths: Record<string, Record<string, Operation>>;
  components?: { schemas?: Record<string, Schema> };
}

export interface Listed {
  method: string;
  path: string;
  operation: Operation;
}

const METHODS = ["get", "post", "put", "delete", "patch"];

export function groups(document: Document, words: string): { name: string; description: string; listed: Listed[] }[] {
  const all: Listed[] = Object.entries(document.paths).flatMap(([path, operations]) =>
    METHODS.flatMap((method) => {
      const operation = operations[method];
      return operation ? [{ method, path, operation }] : [];
    }),
  );
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  const found = all.filter(({ method, path, operation }) => {
    const text = `${method} ${path} ${operation.summary ?? ""} ${operation.tags?.join(" ") ?? ""}`.toLowerCase();
    return wanted.every((word) => text.includes(word));
  });
  const names = [
    ...new Set([
      ...(document.tags ?? []).map((tag) => tag.name),
      ...found.flatMap((one) => one.operation.tags ?? ["Other"]),
    ]),
  ];
  return names
    .map((name) => ({
      name,
      description: document.tags?.find((tag) => tag.name === name)?.description ?? "",
      listed: found.filter((one) => (one.operation.tags ?? ["Other"]).includes(name)),
    }))
    .filter((group) => group.listed.length > 0);
}

export function resolved(document: Document, schema: Schema): Schema {
  const name = schema.$ref?.replace("#/components/schemas/", "");
  return (name && document.components?.schemas?.[name]) || schema;
}

/** The one schema that "this or null" is about. */
function meant(schema: Schema): { schema: Schema; nullable: boolean } {
  const choices = schema.anyOf?.filter((choice) => choice.type !== "null");
  if (!schema.anyOf || choices?.length !== 1 || !choices[0]) return { schema, nullable: false };
  return { schema: choices[0], nullable: choices.length < schema.anyOf.length };
}

/** "string or null", "list of Payment", "one of created, paid". */
export function sayType(document: Document, given: Schema): string {
  const { schema, nullable } = meant(given);
  const end = nullable ? " or null" : "";
  if (schema.$ref) {
    const target = resolved(document, schema);
    return (target.properties ? schema.$ref.split("/").at(-1) : sayType(document, target)) + end;
  }
  if (schema.const !== undefined) return JSON.stringify(schema.const) + end;
  if (schema.enum) return `one of ${schema.enum.join(", ")}${end}`;
  if (schema.anyOf) return schema.anyOf.map((choice) => sayType(document, choice)).join(" or ");
  if (schema.type === "array") return `list of ${schema.items ? sayType(document, schema.items) : "values"}${end}`;
  return (schema.type ?? "any") + end;
}

export interface Field {
  name: string;
  type: string;
  required: boolean;
  says: string;
  inner: Field[];
}

const DEPTH_MAX = 4; // the document's shapes are shallow; a circle would end here

export function fieldsOf(document: Document, given: Schema, depth = 0): Field[] {
  if (depth >= DEPTH_MAX) return [];
  const { schema } = meant(given);
  const target = resolved(document, schema);
  if (target.type === "array" && target.items) return fieldsOf(document, target.items, depth);
  return Object.entries(target.properties ?? {}).map(([name, property]) => ({
    name,
    type: sayType(document, property),
    required: target.required?.includes(name) ?? false,
    says: property.description ?? meant(property).schema.description ?? "",
    inner: fieldsOf(document, property, depth + 1),
  }));
}

export function exampleOf(content: Content | undefined): unknown {
  if (!content) return undefined;
  return content.example ?? Object.values(content.examples ?? {})[0]?.value;
}
