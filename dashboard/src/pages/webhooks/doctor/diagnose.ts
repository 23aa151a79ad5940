/**
 * Says what is wrong with a webhook's signature.
 *
 * It computes what the gateway would have signed and looks for the one mistake that explains the difference: first among
 * what may have happened to body and secret, then among what a verifier may have computed instead.
 */

import { type BodyGuess, type BodyMistake, bodyGuesses, parsed } from "./bodies";
import { type Given, readHeaders } from "./pasted";
import {
  base64,
  digest,
  fromBase64,
  hex,
  hmac,
  join,
  plainSignature,
  standardKey,
  standardSignature,
  utf8,
} from "./signing";

export interface Pasted {
  body: string;
  headers: string;
  secret: string;
  /** What the reader's own code came to, if they have it. */
  computed: string;
}

export type Tone = "good" | "bad" | "note";

export interface Finding {
  /** For programs: which mistake it is. */
  code: string;
  tone: Tone;
  title: string;
  text: string;
}

export interface Check {
  header: string;
  state: "fits" | "fits_repaired" | "fails" | "absent";
  says: string;
}

export interface Diagnosis {
  verdict: "fits" | "explained" | "fails" | "incomplete";
  headline: string;
  checks: Check[];
  findings: Finding[];
  /** What this body and secret come to, to compare with. */
  expected: { plain: string; standard: string | null } | null;
}

export const TOLERANCE_SECONDS = 5 * 60;
const SECRETS_MAX = 4;
const GENERATED_LENGTH = 38; // whsec_ and 24 bytes in base64

const BODY: Record<BodyMistake, [title: string, text: string]> = {
  line_end_added: [
    "A line end was added to the body",
    "The signature fits once the line end at the end is gone. Something that reads line by line, an editor or a shell’s echo, has put it there. Verify the bytes as they came; printf '%s' adds none.",
  ],
  line_end_lost: [
    "The body lost a line end",
    "The signature fits with a line end at the end. Something trims the body before you verify it. Verify the bytes as they came.",
  ],
  space_around: [
    "There is white space around the body",
    "The signature fits once spaces and line ends at both ends are gone. Verify the bytes as they came, neither padded nor pasted.",
  ],
  byte_order_mark: [
    "The body begins with a byte order mark",
    "An editor, or a framework that writes UTF-8 with a mark, has put it there. Our bodies have none: verify the bytes as they came.",
  ],
  printed_again: [
    "The body was parsed and printed again",
    "The values are the same, the bytes are not: Python puts spaces after : and , and writes ₹ as \\u20b9, PHP escapes /, others indent. Keep the raw body, verify that, then parse. (Express: express.raw; Django: request.body; Flask: request.get_data().)",
  ],
  keys_sorted: [
    "The body’s keys were put in another order",
    "Go, and some JSON libraries, sort the keys of what they print. Keep the raw body, verify that, then parse.",
  ],
  quoted_text: [
    "The body is a text within a text",
    'It was turned to JSON twice: it stands in quotes, with \\" in it. Some gateway or queue wrapped it. Unwrap it once, then verify.',
  ],
  in_base64: [
    "The body is still in base64",
    "AWS API Gateway hands binary bodies on like that. When the event says isBase64Encoded, decode the body before you verify.",
  ],
  read_as_latin1: [
    "The body was read as Latin-1",
    "Bodies are UTF-8. Read as Latin-1 or Windows-1252, letters such as ₹ and é become others. Verify bytes, then decode as UTF-8.",
  ],
  escaped_for_html: [
    "The body was escaped for HTML",
    "Quotes became &quot;. You verify, or have pasted, what was made for a page. Verify the bytes as they came.",
  ],
};

interface SecretGuess {
  mistake: "quoted" | "prefix_lost" | null;
  secret: string;
}

