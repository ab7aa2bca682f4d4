import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ReceiverMessage, SecretMessage } from './receiver-messages.js';
import { WebhookVerifier } from './verify-webhook.js';

/*
 * The customer's application of the demo, a process of its own: takes webhooks on a port of the loopback interface,
 * verifies each and reports it to the demo. It lives as long as the demo does.
 */

const verifier = Promise.withResolvers<WebhookVerifier>();

process.on('message', (message: SecretMessage) => verifier.resolve(new WebhookVerifier(message.secret)));
process.on('disconnect', () => process.exit(0));
// Ctrl-C reaches every process of the terminal; the demo decides when this one ends.
process.on('SIGINT', () => undefined);

const server = createServer((request, response) => {
  receive(request, response).catch(() => response.destroy());
});
server.listen(0, '127.0.0.1', () => {
  report({ kind: 'listening', port: (server.address() as AddressInfo).port });
});

async function receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const receivedAt = Date.now();
  const body = Buffer.concat(chunks).toString('utf8');
  const refusals = await (await verifier.promise).verify(request.headers, body);
  const accepted = refusals.sdk === undefined && refusals.standard === undefined;
  response.writeHead(accepted ? 204 : 400).end();
  report({ kind: 'webhook', webhook: { receivedAt, body, refusals } });
}

function report(message: ReceiverMessage): void {
  process.send?.(message);
}
