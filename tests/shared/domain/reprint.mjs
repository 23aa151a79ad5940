// A receiver as most are written in Node: it parses the body, prints it again, and signs what it printed.
// Prints its port. Answers 200 if the signature fits, 401 with what it printed if not, 400 if it cannot be parsed.
// GET tells how many there were of each.
import crypto from 'node:crypto';
import http from 'node:http';

const SECRET = process.argv[2];
const counts = { 200: 0, 401: 0, 400: 0 };

function judge(text, signature) {
  let printed;
  try {
    printed = JSON.stringify(JSON.parse(text));
  } catch (error) {
    return [400, error.message];
  }
  const expected = crypto.createHmac('sha256', SECRET).update(printed).digest('hex');
  return signature === expected ? [200, ''] : [401, printed];
}

const server = http.createServer((request, response) => {
  const parts = [];
  request.on('data', (part) => parts.push(part));
  request.on('end', () => {
    if (request.method === 'GET') return response.end(JSON.stringify(counts));
    const [status, said] = judge(Buffer.concat(parts).toString(), request.headers['x-webhook-signature']);
    counts[status] += 1;
    response.writeHead(status).end(said);
  });
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