function secretGuesses(secret: string): SecretGuess[] {
  const guesses: SecretGuess[] = [{ mistake: null, secret }];
  const unquoted = secret.replace(/^["'](.*)["']$/, "$1");
  if (unquoted !== secret) guesses.push({ mistake: "quoted", secret: unquoted });
  if (!unquoted.startsWith("whsec_")) guesses.push({ mistake: "prefix_lost", secret: `whsec_${unquoted}` });
  return guesses;
}

function bad(code: string, title: string, text: string): Finding {
  return { code, tone: "bad", title, text };
}

function note(code: string, title: string, text: string): Finding {
  return { code, tone: "note", title, text };
}

function secretFindings(pasted: string): Finding[] {
  const trimmed = pasted.trim();
  const found: Finding[] = [];
  if (trimmed !== pasted) {
    found.push(
      note(
        "secret_not_trimmed",
        "There is white space beside the secret",
        "It is ignored here; your code may take it for a part of the key. Files written with echo end with a line end: strip the secret where you read it.",
      ),
    );
  }
  const first = trimmed.split(/\s+/)[0] ?? "";
  if (/^secret_/.test(first)) {
    found.push(
      bad(
        "api_secret",
        "This is the API’s secret, not a webhook’s",
        "secret_… opens the API and signs nothing. A webhook is signed with the endpoint’s own secret: whsec_…",
      ),
    );
  } else if (/^key_/.test(first)) {
    found.push(
      bad("api_key", "This is an API key", "key_… is public and signs nothing. Take the endpoint’s secret: whsec_…"),
    );
  } else if (/^v1,|^[0-9a-f]{64}$/.test(first)) {
    found.push(bad("signature_as_secret", "This is a signature, not a secret", "The secret begins with whsec_."));
  } else if (first.startsWith("whsec_•") || first.includes("…") || first.includes("•")) {
    found.push(
      bad("masked_secret", "This secret is masked", "Reveal it on the Webhooks page, and copy it from there."),
    );
  }
  return found;
}

/** What a body looks like that was never one of ours. */
function bodyFindings(body: string): Finding[] {
  if (body === "[object Object]" || body === "{}" || body === "undefined" || body === "null") {
    return [
      bad(
        "body_consumed",
        "A framework has read the body before you",
        "A body can be read once, and a JSON middleware has left an object. Keep the bytes: express.json({ verify: (req, res, bytes) => { req.rawBody = bytes } }), or express.raw for this path.",
      ),
    ];
  }
  if (body.includes("\ufffd")) {
    return [
      bad(
        "letters_broken",
        "Letters of the body are broken",
        "It contains �: bytes were turned to text in pieces, and a letter was cut in two. What it was cannot be told any more. Collect the bytes, verify them, then decode.",
      ),
    ];
  }
  if (body.charCodeAt(0) === 0x1f) {
    return [
      bad(
        "compressed",
        "The body is compressed",
        "It begins like gzip. We send plain JSON: a proxy compressed it. Tell it not to, or unpack it before you verify.",
      ),
    ];
  }
  if (/^[a-z_]+=/i.test(body) && !body.startsWith("{")) {
    return [
      bad(
        "form",
        "The body is a form",
        "Webhooks are JSON. This was sent by something else, or turned into a form on its way.",
      ),
    ];
  }
  if (parsed(body.trim()) === undefined && !fromBase64(body.trim())) {
    return [
      bad(
        "not_json",
        "The body is not whole",
        "It is no JSON: something cut it off, or more than the body was pasted.",
      ),
    ];
  }
  return [];
}

function age(seconds: number): string {
  const size = Math.abs(seconds);
  if (size < 120) return `${Math.round(size)} seconds`;
  if (size < 7200) return `${Math.round(size / 60)} minutes`;
  if (size < 172_800) return `${Math.round(size / 3600)} hours`;
  return `${Math.round(size / 86_400)} days`;
}

function timeFindings(timestamp: string | undefined, now: number): Finding[] {
  if (timestamp === undefined) return [];
  if (!/^\d{1,16}$/.test(timestamp)) {
    return [
      bad(
        "timestamp_unreadable",
        "webhook-timestamp is no number",
        "It is whole seconds since 1970, such as 1705314660.",
      ),
    ];
  }
  if (timestamp.length >= 12) {
    return [
      bad(
        "milliseconds",
        "The timestamp is in milliseconds",
        "webhook-timestamp is in seconds; Date.now() is in milliseconds. Compare seconds with seconds.",
      ),
    ];
  }
  const apart = now / 1000 - Number(timestamp);
  if (apart > TOLERANCE_SECONDS) {
    return [
      note(
        "too_old",
        `Signed ${age(apart)} ago: a receiver refuses it by now`,
        "After five minutes a delivery counts as played back. For one you pasted from a log that is as it should be. If it has just come in, your clock is wrong: run NTP, do not widen the five minutes. A retry is signed anew.",
      ),
    ];
  }
  if (apart < -TOLERANCE_SECONDS) {
    return [
      note(
        "from_future",
        `Signed ${age(apart)} in the future`,
        "Our clock and this computer’s do not agree. If your server’s is like this one’s, set it by NTP.",
      ),
    ];
  }
  return [];
}

interface Match {
  which: number;
  secret: SecretGuess;
  body: BodyGuess;
  idFromBody: boolean;
}

interface Wanted {
  header: string;
  kind: "plain" | "standard";
  value: string;
}

function withoutVersion(entry: string): string {
  return entry.replace(/^v\d+[a-z]?,/, "");
}

/** The signature in our own spelling, whoever changed its spelling; hex and base64 are told by their length. */
function respelt(wanted: Wanted): { value: string; findings: Finding[] } {
  const findings: Finding[] = [];
  let value = wanted.kind === "standard" ? withoutVersion(wanted.value) : wanted.value.replace(/^sha256=/, "");
  if (wanted.kind === "plain") {
    if (/^[0-9A-F]{64}$/.test(value) && /[A-F]/.test(value)) {
      findings.push(
        note(
          "upper_case",
          "The signature is in upper case",
          "Ours is lower-case hex; your code, or a log, has changed it.",
        ),
      );
      value = value.toLowerCase();
    } else if (/^[A-Za-z0-9+/]{43}=$/.test(value)) {
      const bytes = fromBase64(value);
      if (bytes) value = hex(bytes);
      findings.push(
        bad(
          "base64_for_hex",
          "X-Webhook-Signature stands there in base64",
          "It is lower-case hex: 64 characters, not 44.",
        ),
      );
    }
  } else if (/^[0-9a-fA-F]{64}$/.test(value)) {
    const bytes = Uint8Array.from(value.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
    value = base64(bytes);
    findings.push(
      bad(
        "hex_for_base64",
        "webhook-signature stands there in hex",
        "It is base64 of the raw digest: 44 characters, not 64.",
      ),
    );
  }
  return { value, findings };
}

async function findMatch(
  wanted: Wanted,
  value: string,
  secrets: string[],
  given: Given,
  bodies: BodyGuess[],
): Promise<Match | null> {
  const first = bodies[0];
  const event = first ? parsed(new TextDecoder().decode(first.bytes)) : undefined;
  const bodyId =
    typeof event === "object" && event !== null && "id" in event && typeof event.id === "string" ? event.id : undefined;
  const id = given.id ?? bodyId;
  const seconds =
    given.timestamp !== undefined && given.timestamp.length === 13 ? given.timestamp.slice(0, 10) : given.timestamp;
  if (wanted.kind === "standard" && (id === undefined || seconds === undefined)) return null;
  for (const body of bodies) {
    for (const [which, text] of secrets.entries()) {
      for (const secret of secretGuesses(text)) {
        const expected =
          wanted.kind === "plain"
            ? await plainSignature(secret.secret, body.bytes)
            : await standardSignature(secret.secret, id ?? "", seconds ?? "", body.bytes);
        if (expected === value) return { which, secret, body, idFromBody: given.id === undefined };
      }
    }
  }
  return null;
}

/** What a verifier may compute that is nearly right. */
async function slips(secret: string, body: string, given: Given): Promise<[string, Finding][]> {
  const bytes = utf8(body);
  const whole = utf8(secret);
  const decoded = fromBase64(secret.replace(/^whsec_/, ""));
  const stripped = utf8(secret.replace(/^whsec_/, ""));
  const prefix = `${given.id ?? ""}.${given.timestamp ?? ""}.`;
  const signed = join(utf8(prefix), bytes);
  const value = parsed(body);
  const found: [string, Finding][] = [];
  const add = (computed: string, code: string, title: string, text: string): void => {
    found.push([computed, bad(code, title, text)]);
  };
  const plain = await hmac(whole, bytes);
  const standard = await hmac(standardKey(secret), signed);
  const key =
    "X-Webhook-Signature is keyed with the whole secret, whsec_ included; webhook-signature with the bytes that stand behind whsec_ in base64.";

  found.push([
    hex(plain),
    {
      code: "computed_plain",
      tone: "good",
      title: "Your code computes X-Webhook-Signature rightly",
      text: "If it still says no, it compares with another header, with a stale value, or with a line end beside it.",
    },
  ]);
  found.push([
    base64(standard),
    {
      code: "computed_standard",
      tone: "good",
      title: "Your code computes webhook-signature rightly",
      text: "If it still says no, it compares with the whole header: cut off “v1,”, and try each entry where there are several.",
    },
  ]);
  add(
    base64(plain),
    "base64_for_hex",
    "Base64 where hex belongs",
    "X-Webhook-Signature is lower-case hex: hexdigest(), digest('hex').",
  );
  add(hex(standard), "hex_for_base64", "Hex where base64 belongs", "webhook-signature is base64 of the raw digest.");
  add(
    base64(utf8(hex(standard))),
    "base64_of_hex",
    "Base64 of the hex text",
    "Turn the raw digest into base64, not its hex.",
  );
  add(base64(utf8(hex(plain))), "base64_of_hex", "Base64 of the hex text", "X-Webhook-Signature is the hex itself.");
  if (decoded) {
    add(hex(await hmac(decoded, bytes)), "key_decoded", "The key was decoded, and should not be", key);
    add(
      base64(await hmac(decoded, bytes)),
      "body_alone_signed",
      "Only the body was signed",
      "webhook-signature is over id.timestamp.body, with a dot between them.",
    );
  }
  add(hex(await hmac(stripped, bytes)), "prefix_cut", "whsec_ was cut off the key", key);
  add(base64(await hmac(whole, signed)), "key_not_decoded", "The key was not decoded", key);
  add(base64(await hmac(stripped, signed)), "key_not_decoded", "The key was not decoded", key);
  add(
    hex(await hmac(whole, signed)),
    "wrong_message",
    "Id and time do not belong in this one",
    "X-Webhook-Signature is over the body alone.",
  );
  add(
    hex(await digest(bytes)),
    "no_key",
    "A hash without the key",
    "This is SHA-256 of the body. It takes HMAC-SHA256 with the secret.",
  );
  add(
    hex(await digest(join(whole, bytes))),
    "no_hmac",
    "Secret and body were hashed one after the other",
    "That is no HMAC: use your language’s hmac function.",
  );
  add(
    hex(await hmac(whole, bytes, "SHA-1")),
    "sha1",
    "SHA-1 where SHA-256 belongs",
    "Name sha256 when you make the HMAC.",
  );
  add(
    hex(await hmac(whole, bytes, "SHA-512")),
    "sha512",
    "SHA-512 where SHA-256 belongs",
    "Name sha256 when you make the HMAC.",
  );
  add(
    hex(await hmac(bytes, whole)),
    "swapped",
    "Key and message were swapped",
    "The secret is the key, the body is the message.",
  );
  add(
    hex(await hmac(whole, utf8(""))),
    "empty_body",
    "The body was empty when it was signed",
    "Something had read it before. Keep the raw bytes.",
  );
  add(
    hex(await hmac(whole, utf8("[object Object]"))),
    "body_consumed",
    "An object was signed, not the body",
    "“[object Object]”: a JSON middleware was there first. Keep the raw bytes.",
  );
  add(hex(await hmac(whole, utf8(`${body}\n`))), "line_end_added", ...BODY.line_end_added);
  add(
    hex(await hmac(utf8(`${secret}\n`), bytes)),
    "secret_line_end",
    "A line end is a part of your secret",
    "A file written with echo ends with one. Strip the secret where you read it.",
  );
  for (const printed of value === undefined ? [] : reprints(value)) {
    add(hex(await hmac(whole, utf8(printed))), "printed_again", ...BODY.printed_again);
    add(
      base64(await hmac(standardKey(secret), join(utf8(prefix), utf8(printed)))),
      "printed_again",
      ...BODY.printed_again,
    );
  }
  if (given.timestamp !== undefined && /^\d{10}$/.test(given.timestamp)) {
    const longer = join(utf8(`${given.id ?? ""}.${given.timestamp}000.`), bytes);
    add(
      base64(await hmac(standardKey(secret), longer)),
      "milliseconds",
      "The timestamp was signed in milliseconds",
      "Sign the header’s text as it is; it is in seconds.",
    );
  }
  return found;
}

/** How other languages print the same value. */
function reprints(value: unknown): string[] {
  const compact = JSON.stringify(value);
  const ascii = (text: string): string =>
    text.replace(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
  const spaced = pythonJson(value);
  const slashed = compact.replaceAll("/", "\\/");
  const all = [
    spaced,
    ascii(spaced),
    ascii(compact),
    slashed,
    ascii(slashed),
    JSON.stringify(value, null, 2),
    JSON.stringify(value, null, 4),
    compact,
  ];
  const sorted = JSON.stringify(sortKeys(value));
  return [...new Set([...all, sorted, pythonJson(sortKeys(value))])];
}

function pythonJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(pythonJson).join(", ")}]`;
  if (typeof value === "object" && value !== null) {
    return `{${Object.entries(value)
      .map(([name, inner]) => `${JSON.stringify(name)}: ${pythonJson(inner)}`)
      .join(", ")}}`;
  }
  return JSON.stringify(value);
}

function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([name, inner]) => [name, sortKeys(inner)]),
  );
}

function wantedOf(given: Given): Wanted[] {
  const wanted: Wanted[] = [];
  if (given.plain !== undefined) wanted.push({ header: "X-Webhook-Signature", kind: "plain", value: given.plain });
  if (given.previous !== undefined) {
    wanted.push({ header: "X-Webhook-Signature-Previous", kind: "plain", value: given.previous });
  }
  for (const [place, value] of given.standard.entries()) {
    const which = given.standard.length > 1 ? `, entry ${place + 1}` : "";
    wanted.push({ header: `webhook-signature${which}`, kind: "standard", value });
  }
  return wanted;
}

function missing(pasted: Pasted): Finding[] {
  const found: Finding[] = [];
  if (pasted.body === "")
    found.push(note("no_body", "Paste the body", "The bytes as they came, not what a parser made of them."));
  if (pasted.headers.trim() === "" && pasted.computed.trim() === "") {
    found.push(
      note(
        "no_headers",
        "Paste the headers",
        "X-Webhook-Signature, or webhook-id, webhook-timestamp and webhook-signature; all of them tell the most.",
      ),
    );
  }
  if (pasted.secret.trim() === "")
    found.push(note("no_secret", "Paste the secret", "The endpoint’s own: whsec_… It does not leave this page."));
  return found;
}

export async function diagnose(pasted: Pasted, now: number): Promise<Diagnosis> {
  const lacking = missing(pasted);
  if (lacking.length > 0) {
    return {
      verdict: "incomplete",
      headline: "Something is still missing",
      checks: [],
      findings: lacking,
      expected: null,
    };
  }
  const given = readHeaders(pasted.headers);
  const secrets = pasted.secret.trim().split(/\s+/).slice(0, SECRETS_MAX);
  const wanted = wantedOf(given);
  const bodies = bodyGuesses(pasted.body);
  const findings: Finding[] = [];
  const told = new Set<string>();
  const tell = (...news: Finding[]): void => {
    for (const one of news) {
      if (told.has(one.code)) continue;
      told.add(one.code);
      findings.push(one);
    }
  };
  tell(...secretFindings(pasted.secret));

  const checks: Check[] = [];
  for (const each of wanted) {
    const { value, findings: spelling } = respelt(each);
    const match = await findMatch(each, value, secrets, given, bodies);
    checks.push(checkOf(each, match, secrets.length, spelling.length > 0, given));
    if (match === null) continue;
    tell(...spelling, ...matchFindings(match));
  }
  const matched = checks.filter((check) => check.state !== "fails");
  const failed = checks.filter((check) => check.state === "fails");

  if (wanted.length === 0 && pasted.headers.trim() !== "") {
    tell(
      bad(
        "no_signature",
        "There is no signature among these headers",
        "We send X-Webhook-Signature and webhook-signature with every delivery. A proxy that drops unknown headers, or another sender, may be behind this.",
      ),
    );
  }
  if (
    given.standard.length > 0 &&
    (given.timestamp === undefined || (given.id === undefined && matched.length === 0))
  ) {
    tell(
      note(
        "half_signed",
        "webhook-signature also signs id and time",
        "Paste webhook-id and webhook-timestamp too: without them it cannot be checked.",
      ),
    );
  }
  tell(...timeFindings(given.timestamp, now));
  if (failed.length > 0) tell(...failureFindings(pasted, checks, secrets));

  const computed = pasted.computed.trim();
  if (computed !== "") tell(...(await computedFindings(computed, pasted, secrets, given)));

  const best = bodies.find((body) => body.mistake === null);
  const secret = secrets[0] ?? "";
  const expected = best
    ? {
        plain: await plainSignature(secret, best.bytes),
        standard:
          given.id !== undefined && given.timestamp !== undefined
            ? `v1,${await standardSignature(secret, given.id, given.timestamp, best.bytes)}`
            : null,
      }
    : null;
  return { ...conclude(checks, findings), checks: withAbsent(checks, given), findings, expected };
}

function checkOf(wanted: Wanted, match: Match | null, secretCount: number, respelled: boolean, given: Given): Check {
  const { header } = wanted;
  if (match === null) {
    const half = wanted.kind === "standard" && given.timestamp === undefined;
    return {
      header,
      state: "fails",
      says: half ? "cannot be checked without webhook-timestamp" : "fits nothing that was tried",
    };
  }
  const which = secretCount > 1 ? `, with secret ${match.which + 1}` : "";
  const repaired =
    respelled ||
    match.body.mistake !== null ||
    match.secret.mistake !== null ||
    (match.idFromBody && wanted.kind === "standard");
  return {
    header,
    state: repaired ? "fits_repaired" : "fits",
    says: repaired ? `fits once what is named below is undone${which}` : `fits${which}`,
  };
}

function matchFindings(match: Match): Finding[] {
  const found: Finding[] = [];
  if (match.body.mistake !== null) found.push(bad(match.body.mistake, ...BODY[match.body.mistake]));
  if (match.secret.mistake === "quoted") {
    found.push(
      bad(
        "secret_quoted",
        "The secret stands in quotes",
        "Some .env files keep them. Take them off where you read the secret.",
      ),
    );
  }
  if (match.secret.mistake === "prefix_lost") {
    found.push(
      bad(
        "prefix_lost",
        "whsec_ is missing from the secret",
        "It belongs to the secret: X-Webhook-Signature is keyed with the whole of it.",
      ),
    );
  }
  return found;
}

function failureFindings(pasted: Pasted, checks: Check[], secrets: string[]): Finding[] {
  const fits = checks.filter((check) => check.state !== "fails");
  const previous = checks.find((check) => check.header.endsWith("Previous"));
  if (fits.length > 0) {
    const changing =
      previous !== undefined || checks.filter((check) => check.header.startsWith("webhook-signature")).length > 1;
    if (changing) {
      const current = checks.find(
        (check) => check.header === "X-Webhook-Signature" || check.header === "webhook-signature, entry 1",
      );
      const old = current?.state === "fails";
      return [
        {
          code: old ? "old_secret" : "changing_secret",
          tone: old ? "bad" : "note",
          title: old
            ? "This is the secret before: it is being changed"
            : "The secret is being changed, and this is the new one",
          text: "While it changes, both secrets sign. webhook-signature has an entry for each, X-Webhook-Signature-Previous is made with the old one. Accept a delivery if any of them fits, and give your receiver both secrets until the old one’s time is over.",
        },
      ];
    }
    return [
      bad(
        "one_of_two",
        "One signature fits, the other does not",
        "Body and secret are right, so that header was changed or cut off on its way, or is of another delivery. Copy both from the same request.",
      ),
    ];
  }
  const body = bodyFindings(pasted.body);
  if (body.length > 0) return body;
  const first = secrets[0] ?? "";
  if (/^(?:secret|key)_/.test(first) || /[•…]/.test(first)) return [];
  const value = parsed(pasted.body.trim());
  const untouched = value !== undefined && JSON.stringify(value) === pasted.body;
  const odd =
    first.startsWith("whsec_") && first.length < GENERATED_LENGTH && first !== "whsec_test_abc123"
      ? ` This one has ${first.length} characters, and those that the gateway makes have ${GENERATED_LENGTH}: it may be cut off.`
      : "";
  return [
    bad(
      "wrong_secret",
      untouched ? "This is the secret of something else" : "The secret is another one, or the body is",
      untouched
        ? `The body looks as we sent it, and no way of reading this secret fits. Each endpoint has its own, and so has each gateway: a test one another than the live one. Compare its first ten characters with the endpoint’s.${odd}`
        : `The body is not in the form we send, and undoing what usually happens to bodies did not help. Take the raw bytes of the request, and compare the secret’s first ten characters with the endpoint’s.${odd}`,
    ),
  ];
}

async function computedFindings(computed: string, pasted: Pasted, secrets: string[], given: Given): Promise<Finding[]> {
  const plain = withoutVersion(computed.replace(/^sha256=/, ""));
  for (const secret of secrets) {
    for (const [value, finding] of await slips(secret, pasted.body, given)) {
      if (value === plain) return [finding];
      if (/^[0-9A-F]{64}$/.test(plain) && value === plain.toLowerCase()) {
        return [
          bad(
            "upper_case",
            "Your code writes hex in upper case",
            "Ours is in lower case: compare bytes, or lower-case it first.",
          ),
        ];
      }
      // Some libraries write base64 for addresses, without the padding.
      if (
        value.length === 44 &&
        value.replaceAll("+", "-").replaceAll("/", "_").replace(/=$/, "") === plain.replace(/=$/, "")
      ) {
        return [
          bad(
            "base64url",
            "Your code writes base64 for addresses",
            "Use the usual alphabet, with + and /, and its padding.",
          ),
        ];
      }
    }
  }
  return [
    note(
      "computed_unknown",
      "What your code computed is none of the usual mistakes",
      `It has ${computed.length} characters. Print the length of secret and body in your code, in bytes, and compare: body ${utf8(pasted.body).length}, secret ${secrets[0]?.length ?? 0}.`,
    ),
  ];
}

function withAbsent(checks: Check[], given: Given): Check[] {
  const all = [...checks];
  if (checks.length === 0) return all;
  if (given.plain === undefined) all.push({ header: "X-Webhook-Signature", state: "absent", says: "was not pasted" });
  if (given.standard.length === 0) all.push({ header: "webhook-signature", state: "absent", says: "was not pasted" });
  return all;
}

function conclude(checks: Check[], findings: Finding[]): Pick<Diagnosis, "verdict" | "headline"> {
  const named = findings.find((finding) => finding.tone === "bad");
  const fitting = checks.filter((check) => check.state === "fits");
  if (checks.length > 0 && fitting.length === checks.length && named === undefined) {
    return {
      verdict: "fits",
      headline: checks.length === 1 ? "The signature fits" : "Every signature fits",
    };
  }
  if (named !== undefined) {
    return { verdict: named.code === "wrong_secret" ? "fails" : "explained", headline: named.title };
  }
  if (fitting.length > 0) return { verdict: "fits", headline: "A signature fits" };
  const right = findings.find((finding) => finding.tone === "good");
  if (right) return { verdict: "fits", headline: right.title };
  return { verdict: "fails", headline: "No signature fits" };
}
