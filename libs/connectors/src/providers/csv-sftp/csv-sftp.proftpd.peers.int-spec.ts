import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { JsonValue } from '#kernel';
import {
  describeWithPeer,
  fakeTime,
  PROFTPD,
  readSource,
  startProftpd,
  type OpenSsh,
  type ReadResult,
} from '#testing';
import type { Connector } from '../../sdk/contract.js';
import connector from './index.js';

const PEOPLE = 5_000;

describeWithPeer(PROFTPD, (program) => {
  let server: OpenSsh;
  beforeAll(async () => {
    server = await startProftpd(program);
  }, 60_000);
  afterAll(() => server.close(), 30_000);

  const read = (settings: Record<string, JsonValue> = {}): Promise<ReadResult> =>
    readSource(connector as Connector, {
      // Files that were written just now have rested for an hour by then.
      time: fakeTime(new Date(Date.now() + 3_600_000).toISOString()),
      answers: {
        host: '127.0.0.1',
        port: server.port,
        host_keys: [server.hostKey],
        username: server.username,
        private_key: server.privateKey,
        folder: '/',
        ...settings,
      },
    });

  const publish = async (people: number): Promise<void> => {
    const rows = Array.from({ length: people }, (_, id) => `${id},p${id}@example.com,Ada,Ahn,active`);
    const part = join(server.folder, 'users.csv.part');
    await writeFile(part, ['id,email,first name,last name,state', ...rows, ''].join('\n'), { mode: 0o644 });
    await rename(part, join(server.folder, 'users.csv'));
  };

  it('reads a file of many blocks, and a shorter one that takes its place', async () => {
    for (const count of [PEOPLE, PEOPLE - 3]) {
      await publish(count);
      const { complete, error, users, invalid } = await read();
      expect({ complete, error, users: users.size, invalid }).toEqual({
        complete: true,
        error: null,
        users: count,
        invalid: [],
      });
    }
  }, 120_000);

  it('takes neither an empty file nor a missing one for a company without people', async () => {
    await writeFile(join(server.folder, 'users.csv'), '', { mode: 0o644 });
    expect(await read()).toMatchObject({ complete: false, error: { code: 'incomplete_listing' } });
    await rm(join(server.folder, 'users.csv'));
    expect(await read()).toMatchObject({ complete: false, error: { code: 'config_error' } });
  }, 60_000);

  it('tells a stranger’s host key, a wrong account and a wrong folder apart', async () => {
    const stranger = `SHA256:${'A'.repeat(43)}`;
    expect((await read({ host_keys: [stranger] })).error).toMatchObject({ code: 'tls_failed' });
    expect((await read({ username: 'nobody-here' })).error).toMatchObject({ code: 'invalid_credentials' });
    expect((await read({ folder: '/nowhere' })).error).toMatchObject({ code: 'config_error' });
  }, 120_000);
});
