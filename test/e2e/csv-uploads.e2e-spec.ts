import { createHash } from 'node:crypto';
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import * as openpgp from 'openpgp';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { installedConnectors } from '#connectors';
import { startRollcall, type RunningRollcall } from '../support/start-rollcall.js';
import { UploadWorld, usersFile, type UploadDirectory } from '../support/upload-world.js';

let rollcall: RunningRollcall;
let world: UploadWorld;

beforeAll(async () => {
  rollcall = await startRollcall({}, { connectors: installedConnectors });
  world = new UploadWorld(rollcall);
}, 60_000);
afterAll(() => rollcall.stop(), 30_000);

const digestOf = (body: string | Buffer): string =>
  `sha-256=:${createHash('sha256').update(body).digest('base64')}:`;

interface Wrong {
  readonly status: number;
  readonly code: string;
  readonly headers?: Record<string, string>;
  readonly name?: string;
  readonly body?: string;
}

/** Sends the beginning of a file, and no more. */
function cutUpload(
  { endpoint, token }: UploadDirectory,
  name: string,
  ending: 'cut' | 'short',
): Promise<void> {
  const { hostname, port, pathname } = new URL(`${endpoint}/${name}`);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => {
      socket.write(
        `PUT ${pathname} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\nTransfer-Encoding: chunked\r\n\r\n`,
      );
      const half = usersFile('1', '2');
      socket.write(`${half.length.toString(16)}\r\n${half}\r\n`);
      setTimeout(() => (ending === 'cut' ? socket.destroy() : socket.end()), 200);
    });
    socket.on('data', () => undefined);
    socket.once('error', reject);
    socket.once('close', () => resolve());
  });
}

