import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { JsonValue } from '#kernel';
import {
  describeWithPeer,
  fakeTime,
  OPENSSH,
  readSource,
  startOpenSsh,
  type OpenSsh,
  type ReadResult,
} from '#testing';
import type { Connector } from '../../sdk/contract.js';
import connector from './index.js';

const PEOPLE = 20_000;

describeWithPeer(OPENSSH, (program) => {
  let sshd: OpenSsh;
  beforeAll(async () => {
    sshd = await startOpenSsh(program);
  }, 30_000);
  afterAll(() => sshd.close(), 30_000);

  const read = (settings: Record<string, JsonValue> = {}): Promise<ReadResult> =>
    readSource(connector as Connector, {
      // Files that were written just now have rested for an hour by then.
      time: fakeTime(new Date(Date.now() + 3_600_000).toISOString()),
      answers: {
        host: '127.0.0.1',
        port: sshd.port,
        host_keys: [sshd.hostKey],
        username: sshd.username,
        private_key: sshd.privateKey,
        folder: sshd.folder,
        ...settings,
      },
    });

  const publish = async (people: number): Promise<void> => {
    const rows = Array.from(
      { length: people },
      (_, id) => `${id},p${id}@example.com,Ada,Ahn,active,Kitchen ${id % 9}`,
    );
    const part = join(sshd.folder, 'users.csv.part');
    await writeFile(part, ['id,email,first name,last name,state,department', ...rows, ''].join('\n'));
    await rename(part, join(sshd.folder, 'users.csv'));
  };

  it('reads a large file with a key, and says what is wrong when the server is another one', async () => {
    expect((await read()).error).toMatchObject({ code: 'config_error' });
    await publish(PEOPLE);
    const result = await read();
    expect(result).toMatchObject({ complete: true, error: null, invalid: [] });
    expect([result.users.size, result.groups.size, result.members.size]).toEqual([PEOPLE, 9, PEOPLE]);
    const stranger = `SHA256:${'A'.repeat(43)}`;
    expect((await read({ host_keys: [stranger] })).error).toMatchObject({ code: 'tls_failed' });
    expect((await read({ folder: `${sshd.folder}/nowhere` })).error).toMatchObject({ code: 'config_error' });
  }, 60_000);

  it('is refused without the right key', async () => {
    const other = await startOpenSsh(program);
    try {
      const { error } = await read({ private_key: other.privateKey });
      expect(error).toMatchObject({ code: 'invalid_credentials' });
    } finally {
      await other.close();
    }
  }, 30_000);
});
