"""A webhook receiver to copy. It needs Python 3.11 or newer and nothing else.

    WEBHOOK_SECRET=whsec_... python3 receiver.py 4001

While you change the secret, give both, with a space between them: WEBHOOK_SECRET="whsec_old... whsec_new..."
"""

import base64
import hmac
import json
import os
import queue
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PLAIN = ("X-Webhook-Signature", "X-Webhook-Signature-Previous")
STANDARD = ("webhook-signature", "webhook-id", "webhook-timestamp")
SECRETS = os.environ.get("WEBHOOK_SECRET", "").split()
BODY_BYTES_MAX = 64 * 1024
TOLERANCE_SECONDS = 5 * 60  # how old a delivery may be, and how wrong a clock
REMEMBERED_MAX = 10_000  # events, payments, refunds
RANK = {"pending": 0, "processed": 1, "failed": 2}  # what failed after it was processed has come back

# In your shop these are tables: store the event and its id in one transaction, then answer.
seen: dict[str, bool] = {}  # by webhook-id
newest: dict[str, int] = {}  # the highest sequence of each payment
refunds: dict[str, tuple[str, int]] = {}  # by id: when it was last updated, and how far it was
work: "queue.Queue[dict]" = queue.Queue(maxsize=1000)
lock = threading.Lock()


def standard_key(secret: str) -> bytes:
    """What follows whsec_, decoded from base64. A shorter secret, as the test merchant's, is its own key."""
    try:
        key = base64.b64decode(secret[6:] if secret.startswith("whsec_") else secret, validate=True)
    except ValueError:
        key = b""
    return key if len(key) >= 24 else secret.encode()  # 24 bytes: the least that a generated secret has


def one_fits(given: list[bytes], expected: list[bytes]) -> bool:
    return any(hmac.compare_digest(one, other) for one in given for other in expected)


def verified(headers, body: bytes) -> bool:
    """Both signatures, over the bytes as they came. While the secret changes, each is there twice: one must fit."""
    given = [headers.get(name, "").encode("latin-1", "replace") for name in PLAIN + STANDARD]
    plain, previous, standard, webhook_id, timestamp = given
    dated = timestamp.isdigit() and len(timestamp) <= 12
    if not (webhook_id and dated and abs(time.time() - int(timestamp)) <= TOLERANCE_SECONDS):
        return False
    signed = webhook_id + b"." + timestamp + b"." + body
    plains = [hmac.digest(secret.encode(), body, "sha256").hex().encode() for secret in SECRETS]
    digests = [hmac.digest(standard_key(secret), signed, "sha256") for secret in SECRETS]
    standards = [b"v1," + base64.b64encode(digest) for digest in digests]
    return one_fits([plain, previous], plains) and one_fits(standard.split(b" "), standards)


def remember(memory: dict, key: str, value) -> None:
    memory[key] = value
    if len(memory) > REMEMBERED_MAX:
        del memory[next(iter(memory))]


class Receiver(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 10  # seconds that a connection may be silent

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > BODY_BYTES_MAX:
            self.close_connection = True  # nobody has read the body
            return self.answer(413, "too large, or of unknown length")
        body = self.rfile.read(int(length))
        if self.path != "/webhook":
            return self.answer(404, "POST /webhook is all there is")
        if not verified(self.headers, body):
            return self.answer(401, "signature does not fit")
        try:
            event = json.loads(body)
            event["event"], event["sequence"], event["data"].get("payment")
        except (ValueError, KeyError, TypeError, AttributeError):
            return self.answer(400, "not an event")
        with lock:
            if self.headers["webhook-id"] in seen:
                return self.answer(200, "seen before")
            if work.full():
                return self.answer(503, "too busy, try again")
            work.put_nowait(event)
            remember(seen, self.headers["webhook-id"], True)
        self.answer(200, "accepted")  # at once: what there is to do is done later

    def answer(self, status: int, text: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())


def handle(event: dict) -> None:
    """Here your shop does what it does. Payment and refund are in the event, as they were when it happened."""
    payment_id, sequence = event["data"].get("payment", {}).get("id"), event["sequence"]
    newer = sequence is None or sequence > newest.get(payment_id, 0)  # webhook.test and the like have no sequence
    if newer and sequence is not None:
        remember(newest, payment_id, sequence)
    print("handled" if newer else "overtaken", event["event"], payment_id or "-", sequence or "-", flush=True)
    refund = event["data"].get("refund")  # a later event may tell of another refund: this one counts by itself
    if refund:
        told = (refund["updated_at"], RANK.get(refund["status"], 0))
        newer = told > refunds.get(refund["id"], ("", 0))
        if newer:
            remember(refunds, refund["id"], told)
        print("handled" if newer else "overtaken", "refund", refund["id"], refund["status"], flush=True)


if __name__ == "__main__":
    if not SECRETS:
        sys.exit("Set WEBHOOK_SECRET. The one of the test merchant is whsec_test_abc123")
    ThreadingHTTPServer.request_queue_size = 128  # connections that may wait; with 5, a burst waits a second
    server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1]) if sys.argv[1:] else 4001), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"Listening on http://127.0.0.1:{server.server_port}/webhook", flush=True)
    while True:
        handle(work.get())
