/** Which operations of the reference have all of some words, in their method, path, summary or group. */

interface Listed {
  get(key: "method" | "path"): string;
  getIn(path: ["operation", "summary"]): string | undefined;
}

interface Collected<Value> {
  filter(wanted: (value: Value) => boolean): this;
  size: number;
}

interface Group {
  get(key: "operations"): Collected<Listed>;
  set(key: "operations", value: Collected<Listed>): Group;
}

/** Groups by name, as Swagger UI keeps them: an ordered map of immutable maps. */
export interface Tagged {
  map(change: (group: Group, name: string) => Group): { filter(wanted: (group: Group) => boolean): Tagged };
}

export function withWords(groups: Tagged, words: string): Tagged {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  return groups
    .map((group, name) =>
      group.set(
        "operations",
        group.get("operations").filter((one) => {
          const summary = one.getIn(["operation", "summary"]) ?? "";
          const text = `${one.get("method")} ${one.get("path")} ${summary} ${name}`.toLowerCase();
          return wanted.every((word) => text.includes(word));
        }),
      ),
    )
    .filter((group) => group.get("operations").size > 0);
}
