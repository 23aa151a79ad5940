/** The languages the pages speak, and which of them to begin with. */

export type Locale = "en" | "hi";

export const LOCALES: readonly { locale: Locale; name: string }[] = [
  { locale: "en", name: "English" },
  { locale: "hi", name: "हिन्दी" },
];

/** What was asked for, if we speak it; else the first of the browser's languages that we speak. */
export function localeOf(asked: string | null, browser: readonly string[]): Locale {
  for (const tag of [asked ?? "", ...browser]) {
    const language = tag.toLowerCase().split("-")[0];
    if (language === "en" || language === "hi") return language;
  }
  return "en";
}

/** `75` seconds are "1:15". */
export function clock(seconds: number): string {
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
