/** Reading what came from elsewhere, so that its types are known rather than believed. */

export type Fields = Readonly<Record<string, unknown>>;

export function fields(value: unknown): Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}

export function text(from: Fields, name: string): string | null {
  const value = from[name];
  return typeof value === "string" ? value : null;
}

export function integer(from: Fields, name: string): number | null {
  const value = from[name];
  return typeof value === "number" && Number.isSafeInteger(value) ? value : null;
}

export function oneOf<T extends string>(from: Fields, name: string, known: readonly T[]): T | null {
  return known.find((one) => one === from[name]) ?? null;
}
