/** What may have become of a body on its way to a verifier, each undone: one of them may be what was signed. */

import { type Bytes, fromBase64, join, utf8 } from "./signing";

export interface BodyGuess {
  /** Which mistake this undoes; null for the body as it was pasted. */
  mistake: BodyMistake | null;
  bytes: Bytes;
}

export type BodyMistake =
  | "line_end_added"
  | "line_end_lost"
  | "space_around"
  | "byte_order_mark"
  | "printed_again"
  | "keys_sorted"
  | "quoted_text"
  | "in_base64"
  | "read_as_latin1"
  | "escaped_for_html";

const EVENT_KEYS = ["event", "timestamp", "data", "id", "sequence"];
const DATA_KEYS = ["payment", "refund"];
const PAYMENT_KEYS =
  "id order_id amount currency method vpa card_network card_last4 status state captured amount_captured amount_refunded amount_refund_pending notes error_code error_reason error_description inquiries next_inquiry_at last_answer next_action authorization_expires_at created_at updated_at".split(
    " ",
  );
const REFUND_KEYS =
  "id payment_id amount currency reason notes status error_reason error_description inquiries next_inquiry_at last_answer created_at updated_at processed_at".split(
    " ",
  );

/** What Windows-1252 has where Latin-1 has controls: "₹" read as such is "â‚¹". */
const WINDOWS_1252 = "€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ";

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function inOrder(value: unknown, order: string[], inner: Record<string, (value: unknown) => unknown> = {}): unknown {
  if (!isRecord(value)) return value;
  const known = order.filter((key) => key in value);
  const keys = [...known, ...Object.keys(value).filter((key) => !order.includes(key))];
  return Object.fromEntries(keys.map((key) => [key, inner[key] ? inner[key](value[key]) : value[key]]));
}

/** The keys as we write them, whoever sorted them. */
function asWritten(event: unknown): unknown {
  return inOrder(event, EVENT_KEYS, {
    data: (data) =>
      inOrder(data, DATA_KEYS, {
        payment: (payment) => inOrder(payment, PAYMENT_KEYS),
        refund: (refund) => inOrder(refund, REFUND_KEYS),
      }),
  });
}

/** The bytes that were read as Latin-1 (or Windows-1252), letter by letter; null if these letters are others. */
function latin1(text: string): Bytes | null {
  const bytes: number[] = [];
  for (const letter of text) {
    const code = letter.codePointAt(0) ?? 0;
    const place = WINDOWS_1252.indexOf(letter);
    if (code <= 0xff) bytes.push(code);
    else if (place !== -1) bytes.push(0x80 + place);
    else return null;
  }
  return bytes.some((byte) => byte > 0x7f) ? Uint8Array.from(bytes) : null;
}

const ENTITIES: Record<string, string> = {
  "&quot;": '"',
  "&#34;": '"',
  "&#39;": "'",
  "&lt;": "<",
  "&gt;": ">",
  "&amp;": "&",
};

export function bodyGuesses(text: string): BodyGuess[] {
  const guesses: BodyGuess[] = [];
  const seen = new Set<string>();
  const add = (mistake: BodyMistake | null, bytes: Bytes | null): void => {
    if (bytes === null) return;
    const print = Array.from(bytes).join();
    if (seen.has(print)) return;
    seen.add(print);
    guesses.push({ mistake, bytes });
  };
  const json = (mistake: BodyMistake, value: unknown): void => {
    if (isRecord(value)) add(mistake, utf8(JSON.stringify(value)));
  };

  add(null, utf8(text));
  add("line_end_added", utf8(text.replace(/\r?\n$/, "")));
  add("byte_order_mark", utf8(text.replace(/^\ufeff/, "")));
  add("space_around", utf8(text.trim()));
  const value = parsed(text.trim().replace(/^\ufeff/, ""));
  json("printed_again", value);
  json("keys_sorted", asWritten(value));
  if (typeof value === "string") {
    add("quoted_text", utf8(value));
    json("quoted_text", parsed(value));
  }
  const decoded = fromBase64(text.trim());
  if (decoded) add("in_base64", decoded);
  add("read_as_latin1", latin1(text));
  if (text.includes("&"))
    add("escaped_for_html", utf8(text.replace(/&[a-z#0-9]+;/g, (entity) => ENTITIES[entity] ?? entity)));
  // Only somebody else's signature would be over these; ours never are. Still, a proxy may strip a line end.
  add("line_end_lost", join(utf8(text), utf8("\n")));
  add("line_end_lost", join(utf8(text), utf8("\r\n")));
  return guesses;
}
