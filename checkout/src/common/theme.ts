/** The shop's colours on our page, kept readable whatever the shop chose. */

export interface Theme {
  scheme: "light" | "dark" | "auto";
  /** "#rrggbb" */
  accent: string | null;
  radiusPx: number | null;
}

const RADIUS_PX_MAX = 24;
const CONTRAST_TEXT = 4.5; // WCAG 2.2, 1.4.3
const GROUNDS = { light: "#ffffff", dark: "#1b1f1b" }; // the surfaces of base.css
const MIX_STEPS = 20;

type Colour = readonly [number, number, number];

export function themeOf(params: URLSearchParams): Theme {
  const scheme = params.get("scheme");
  const accent = params.get("accent") ?? "";
  const radius = params.get("radius") ?? "";
  return {
    scheme: scheme === "light" || scheme === "dark" ? scheme : "auto",
    accent: /^#[0-9a-f]{6}$/i.test(accent) ? accent.toLowerCase() : null,
    radiusPx: /^\d{1,2}$/.test(radius) ? Math.min(Number(radius), RADIUS_PX_MAX) : null,
  };
}

/** Through the CSSOM, which a policy without inline styles allows. */
export function apply(theme: Theme, root: HTMLElement): void {
  if (theme.scheme !== "auto") root.dataset.scheme = theme.scheme;
  if (theme.radiusPx !== null) root.style.setProperty("--radius", `${theme.radiusPx}px`);
  if (theme.accent === null) return;
  root.style.setProperty("--accent", theme.accent);
  root.style.setProperty("--on-accent", textOn(theme.accent));
  root.style.setProperty("--accent-on-light", readable(theme.accent, GROUNDS.light));
  root.style.setProperty("--accent-on-dark", readable(theme.accent, GROUNDS.dark));
}

/** Black or white, whichever reads better on it: one of them always has a contrast of 4.5. */
export function textOn(ground: string): string {
  return contrast("#ffffff", ground) >= contrast("#000000", ground) ? "#ffffff" : "#000000";
}

/** The colour itself, or as little darker or lighter as lets it be read on the ground. */
export function readable(colour: string, ground: string): string {
  const towards = rgb(textOn(ground));
  const from = rgb(colour);
  for (let step = 0; step < MIX_STEPS; step++) {
    const mixed = hex(from.map((part, i) => part + ((towards[i] ?? 0) - part) * (step / MIX_STEPS)));
    if (contrast(mixed, ground) >= CONTRAST_TEXT) return mixed;
  }
  return hex(towards);
}

/** WCAG 2.2, "contrast ratio". */
export function contrast(one: string, other: string): number {
  const [darker = 0, lighter = 0] = [luminance(rgb(one)), luminance(rgb(other))].sort((a, b) => a - b);
  return (lighter + 0.05) / (darker + 0.05);
}

function luminance(colour: Colour): number {
  const [red = 0, green = 0, blue = 0] = colour.map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function rgb(colour: string): Colour {
  const value = Number.parseInt(colour.slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}

function hex(colour: readonly number[]): string {
  return `#${colour.map((part) => Math.round(part).toString(16).padStart(2, "0")).join("")}`;
}
