import type { Client } from 'ssh2';
import { SourceError } from '../../../sdk/source-error.js';

/** No byte for so long: the other side hangs, whatever its keep-alives say. */
const IDLE_MS = 60_000;

/** Status codes of the protocol (draft-ietf-secsh-filexfer-02, section 7). */
const NO_SUCH_FILE = 2;
const PERMISSION_DENIED = 3;

/** One request; a server that is there and does not answer is given up. @throws SourceError */
export async function call<T>(
  client: Client,
  what: string,
  ask: (done: (error: Error | undefined | null, value: T) => void) => void,
): Promise<T> {
  const answer = new Promise<T>((resolve, reject) => {
    ask((error, value) => {
      if (error) reject(error);
      else resolve(value);
    });
  });
  const watch = idleWatch(() => client.destroy());
  try {
    return await untilClosed(client, what, answer);
  } catch (error) {
    throw fileError(error, what);
  } finally {
    watch.end();
  }
}

/** What was asked of a connection that ends first is never answered: that is a failure, not silence. */
export async function untilClosed<T>(client: Client, what: string, work: Promise<T>): Promise<T> {
  let onClose = (): void => undefined;
  const closed = new Promise<never>((_, reject) => {
    onClose = () => reject(broken(what));
    client.once('close', onClose);
  });
  work.catch(() => undefined);
  try {
    return await Promise.race([work, closed]);
  } finally {
    client.off('close', onClose);
  }
}

/** A failed request in words. */
export function fileError(error: unknown, what: string): SourceError {
  if (error instanceof SourceError) return error;
  const { code } = error as { readonly code?: unknown };
  if (code === NO_SUCH_FILE)
    return new SourceError(
      'config_error',
      `There is no "${what}" on the server, or the account may not see it.`,
      { cause: error },
    );
  if (code === PERMISSION_DENIED)
    return new SourceError('insufficient_permissions', `The account may not read "${what}".`);
  return broken(what);
}

/** What was listed a moment ago and is not there: it is being replaced, or has another name now. */
export function vanished(error: unknown, name: string): SourceError | undefined {
  const { code } = (error ?? {}) as { readonly code?: unknown };
  if (code !== NO_SUCH_FILE) return undefined;
  return new SourceError(
    'source_unavailable',
    `${name} was taken away or renamed while it was read. It is tried again.`,
  );
}

export function broken(what: string): SourceError {
  return new SourceError('source_unavailable', `The connection broke off while "${what}" was read.`);
}

/** Calls back when it was not touched for a minute. */
export function idleWatch(onIdle: () => void): { touch: () => void; end: () => void } {
  const timer = setTimeout(onIdle, IDLE_MS);
  return { touch: () => void timer.refresh(), end: () => clearTimeout(timer) };
}
