/** A part of a JSON document with each `$ref` into that document replaced by what it is about. */

const DEPTH_MAX = 24; // of references within references: a circle ends here

export function resolved(document: object, path: readonly string[]): unknown {
  const at = (steps: readonly string[]): unknown =>
    steps.reduce<unknown>((value, step) => (value as Record<string, unknown> | undefined)?.[step], document);
  const follow = (value: unknown, depth: number): unknown => {
    if (typeof value !== "object" || value === null || depth > DEPTH_MAX) return value;
    if (Array.isArray(value)) return value.map((one) => follow(one, depth));
    if ("$ref" in value && typeof value.$ref === "string" && value.$ref.startsWith("#/")) {
      return follow(at(value.$ref.slice(2).split("/")), depth + 1);
    }
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, follow(one, depth)]));
  };
  return follow(at(path), 0);
}
