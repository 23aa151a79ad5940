/** What a shop asks for, checked: a mistake is named where it is made, not found by a customer. */

import type { Prefill } from "../messages";
import type { PaymentGatewayOptions, PaymentGatewayTheme } from "./checkout";
import type { Locale } from "./texts";

export interface Settings extends PaymentGatewayOptions {
  origin: string;
  locale: Locale;
  prefill: Prefill;
  theme: PaymentGatewayTheme;
  loadTimeout: number;
}

const LOAD_TIMEOUT_MS = 10_000; // a page on a slow phone is there by then; a longer wait looks broken
// In a bundle the script's address is the shop's own: only our own file names say where the checkout is.
const OURS = /\/checkout(-\d[^/]*)?\.m?js$/;

type Values = Record<string, unknown>;
/** Whether a value will do, and what it must be. */
type Rule = [(value: unknown) => boolean, string];
type Rules = Record<string, Rule>;

const text = (shape: RegExp) => (value: unknown) => typeof value === "string" && shape.test(value);
const within =
  (least: number, most: number) =>
  (value: unknown): boolean =>
    typeof value === "number" && value >= least && value <= most;
const CALLBACK: Rule = [(value) => typeof value === "function", "a function"];
const OBJECT: Rule = [(value) => typeof value === "object" && !Array.isArray(value), "an object"];
const SHORT: Rule = [(value) => typeof value === "string" && value.length <= 256, "text of at most 256 characters"];

const OPTIONS: Rules = {
  key: [text(/^key_\w+$/), "your publishable key, key_…; a secret never belongs in a page"],
  orderId: [text(/^order_[0-9A-Za-z]{16}$/), "an order's id, order_ and 16 letters or digits"],
  onSuccess: CALLBACK,
  onFailure: CALLBACK,
  onClose: CALLBACK,
  prefill: OBJECT,
  theme: OBJECT,
  locale: [text(/^(en|hi)$/), "en or hi"],
  checkoutUrl: [(value) => typeof value === "string" && !!originOf(value), "an http(s) address"],
  loadTimeout: [within(100, 60_000), "100 to 60000 milliseconds"],
};
const THEME: Rules = {
  accent: [text(/^#[0-9a-f]{6}$/i), "a colour, #rrggbb"],
  radius: [within(0, 24), "0 to 24"],
  scheme: [text(/^(light|dark|auto)$/), "light, dark or auto"],
};
const PREFILL: Rules = { vpa: SHORT, name: SHORT };

/** `script` is the address this script was loaded from, if that is known; `language` is the shop page's. */
export function checked(given: PaymentGatewayOptions, script: string | undefined, language: string): Settings {
  must(OBJECT, given, "options");
  const options = those(given, OPTIONS, "", ["key", "orderId"]);
  const from = options.checkoutUrl ?? (OURS.test(script?.split(/[?#]/)[0] ?? "") && script);
  const origin = originOf(from || "");
  if (!origin) throw new TypeError("PaymentGateway: option checkoutUrl is needed: this script is not the checkout's");
  return {
    ...options,
    origin,
    locale: options.locale ?? (/^hi\b/i.test(language) ? "hi" : "en"),
    prefill: those(options.prefill ?? {}, PREFILL, "prefill."),
    theme: those(options.theme ?? {}, THEME, "theme."),
    loadTimeout: options.loadTimeout ?? LOAD_TIMEOUT_MS,
  };
}

/** The known ones of these values that are given. Each is as its rule says. */
function those<T extends object>(given: T, rules: Rules, prefix: string, needed: string[] = []): T {
  const found: Values = {};
  for (const [name, rule] of Object.entries(rules)) {
    const value = (given as Values)[name];
    if ((value === undefined || value === null) && !needed.includes(name)) continue;
    must(rule, value, prefix + name);
    found[name] = value;
  }
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(rules, name)) console.warn(`PaymentGateway: unknown option ${prefix + name} is ignored`);
  }
  return found as T;
}

function must([holds, what]: Rule, value: unknown, name: string): void {
  // The value stays out of the message: it may be a secret, and messages end in logs.
  if (value === null || !holds(value)) throw new TypeError(`PaymentGateway: option ${name} must be ${what}`);
}

function originOf(address: string): string | undefined {
  try {
    const { protocol, origin } = new URL(address);
    return /^https?:$/.test(protocol) ? origin : undefined;
  } catch {
    return undefined;
  }
}
