/** The address's query as plain text values: what is filtered can be read in it, and shared. */

export type Search = Record<string, string>;

export function parseSearch(text: string): Search {
  return Object.fromEntries(new URLSearchParams(text));
}

export function stringifySearch(search: Record<string, unknown>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(search)) {
    if (value !== undefined && value !== null && value !== "") query.set(name, String(value));
  }
  const text = query.toString();
  return text === "" ? "" : `?${text}`;
}

/** Only what the page knows, and only values it takes: an address is typed by anybody. */
export function pick<K extends string>(
  search: Record<string, unknown>,
  names: readonly K[],
): Partial<Record<K, string>> {
  const picked: Partial<Record<K, string>> = {};
  for (const name of names) {
    const value = search[name];
    if ((typeof value === "string" || typeof value === "number") && value !== "") picked[name] = String(value);
  }
  return picked;
}

/** Where to go after signing in: a page of this dashboard, never another site. */
export function safeReturn(path: unknown): string {
  return typeof path === "string" && /^\/dashboard(?:[/?#]|$)/.test(path) && !path.includes("\\") ? path : "/dashboard";
}
