import { expect, test } from "vitest";
import { diagnose, type Pasted } from "./diagnose";
import { readHeaders } from "./pasted";
import { base64, hex, hmac, join, plainSignature, standardKey, standardSignature, utf8 } from "./signing";

// The table of local/demo_merchant/examples/signatures.md.
const SECRET = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX";
const BODY = '{"event":"payment.success","note":"₹500 🧾"}';
const ID = "evt_0123456789abcXYZ";
const AT = "1705314660";
const PLAIN = "58def2f2bb0a3af921fe5411263707e77c5b1cbc9a2e53603764d4e21cb91973";
const STANDARD = "bhZRNt9gf3KxXiRKAyN5DWXXtNKBfng3e62AEmnMkgY=";
const OTHER = "whsec_ZZECAwQFBgcICQoLDA0ODxAREhMUFRYX";

const HEADERS = `X-Webhook-Signature: ${PLAIN}
webhook-id: ${ID}
webhook-timestamp: ${AT}
webhook-signature: v1,${STANDARD}`;
const NOW = Number(AT) * 1000 + 2_000;

const right: Pasted = { body: BODY, headers: HEADERS, secret: SECRET, computed: "" };

async function codes(change: Partial<Pasted>, now = NOW): Promise<string[]> {
  return (await diagnose({ ...right, ...change }, now)).findings.map((finding) => finding.code);
}

test("the sums are those of the documentation", async () => {
  expect(await plainSignature(SECRET, utf8(BODY))).toBe(PLAIN);
  expect(await standardSignature(SECRET, ID, AT, utf8(BODY))).toBe(STANDARD);
});

test("a short secret is its own key", () => {
  expect(standardKey("whsec_test_abc123")).toEqual(utf8("whsec_test_abc123"));
  expect(standardKey(SECRET)).toHaveLength(24);
});

test("what is right is said to be right, and nothing is found", async () => {
  const found = await diagnose(right, NOW);
  expect([found.verdict, found.findings, found.checks.map((check) => check.state)]).toEqual([
    "fits",
    [],
    ["fits", "fits"],
  ]);
  expect(found.expected).toEqual({ plain: PLAIN, standard: `v1,${STANDARD}` });
});

test("nothing pasted: it says what to paste", async () => {
  const found = await diagnose({ body: "", headers: "", secret: "", computed: "" }, NOW);
  expect([found.verdict, found.findings.length]).toEqual(["incomplete", 3]);
});

const LATIN1 = Array.from(utf8(BODY), (byte) => String.fromCharCode(byte)).join("");
const PYTHON = '{"event": "payment.success", "note": "\\u20b9500 \\ud83e\\uddfe"}';

test.each<[string, string, Partial<Pasted>]>([
  ["printed again by Python", "printed_again", { body: PYTHON }],
  ["printed again, indented", "printed_again", { body: JSON.stringify(JSON.parse(BODY), null, 2) }],
  ["a line end at its end", "line_end_added", { body: `${BODY}\n` }],
  ["spaces around", "space_around", { body: `  ${BODY} ` }],
  ["a byte order mark", "byte_order_mark", { body: `\ufeff${BODY}` }],
  ["in base64", "in_base64", { body: base64(utf8(BODY)) }],
  ["read as Latin-1", "read_as_latin1", { body: LATIN1 }],
  ["JSON in JSON", "quoted_text", { body: JSON.stringify(BODY) }],
  ["escaped for HTML", "escaped_for_html", { body: BODY.replaceAll('"', "&quot;") }],
  ["consumed", "body_consumed", { body: "[object Object]" }],
  ["cut letters", "letters_broken", { body: BODY.replace("₹", "\ufffd\ufffd") }],
  ["compressed", "compressed", { body: "\u001f\u008b\u0008" }],
  ["cut off", "not_json", { body: BODY.slice(0, -4) }],
  ["another secret", "wrong_secret", { secret: OTHER }],
  ["the API's secret", "api_secret", { secret: "secret_test_xyz789" }],
  ["the API's key", "api_key", { secret: "key_test_abc123" }],
  ["a masked secret", "masked_secret", { secret: "whsec_••••••" }],
  ["a line end beside the secret", "secret_not_trimmed", { secret: `${SECRET}\n` }],
  ["a secret in quotes", "secret_quoted", { secret: `"${SECRET}"` }],
  ["a secret without whsec_", "prefix_lost", { secret: SECRET.slice(6), headers: `X-Webhook-Signature: ${PLAIN}` }],
  ["no signature at all", "no_signature", { headers: "Content-Type: application/json\nHost: shop.example" }],
  ["no time", "half_signed", { headers: `webhook-signature: v1,${STANDARD}` }],
  ["hex in upper case", "upper_case", { headers: `X-Webhook-Signature: ${PLAIN.toUpperCase()}` }],
  ["milliseconds", "milliseconds", { headers: HEADERS.replace(AT, `${AT}000`) }],
  ["one header of another delivery", "one_of_two", { headers: HEADERS.replace("58def2", "000000") }],
])("%s: %s", async (_name, code, change) => {
  expect(await codes(change)).toContain(code);
});

