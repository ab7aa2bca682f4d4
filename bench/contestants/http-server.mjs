import { once } from 'node:events';
import { createServer } from 'node:http';

/** Serves on a free port of 127.0.0.1; resolves to the address. */
export async function serve(handler) {
  const server = createServer((request, response) => {
    handler(request, response).catch((error) => {
      console.error(error);
      sendJson(response, 500, { detail: String(error) });
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${server.address().port}`;
}

export async function readJson(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return JSON.parse(Buffer.concat(chunks).toString('utf8'));
}

export function sendJson(response, status, value) {
  const body = Buffer.from(JSON.stringify(value));
  response.writeHead(status, { 'content-type': 'application/scim+json', 'content-length': body.length });
  response.end(body);
}

/** The name in `userName eq "name"`, or undefined. */
export function filteredName(query) {
  return /^userName eq "(.*)"$/.exec(query.get('filter') ?? '')?.[1];
}