describe('files that are uploaded by HTTPS', () => {
  it('are read as soon as something says that they are complete, and create the people', async () => {
    const directory = await world.directory();
    expect(await world.runs(directory.id)).toEqual([]);
    const body = usersFile('1', '2', '3');
    const answer = await world.put(directory, 'users.csv', {
      body,
      headers: { 'content-digest': digestOf(body) },
    });
    expect(answer.status).toBe(201);
    const receipt = (await answer.json()) as Record<string, unknown>;
    expect(receipt).toMatchObject({
      object: 'upload',
      name: 'users.csv',
      bytes: body.length,
      sha256: createHash('sha256').update(body).digest('hex'),
      checksum_verified: true,
      unchanged: false,
      sync_run: { id: expect.stringMatching(/^run_/), state: 'queued' },
    });
    // The run waits for what may belong to it; the marker says that nothing does.
    const marker = await world.put(directory, 'done');
    expect(await marker.json()).toMatchObject({ sync_run: receipt['sync_run'] });
    expect(await world.people(directory)).toEqual(['1', '2', '3']);
    expect(await world.runs(directory.id)).toMatchObject([{ status: 'succeeded' }]);
  }, 90_000);

  it('are received once, however often they are sent', async () => {
    const directory = await world.directory();
    const body = usersFile('1', '2');
    const first = (await (await world.put(directory, 'users.csv', { body })).json()) as { id: string };
    const again = await world.put(directory, 'users.csv', { body });
    expect(again.status).toBe(200);
    expect(await again.json()).toMatchObject({ id: first.id, unchanged: true, sync_run: null });
    expect(await world.uploads(directory.id)).toHaveLength(1);
    const other = await world.put(directory, 'users.csv', { body: usersFile('1', '2', '3') });
    expect(other.status).toBe(201);
    expect(await world.uploads(directory.id)).toMatchObject([
      { id: first.id, state: 'replaced' },
      { name: 'users.csv', state: 'stored' },
    ]);
    expect(await world.people(directory)).toEqual(['1', '2', '3']);
  }, 90_000);

  it.each(['cut', 'short'] as const)('are no files when they break off (%s)', async (ending) => {
    const directory = await world.directory();
    await cutUpload(directory, 'users.csv', ending);
    // What comes next is received after it.
    await world.put(directory, 'groups.csv', { body: 'group_id,group_name\na,All\n' });
    expect((await world.uploads(directory.id)).map(({ name }) => name)).toEqual(['groups.csv']);
  });

  it('are decrypted, and refused without encryption; the key is never shown', async () => {
    const { privateKey } = await openpgp.generateKey({
      userIDs: [{ email: 'rollcall@example.com' }],
      format: 'object',
    });
    const key = privateKey.armor();
    const directory = await world.directory({ pgp_encrypted: true, pgp_private_key: key });
    const shown = await world.rest.call('GET', `/management/directories/${directory.id}`);
    expect(JSON.stringify(shown)).not.toMatch(/PRIVATE KEY/);
    const plain = await world.put(directory, 'users.csv', { body: usersFile('1') });
    expect([plain.status, await plain.text()]).toEqual([422, expect.stringContaining('users.csv.pgp')]);
    const send = async (text: string): Promise<void> => {
      const message = await openpgp.createMessage({ text });
      const body = await openpgp.encrypt({
        message,
        encryptionKeys: privateKey.toPublic(),
        format: 'binary',
      });
      expect((await world.put(directory, 'users.csv.pgp', { body: Buffer.from(body) })).status).toBe(201);
      await world.put(directory, 'done');
    };
    await send(usersFile('1', '2', '3'));
    expect(await world.people(directory)).toEqual(['1', '2', '3']);
    expect((await world.put(directory, 'users.csv.pgp', { body: 'tampered' })).status).toBe(201);
    await world.put(directory, 'done');
    expect(await world.people(directory)).toEqual(['1', '2', '3']);
    expect(await world.lastRun(directory.id)).toMatchObject({
      status: 'failed',
      error: { message: expect.stringContaining('users.csv.pgp cannot be opened') },
    });
  }, 90_000);

  it('are unpacked, and refused when they cannot be', async () => {
    const directory = await world.directory();
    const body = gzipSync(usersFile('1'));
    const headers = { 'content-encoding': 'gzip', 'content-digest': digestOf(body) };
    expect(await (await world.put(directory, 'users.csv', { body, headers })).json()).toMatchObject({
      bytes: usersFile('1').length,
    });
    const cut = await world.put(directory, 'users.csv', {
      body: body.subarray(0, -9),
      headers: { 'content-encoding': 'gzip' },
    });
    expect([cut.status, await cut.json()]).toMatchObject([422, { code: 'bad_encoding' }]);
    await world.put(directory, 'users.csv.done');
    expect(await world.people(directory)).toEqual(['1']);
  }, 90_000);

  it.each<[string, Wrong]>([
    [
      'the digest of another file',
      { status: 422, code: 'digest_mismatch', headers: { 'content-digest': digestOf('x') } },
    ],
    [
      'a digest in hexadecimal',
      { status: 400, code: 'bad_digest', headers: { 'content-digest': 'sha-256=abc' } },
    ],
    [
      'an unknown digest alone',
      { status: 400, code: 'bad_digest', headers: { 'content-digest': 'md5=:AAAA:' } },
    ],
    ['a name that nobody reads', { status: 422, code: 'bad_name', name: 'people.csv' }],
    ['a path', { status: 422, code: 'bad_name', name: '..%2Fusers.csv' }],
    ['the name of a part', { status: 422, code: 'bad_name', name: 'users.csv.part' }],
    ['no content', { status: 422, code: 'empty', body: '' }],
    ['an encoding of its own', { status: 422, code: 'bad_encoding', headers: { 'content-encoding': 'br' } }],
    [
      'a form around them',
      { status: 422, code: 'bad_encoding', headers: { 'content-type': 'multipart/form-data; boundary=x' } },
    ],
    ['a name whose time is none', { status: 422, code: 'bad_name', name: 'users.28022026.csv' }],
    [
      'another checksum',
      { status: 422, code: 'digest_mismatch', name: `users.csv?sha256=${'0'.repeat(64)}` },
    ],
  ])('are refused with %s', async (_case, wrong) => {
    const { status, code, headers = {}, name = 'users.csv', body = usersFile('1') } = wrong;
    const directory = await world.directory();
    const answer = await world.put(directory, name, { body, headers });
    expect([answer.status, await answer.json()]).toMatchObject([
      status,
      { code, message: expect.stringMatching(/\w+/) },
    ]);
    expect(await world.uploads(directory.id)).toEqual([]);
    expect(await world.runs(directory.id)).toEqual([]);
  });

  it('are refused when they are too large, before they are sent', async () => {
    const directory = await world.directory();
    const { hostname, port, pathname } = new URL(`${directory.endpoint}/users.csv`);
    const answer = await new Promise<string>((resolve, reject) => {
      const socket = connect(Number(port), hostname, () =>
        socket.write(
          `PUT ${pathname} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${directory.token}\r\nContent-Length: 300000000\r\n\r\nid`,
        ),
      );
      socket.once('data', (chunk: Buffer) => {
        resolve(chunk.toString());
        socket.destroy();
      });
      socket.once('error', reject);
    });
    expect(answer).toMatch(/^HTTP\/1.1 413 .*too_large/s);
  });

  it('are taken with a token of the directory only, which opens nothing else', async () => {
    const [one, other] = [await world.directory(), await world.directory()];
    const body = usersFile('1');
    const stranger = await world.put({ ...one, token: other.token }, 'users.csv', { body });
    const nowhere = await world.put(
      { endpoint: one.endpoint.replace(one.key, 'a'.repeat(16)), token: other.token },
      'users.csv',
      { body },
    );
    expect([stranger.status, nowhere.status]).toEqual([401, 401]);
    expect(await stranger.text()).toBe(await nowhere.text());
    const scim = await fetch(`${rollcall.baseUrl}/scim/v2.0/${one.key}/Users`, {
      headers: { authorization: `Bearer ${one.token}` },
    });
    expect(scim.status).toBe(404);
    const basic = Buffer.from(`${one.key}:${one.token}`).toString('base64');
    const posted = await fetch(`${one.endpoint}/users.csv`, {
      method: 'POST',
      headers: { authorization: `Basic ${basic}`, 'content-type': 'application/x-www-form-urlencoded' },
      body,
    });
    expect(posted.status).toBe(201);
  });

  it('go nowhere while the directory is paused, and with a revoked token', async () => {
    const directory = await world.directory();
    const path = `/management/directories/${directory.id}`;
    await world.rest.call('POST', `${path}/pause`, { paused_by: 'Ada' });
    await new Promise((resolve) => setTimeout(resolve, 3_100));
    const paused = await world.put(directory, 'users.csv', { body: usersFile('1') });
    expect([paused.status, paused.headers.get('retry-after')]).toEqual([503, '300']);
    await world.rest.call('POST', `${path}/resume`);
    const { data } = await world.rest.call<{ data: { id: string }[] }>('GET', `${path}/tokens`);
    const rotated = await world.rest.call<{ bearer_token: string }>(
      'POST',
      `${path}/tokens/${data[0]?.id}/rotate`,
      { overlap_hours: 0 },
    );
    await new Promise((resolve) => setTimeout(resolve, 3_100));
    const old = await world.put(directory, 'users.csv', { body: usersFile('1') });
    const fresh = await world.put({ ...directory, token: rotated.bearer_token }, 'users.csv', {
      body: usersFile('1'),
    });
    expect([old.status, fresh.status]).toEqual([401, 201]);
  }, 30_000);

  it('are read by another run when they come while one is under way', async () => {
    const directory = await world.directory();
    const many = Array.from({ length: 3_000 }, (_, index) => `a${index}`);
    await world.put(directory, 'users.csv', { body: usersFile(...many) });
    await world.put(directory, 'done');
    for (let round = 0; round < 400; round += 1) {
      const [run] = await world.runs(directory.id);
      if (run !== undefined && run.status !== 'queued') break;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    const answer = await world.put(directory, 'users.csv', { body: usersFile(...many, 'late') });
    const { sync_run: run } = (await answer.json()) as { sync_run: { state: string } };
    expect(['follows', 'queued']).toContain(run.state);
    for (let round = 0; round < 600; round += 1) {
      const found = await world.rest.call<{ data: unknown[] }>(
        'GET',
        `/directory_users?directory=${directory.id}&idp_id=late`,
      );
      if (found.data.length === 1) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error('The file that came during a run was not read');
  }, 120_000);

  it('are erased one by one, and with their directory', async () => {
    const directory = await world.directory();
    await world.put(directory, 'users.csv', { body: usersFile('1') });
    const path = `/management/directories/${directory.id}`;
    const [upload] = await world.uploads(directory.id);
    await world.rest.call('DELETE', `${path}/uploads/${upload?.id}`);
    expect(await world.uploads(directory.id)).toMatchObject([{ state: 'deleted' }]);
    await expect(world.rest.call('DELETE', `${path}/uploads/${upload?.id}`)).rejects.toThrow('404');
    await world.put(directory, 'users.csv', { body: usersFile('1', '2') });
    await world.rest.call('DELETE', path);
    await new Promise((resolve) => setTimeout(resolve, 3_100));
    expect((await world.put(directory, 'users.csv', { body: usersFile('3') })).status).toBe(401);
  }, 30_000);
});
