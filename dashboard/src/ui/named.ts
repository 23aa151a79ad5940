/** The name a test finds an element by, in both spellings that are in use. */
export function named(name: string): { "data-test-id": string; "data-testid": string } {
  return { "data-test-id": name, "data-testid": name };
}
