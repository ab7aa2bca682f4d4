import { PassThrough, Readable } from 'node:stream';
import type { IncomingMessage } from 'node:http';
import { UploadRefused } from '#connectors';

/** A sender that is refused may say the rest of its file for so long, so that it reads the answer. */
const DRAIN_MS = 5_000;

interface BodyRequest {
  readonly raw: IncomingMessage;
  readonly body?: unknown;
}

/** The body of a request as it comes. Whoever stops reading it does not end the connection, on which the answer goes out. */
export function bodyOf({ raw, body }: BodyRequest): Readable {
  if (Buffer.isBuffer(body)) return Readable.from([body]);
  const content = new PassThrough();
  raw.on('error', () => undefined);
  raw.once('close', () => {
    if (!raw.readableEnded)
      content.destroy(new UploadRefused('incomplete', 'The connection broke off. Nothing was stored.'));
  });
  raw.pipe(content);
  content.once('close', () => {
    raw.unpipe(content);
    drain(raw);
  });
  return content;
}

/** Reads what nobody wants, for a while. */
export function drain(raw: IncomingMessage): void {
  if (raw.readableEnded || raw.destroyed) return;
  raw.resume();
  const timer = setTimeout(() => raw.destroy(), DRAIN_MS);
  raw.once('close', () => clearTimeout(timer));
}