test("keys in another order, of a whole event", async () => {
  const body =
    '{"event":"payment.success","timestamp":1705314660,"data":{"payment":{"id":"pay_1","order_id":"order_1","amount":1,"notes":{"b":1,"a":2}}},"id":"evt_1","sequence":3}';
  const sorted =
    '{"data":{"payment":{"amount":1,"id":"pay_1","notes":{"b":1,"a":2},"order_id":"order_1"}},"event":"payment.success","id":"evt_1","sequence":3,"timestamp":1705314660}';
  const headers = `X-Webhook-Signature: ${await plainSignature(SECRET, utf8(body))}`;
  expect(await codes({ body: sorted, headers })).toContain("keys_sorted");
});

test("too old, and from the future; never a reason that the signature does not fit", async () => {
  const old = await diagnose(right, NOW + 3_600_000);
  expect([old.verdict, old.findings.map((finding) => finding.code)]).toEqual(["fits", ["too_old"]]);
  expect(await codes({}, NOW - 3_600_000)).toEqual(["from_future"]);
  expect(await codes({}, NOW + 290_000)).toEqual([]);
});

test("while a secret changes, it says which of the two this is", async () => {
  const body = utf8(BODY);
  const headers = `X-Webhook-Signature: ${await plainSignature(OTHER, body)}
X-Webhook-Signature-Previous: ${PLAIN}
webhook-id: ${ID}
webhook-timestamp: ${AT}
webhook-signature: v1,${await standardSignature(OTHER, ID, AT, body)} v1,${STANDARD}`;
  expect(await codes({ headers })).toEqual(["old_secret"]);
  expect(await codes({ headers, secret: OTHER })).toEqual(["changing_secret"]);
  const both = await diagnose({ ...right, headers, secret: `${SECRET} ${OTHER}` }, NOW);
  expect([both.verdict, both.findings]).toEqual(["fits", []]);
  expect(both.checks.map((check) => check.says)).toEqual([
    "fits, with secret 2",
    "fits, with secret 1",
    "fits, with secret 2",
    "fits, with secret 1",
  ]);
});

test("what the reader's code computed is recognised", async () => {
  const key = standardKey(SECRET);
  const signed = join(utf8(`${ID}.${AT}.`), utf8(BODY));
  const wrong: [string, string][] = [
    [PLAIN, "computed_plain"],
    [`v1,${STANDARD}`, "computed_standard"],
    [base64(await hmac(utf8(SECRET), utf8(BODY))), "base64_for_hex"],
    [hex(await hmac(key, signed)), "hex_for_base64"],
    [hex(await hmac(key, utf8(BODY))), "key_decoded"],
    [base64(await hmac(utf8(SECRET), signed)), "key_not_decoded"],
    [base64(await hmac(key, utf8(BODY))), "body_alone_signed"],
    [hex(await hmac(utf8(SECRET), utf8(PYTHON))), "printed_again"],
    [hex(await hmac(utf8(`${SECRET}\n`), utf8(BODY))), "secret_line_end"],
    [hex(await hmac(utf8(SECRET), utf8(BODY), "SHA-512")), "sha512"],
    [PLAIN.toUpperCase(), "upper_case"],
    ["deadbeef", "computed_unknown"],
  ];
  for (const [computed, code] of wrong) expect(await codes({ computed }), code).toEqual([code]);
});

test.each([
  ["curl", `> X-Webhook-Signature: ${PLAIN}\n> webhook-id: ${ID}`],
  ["JSON", JSON.stringify({ "X-Webhook-Signature": PLAIN, "webhook-id": ID, Host: "x" })],
  ["Node", `{\n  'x-webhook-signature': '${PLAIN}',\n  'webhook-id': '${ID}',\n}`],
  ["Python", `{'X-Webhook-Signature': '${PLAIN}', 'webhook-id': '${ID}'}`],
  ["PHP", `HTTP_X_WEBHOOK_SIGNATURE=${PLAIN}\nHTTP_WEBHOOK_ID=${ID}`],
  ["curl's options", `-H 'X-Webhook-Signature: ${PLAIN}' \\\n-H 'webhook-id: ${ID}' \\`],
])("headers as %s shows them", (_who, text) => {
  expect(readHeaders(text)).toMatchObject({ plain: PLAIN, id: ID });
});

test("a signature without its name is known by its form", () => {
  expect(readHeaders(PLAIN).plain).toBe(PLAIN);
  expect(readHeaders(`v1,${STANDARD}`).standard).toEqual([`v1,${STANDARD}`]);
  expect(readHeaders("hello")).toEqual({ standard: [], others: 0 });
});
