import { Readable } from 'node:stream';
import type { JsonValue } from '#kernel';
import { SourceError } from '../source-error.js';

/** The connection said nothing for too long. */
class IdleError extends Error {
  readonly code = 'ROLLCALL_IDLE';
}

/** Less than this within the time of a silence is one: a byte a second would hold a worker's place for hours. */
const LEAST_BYTES = 1_024;

/** The chunks of a body; it ends when we wait longer than `idleMs` for the next so many bytes of it. */
export async function* withIdleLimit(body: Readable, idleMs: number): AsyncGenerator<Buffer> {
  let timer: NodeJS.Timeout | undefined;
  let left = idleMs;
  let bytes = 0;
  let since = 0;
  const arm = (): void => {
    since = performance.now();
    timer = setTimeout(() => body.destroy(new IdleError('idle')), left);
  };
  arm();
  try {
    for await (const chunk of body) {
      // A slow consumer is not the source's silence.
      clearTimeout(timer);
      left -= performance.now() - since;
      bytes += (chunk as Buffer).length;
      if (bytes >= LEAST_BYTES) [left, bytes] = [idleMs, 0];
      yield chunk as Buffer;
      arm();
    }
  } finally {
    clearTimeout(timer);
  }
}

/** @throws SourceError when there is more than `maxBytes`, counted after decompression */
export async function readText(
  chunks: AsyncIterable<Buffer>,
  options: { readonly maxBytes: number; readonly contentType: string },
): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    size += chunk.length;
    if (size > options.maxBytes)
      throw new SourceError(
        'source_changed_shape',
        `The source sent an answer of more than ${Math.round(options.maxBytes / 1_000_000)} MB, which is not read.`,
      );
    parts.push(chunk);
  }
  return decode(Buffer.concat(parts, size), options.contentType);
}

function decode(bytes: Buffer, contentType: string): string {
  const charset = /charset\s*=\s*"?([\w.:-]+)/i.exec(contentType)?.[1] ?? 'utf-8';
  try {
    return new TextDecoder(charset, { fatal: true }).decode(bytes);
  } catch {
    throw new SourceError(
      'source_changed_shape',
      `The source sent text that is not valid ${charset.slice(0, 40)}.`,
    );
  }
}

/** @throws SourceError when the answer is no JSON; it never shows what it was instead. */
export function parseAnswer(
  answer: { readonly text: string; readonly contentType: string; readonly host: string },
  bigNumbers: boolean,
): JsonValue {
  const { text, contentType, host } = answer;
  const kind = contentType.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  if (text.trim() === '')
    throw new SourceError('source_changed_shape', `${host} sent an empty answer where JSON was expected.`);
  // Without a type the content is looked at (RFC 9110, 8.3).
  if (kind !== '' && !/[/+]json$/.test(kind))
    throw new SourceError(
      'source_changed_shape',
      `${host} sent ${kind === 'text/html' ? 'a web page' : `"${kind.slice(0, 60)}"`} where JSON was expected. ` +
        'Check the address in the settings.',
    );
  try {
    return JSON.parse(text, bigNumbers ? keepBigNumbers : undefined) as JsonValue;
  } catch {
    const what = kind === '' ? 'something that is no JSON' : 'JSON that is broken or was cut off';
    throw new SourceError('source_changed_shape', `${host} sent ${what}.`);
  }
}

function keepBigNumbers(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  const isBig = typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value);
  return isBig ? (context?.source ?? value) : value;
}
