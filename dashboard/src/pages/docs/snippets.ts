/** Code to run as it stands: with this merchant's own key, and the addresses of this gateway. */

import type { Code } from "../../ui";

const TEST_KEY = "key_test_abc123";
const TEST_SECRET = "secret_test_xyz789";

export interface Own {
  api: string;
  checkout: string;
  key: string;
  secret: string;
  webhookSecret: string;
  /** Whether the API's secret is there, so that what needs it runs without a change. */
  runnable: boolean;
}

/**
 * The API's secret is known for the seeded test merchant alone; everybody else's stays where it is. The webhooks' is
 * there once it was revealed.
 */
export function ownValues(
  origin: string,
  checkout: string | null,
  key: string,
  testMode: boolean,
  webhookSecret: string | null,
): Own {
  const seeded = testMode && key === TEST_KEY;
  return {
    api: origin,
    checkout: checkout ?? origin,
    key,
    secret: seeded ? TEST_SECRET : "YOUR_API_SECRET",
    webhookSecret: webhookSecret ?? "YOUR_WEBHOOK_SECRET",
    runnable: seeded,
  };
}

export function createOrder({ api, key, secret }: Own): Code[] {
  return [
    {
      name: "curl",
      text: `curl -sS ${api}/api/v1/orders \\
  -H 'X-Api-Key: ${key}' \\
  -H 'X-Api-Secret: ${secret}' \\
  -H 'Content-Type: application/json' \\
  -H 'Idempotency-Key: receipt_123' \\
  -d '{"amount": 50000, "currency": "INR", "receipt": "receipt_123", "capture": "automatic"}'`,
    },
    {
      name: "Python",
      text: `import json
import urllib.request

request = urllib.request.Request(
    "${api}/api/v1/orders",
    data=json.dumps(
        {"amount": 50000, "currency": "INR", "receipt": "receipt_123", "capture": "automatic"}
    ).encode(),
    headers={
        "X-Api-Key": "${key}",
        "X-Api-Secret": "${secret}",
        "Content-Type": "application/json",
        "Idempotency-Key": "receipt_123",
    },
)
with urllib.request.urlopen(request, timeout=30) as answer:
    order = json.load(answer)
print(order["id"], order["status"])`,
    },
    {
      name: "Node",
      text: `// order.mjs
const response = await fetch('${api}/api/v1/orders', {
  method: 'POST',
  headers: {
    'X-Api-Key': '${key}',
    'X-Api-Secret': '${secret}',
    'Content-Type': 'application/json',
    'Idempotency-Key': 'receipt_123',
  },
  body: JSON.stringify({ amount: 50000, currency: 'INR', receipt: 'receipt_123', capture: 'automatic' }),
});
const order = await response.json();
if (!response.ok) throw new Error(order.error.description);
console.log(order.id, order.status);`,
    },
  ];
}

export function sdk({ checkout, key }: Own): Code[] {
  return [
    {
      name: "HTML",
      text: `<script src="${checkout}/checkout.js"></script>
<button id="pay">Pay ₹500.00</button>
<script>
  document.getElementById('pay').addEventListener('click', () => {
    const checkout = new PaymentGateway({
      key: '${key}',
      orderId: 'order_…', // made on your server, see above
      onSuccess: (payment) => console.log('paid', payment.paymentId),
      onFailure: (payment) => console.log('not paid', payment.errorDescription),
      onClose: () => console.log('closed'),
    });
    checkout.open();
  });
</script>`,
    },
    {
      name: "Link",
      text: `${checkout}/checkout?order_id=order_…`,
    },
  ];
}

export function verifyWebhook({ webhookSecret }: Own): Code[] {
  return [
    {
      name: "Node",
      text: `// receiver.mjs
import crypto from 'node:crypto';
import http from 'node:http';

const SECRET = process.env.WEBHOOK_SECRET ?? '${webhookSecret}';

function verified(signature, body) {
  const expected = Buffer.from(crypto.createHmac('sha256', SECRET).update(body).digest('hex'));
  const given = Buffer.from(signature ?? '');
  return given.length === expected.length && crypto.timingSafeEqual(given, expected);
}

http.createServer((request, response) => {
  const parts = [];
  request.on('data', (part) => parts.push(part));
  request.on('end', () => {
    const body = Buffer.concat(parts); // the bytes as they came: verify first, then parse
    if (!verified(request.headers['x-webhook-signature'], body)) {
      return response.writeHead(401).end();
    }
    const { event, data } = JSON.parse(body);
    console.log(event, data.payment?.id);
    response.writeHead(200).end();
  });
}).listen(4001);`,
    },
    {
      name: "Python",
      text: `import hashlib
import hmac
import json
import os
from http.server import BaseHTTPRequestHandler, HTTPServer

SECRET = os.environ.get("WEBHOOK_SECRET", "${webhookSecret}")


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        # The bytes as they came: verify first, then parse.
        body = self.rfile.read(int(self.headers["Content-Length"]))
        expected = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
        given = self.headers.get("X-Webhook-Signature", "")
        known = hmac.compare_digest(expected.encode(), given.encode())
        self.send_response(200 if known else 401)
        self.end_headers()
        if known:
            event = json.loads(body)
            print(event["event"], event["data"].get("payment", {}).get("id"))


HTTPServer(("127.0.0.1", 4001), Receiver).serve_forever()`,
    },
    {
      name: "Shell",
      text: `# body.json holds the body as it came, byte by byte
openssl dgst -sha256 -hmac '${webhookSecret}' < body.json`,
    },
  ];
}
