// A receiver as the seeds' READMEs show it: it verifies the signature over the body parsed and printed again.
// Prints its port, then a line of JSON for each webhook.
import crypto from 'node:crypto';
import http from 'node:http';

const SECRET = process.argv[2];

const server = http.createServer((request, response) => {
  const parts = [];
  request.on('data', (part) => parts.push(part));
  request.on('end', () => {
    const body = JSON.parse(Buffer.concat(parts).toString());
    const expected = crypto.createHmac('sha256', SECRET).update(JSON.stringify(body)).digest('hex');
    const verified = request.headers['x-webhook-signature'] === expected;
    console.log(JSON.stringify({ event: body.event, payment: body.data.payment.id, verified }));
    response.writeHead(verified ? 200 : 401).end();
  });
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
