// A webhook receiver to copy. It needs Node 20 or newer and nothing else.
//
//   WEBHOOK_SECRET=whsec_... node receiver.mjs 4001
//
// While you change the secret, give both, with a space between them: WEBHOOK_SECRET="whsec_old... whsec_new..."

import crypto from 'node:crypto';
import http from 'node:http';
import process from 'node:process';

const PLAIN = ['x-webhook-signature', 'x-webhook-signature-previous'];
const STANDARD = ['webhook-signature', 'webhook-id', 'webhook-timestamp'];
const SECRETS = (process.env.WEBHOOK_SECRET ?? '').split(/\s+/).filter(Boolean);
const BODY_BYTES_MAX = 64 * 1024;
const TOLERANCE_SECONDS = 5 * 60; // how old a delivery may be, and how wrong a clock
const REMEMBERED_MAX = 10_000; // events, payments, refunds
const RANK = ['pending', 'processed', 'failed']; // what failed after it was processed has come back
const REQUEST_MILLISECONDS_MAX = 10_000;
const GENERATED_KEY_BYTES_MIN = 24;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

// In your shop these are tables: store the event and its id in one transaction, then answer.
const seen = new Map(); // by webhook-id
const newest = new Map(); // the highest sequence of each payment
const refunds = new Map(); // by id: when it was last updated, and how far it was

// What follows whsec_, decoded from base64. A shorter secret, as the test merchant's, is its own key.
function standardKey(secret) {
  const text = secret.replace(/^whsec_/, '');
  const key = Buffer.from(BASE64.test(text) ? text : '', 'base64');
  return key.length >= GENERATED_KEY_BYTES_MIN ? key : secret;
}

// In constant time. timingSafeEqual throws when the lengths differ, and they are no secret.
function equal(given, expected) {
  const [one, other] = [Buffer.from(given), Buffer.from(expected)];
  return one.length === other.length && crypto.timingSafeEqual(one, other);
}

const oneFits = (given, expected) => given.some((one) => expected.some((other) => equal(one, other)));

const hmac = (key, encoding, ...parts) =>
  parts.reduce((sum, part) => sum.update(part), crypto.createHmac('sha256', key)).digest(encoding);

// Both signatures, over the bytes as they came. While the secret changes, each is there twice: one must fit.
function verified(headers, body) {
  const [plain, previous, standard, id, timestamp] = [...PLAIN, ...STANDARD].map((name) => headers[name] ?? '');
  if (!id || !/^[0-9]{1,12}$/.test(timestamp)) return false;
  if (Math.abs(Date.now() / 1000 - Number(timestamp)) > TOLERANCE_SECONDS) return false;
  const plains = SECRETS.map((secret) => hmac(secret, 'hex', body));
  const standards = SECRETS.map((secret) => `v1,${hmac(standardKey(secret), 'base64', `${id}.${timestamp}.`, body)}`);
  return oneFits([plain, previous], plains) && oneFits(standard.split(' '), standards);
}

function remember(memory, key, value) {
  memory.set(key, value);
  if (memory.size > REMEMBERED_MAX) memory.delete(memory.keys().next().value);
}

// What to answer: a status and a few words.
function receive(request, body) {
  if (request.method !== 'POST' || request.url !== '/webhook') return [404, 'POST /webhook is all there is'];
  if (body === null) return [413, 'too large'];
  if (!verified(request.headers, body)) return [401, 'signature does not fit'];
  let event;
  try {
    event = JSON.parse(body.toString());
  } catch {
    return [400, 'not JSON'];
  }
  if (!event?.event || !event.data || event.sequence === undefined) return [400, 'not an event'];
  const id = request.headers['webhook-id'];
  if (seen.has(id)) return [200, 'seen before'];
  remember(seen, id, true);
  setImmediate(handle, event); // what there is to do is done later
  return [200, 'accepted'];
}

// Here your shop does what it does. Payment and refund are in the event, as they were when it happened.
function handle({ event, data, sequence }) {
  const id = data.payment?.id;
  const newer = sequence === null || sequence > (newest.get(id) ?? 0); // webhook.test and the like have no sequence
  if (newer && sequence !== null) remember(newest, id, sequence);
  console.log(newer ? 'handled' : 'overtaken', event, id ?? '-', sequence ?? '-');
  if (data.refund) handleRefund(data.refund); // a later event may tell of another refund: this one counts by itself
}

function handleRefund({ id, status, updated_at }) {
  const told = `${updated_at} ${RANK.indexOf(status)}`;
  const newer = told > (refunds.get(id) ?? '');
  if (newer) remember(refunds, id, told);
  console.log(newer ? 'handled' : 'overtaken', 'refund', id, status);
}

const server = http.createServer((request, response) => {
  const parts = [];
  let size = 0;
  request.on('data', (part) => {
    size += part.length;
    if (size <= BODY_BYTES_MAX) parts.push(part);
  });
  request.on('end', () => {
    const [status, text] = receive(request, size > BODY_BYTES_MAX ? null : Buffer.concat(parts));
    response.writeHead(status, { 'content-length': text.length }).end(text);
  });
});
server.requestTimeout = REQUEST_MILLISECONDS_MAX;

if (SECRETS.length === 0) {
  console.error('Set WEBHOOK_SECRET. The one of the test merchant is whsec_test_abc123');
  process.exit(1);
}
server.listen(Number(process.argv[2] ?? 4001), '127.0.0.1', () => {
  console.log(`Listening on http://127.0.0.1:${server.address().port}/webhook`);
});
