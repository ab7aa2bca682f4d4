import { EventEmitter } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import ssh2, { type SFTPWrapper } from 'ssh2';
import type { Directory } from '#model';
import type { Uploads } from '../uploads.js';
import { SftpSession } from './sftp-session.js';

const { OPEN_MODE, STATUS_CODE } = ssh2.utils.sftp;
const DIRECTORY = { id: 'directory_1', environmentId: 'environment_1' } as Directory;

/** The other side of a session: what it was answered, request by request. */
class Client extends EventEmitter {
  readonly answers = new Map<number, number | 'handle' | 'attrs' | 'name'>();
  readonly #waiting = new Map<number, () => void>();

  status(id: number, code: number): void {
    this.#take(id, code);
  }

  handle(id: number): void {
    this.#take(id, 'handle');
  }

  attrs(id: number): void {
    this.#take(id, 'attrs');
  }

  async ask(id: number, request: string, ...args: unknown[]): Promise<unknown> {
    const answered = new Promise<void>((resolve) => this.#waiting.set(id, resolve));
    this.emit(request, id, ...args);
    await answered;
    return this.answers.get(id);
  }

  #take(id: number, answer: number | 'handle' | 'attrs'): void {
    this.answers.set(id, answer);
    this.#waiting.get(id)?.();
  }
}

function begin(recheck: () => Promise<Directory | undefined>) {
  const client = new Client();
  const places = { taken: 0 };
  const uploads = {
    expectName: () => undefined,
    expectOpen: () => undefined,
    enter: () => {
      places.taken += 1;
      let isTaken = true;
      return () => {
        if (isTaken) places.taken -= 1;
        isTaken = false;
      };
    },
    box: {
      stored: async () => [],
      find: async () => ({ bytes: 1, receivedAt: '2026-03-01T00:00:00.000Z', name: 'users.csv' }),
    },
  } as unknown as Uploads;
  const session = new SftpSession({
    sftp: client as unknown as SFTPWrapper,
    recheck,
    directory: DIRECTORY,
    uploads,
    onRequest: () => undefined,
    onError: (error) => {
      throw error;
    },
    onFlood: () => undefined,
  });
  session.serve();
  return { client, session, places };
}

describe('SftpSession', () => {
  it('keeps no place for a file whose connection broke off while it was being opened', async () => {
    let goOn = (_directory: Directory): void => undefined;
    const { client, session, places } = begin(() => new Promise((resolve) => (goOn = resolve)));
    const opening = client.ask(1, 'OPEN', '/users.csv', OPEN_MODE.WRITE | OPEN_MODE.CREAT);
    await session.abandon();
    goOn(DIRECTORY);
    expect(await opening).toBe(STATUS_CODE.FAILURE);
    expect(places.taken).toBe(0);
  });

  it('opens a file otherwise, and gives its place back with the session', async () => {
    const { client, session, places } = begin(async () => DIRECTORY);
    expect(await client.ask(1, 'OPEN', '/users.csv', OPEN_MODE.WRITE | OPEN_MODE.CREAT)).toBe('handle');
    expect(places.taken).toBe(1);
    await session.abandon();
    expect(places.taken).toBe(0);
  });

  it('acknowledges parts in the order in which they came, whichever is written first', async () => {
    const { client, session } = begin(async () => DIRECTORY);
    await client.ask(1, 'OPEN', '/users.csv', OPEN_MODE.WRITE | OPEN_MODE.CREAT);
    const [opened, unknown] = [Buffer.from([0, 0, 0, 1]), Buffer.from([0, 0, 0, 9])];
    const large = client.ask(2, 'WRITE', opened, 0, Buffer.alloc(4_000_000));
    // Refused at once, while the other one is still being written.
    const refused = client.ask(3, 'WRITE', unknown, 0, Buffer.alloc(1));
    const small = client.ask(4, 'WRITE', opened, 4_000_000, Buffer.alloc(1));
    await Promise.all([large, refused, small]);
    expect([...client.answers]).toEqual([
      [1, 'handle'],
      [2, STATUS_CODE.OK],
      [3, STATUS_CODE.NO_SUCH_FILE],
      [4, STATUS_CODE.OK],
    ]);
    await session.abandon();
  });

  it('shows nothing any more once its token was revoked', async () => {
    let directory: Directory | undefined = DIRECTORY;
    const { client } = begin(async () => directory);
    expect(await client.ask(1, 'OPENDIR', '/')).toBe('handle');
    expect(await client.ask(2, 'STAT', '/users.csv')).toBe('attrs');
    directory = undefined;
    expect(await client.ask(3, 'OPENDIR', '/')).toBe(STATUS_CODE.FAILURE);
    expect(await client.ask(4, 'STAT', '/users.csv')).toBe(STATUS_CODE.FAILURE);
  });
});
