import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { installedConnectors } from '#connectors';
import { describeWithPeer, newSshKey, SFTP_CLIENT, SftpClient } from '#testing';
import { startRollcall, type RunningRollcall } from '../support/start-rollcall.js';
import { UploadWorld, usersFile, type UploadDirectory } from '../support/upload-world.js';

describeWithPeer(SFTP_CLIENT, () => {
  let rollcall: RunningRollcall;
  let world: UploadWorld;
  const clients: SftpClient[] = [];

  beforeAll(async () => {
    rollcall = await startRollcall({ ROLLCALL_SFTP_PORT: '0' }, { connectors: installedConnectors });
    world = new UploadWorld(rollcall);
  }, 60_000);
  afterAll(() => rollcall.stop(), 30_000);
  afterEach(async () => {
    await Promise.all(clients.splice(0).map((made) => made.close()));
  });

  async function client(
    { key, token }: UploadDirectory,
    credential: { password: string } | { privateKey: string } = { password: token },
  ): Promise<SftpClient> {
    const user = { port: rollcall.sftp?.port ?? 0, username: key, credential };
    const made = await SftpClient.create(user);
    clients.push(made);
    return made;
  }

  const write = (to: SftpClient, name: string, text: string): Promise<void> =>
    writeFile(join(to.folder, name), text);

  const names = async ({ id }: UploadDirectory): Promise<string[]> =>
    (await world.uploads(id)).filter(({ state }) => state === 'stored').map(({ name }) => name);

  it('shows at its creation where files are sent, and takes them: a run creates the people', async () => {
    const directory = await world.directory();
    const shown = await world.rest.call('GET', `/management/directories/${directory.id}`);
    expect(shown).toMatchObject({
      uploads: {
        sftp: {
          host: '127.0.0.1',
          port: rollcall.sftp?.port,
          username: directory.key,
          host_keys: [expect.stringMatching(/^SHA256:/), expect.stringMatching(/^SHA256:/)],
        },
      },
    });
    const admin = await client(directory);
    await write(admin, 'users.csv', usersFile('1', '2', '3'));
    await write(admin, 'done', '');
    const sent = await admin.sftp([
      'put users.csv users.csv.part',
      'rename users.csv.part users.csv',
      'put done',
      'ls -l',
    ]);
    expect(sent).toMatchObject({ code: 0, output: expect.stringMatching(/\d+ .* users\.csv/) });
    expect(await world.people(directory)).toEqual(['1', '2', '3']);
    expect(await world.uploads(directory.id)).toMatchObject([
      { name: 'users.csv', via: 'sftp', state: 'stored' },
      { name: 'done', via: 'sftp', state: 'stored' },
    ]);
    // A file that is there already is replaced by the next one.
    await write(admin, 'users.csv', usersFile('1', '2', '3', '4'));
    const again = await admin.sftp([
      'put users.csv users.csv.part',
      'rename users.csv.part users.csv',
      'put done',
    ]);
    expect(again.code).toBe(0);
    expect(await world.people(directory)).toEqual(['1', '2', '3', '4']);
  }, 120_000);

  it('lets a public key in, and no other', async () => {
    const [own, other] = [newSshKey(), newSshKey()];
    const directory = await world.directory({ public_keys: [`${own.publicKey} hr@example.com`] });
    const admin = await client(directory, { privateKey: own.privateKey });
    await write(admin, 'users.csv', usersFile('1'));
    expect(await admin.sftp(['put users.csv'])).toMatchObject({ code: 0 });
    const stranger = await client(directory, { privateKey: other.privateKey });
    expect(await stranger.sftp(['ls'])).toMatchObject({
      code: 255,
      output: expect.stringContaining('Permission denied'),
    });
    const elsewhere = await client(await world.directory(), { privateKey: own.privateKey });
    expect(await elsewhere.sftp(['ls'])).toMatchObject({ code: 255 });
    const scim = await client(directory, { password: 'wrong' });
    expect(await scim.sftp(['ls'])).toMatchObject({ code: 255 });
    expect(await names(directory)).toEqual(['users.csv']);
  }, 60_000);

  it('gives nothing away: no reading, no other folder, no shell, no forwarding', async () => {
    const directory = await world.directory();
    const admin = await client(directory);
    await write(admin, 'users.csv', usersFile('1'));
    expect((await admin.sftp(['put users.csv'])).code).toBe(0);
    for (const command of [
      'get users.csv stolen.csv',
      'mkdir inbox',
      'put users.csv /etc/users.csv',
      'put users.csv ../../users.exe',
      'symlink users.csv groups.csv',
      'cd /etc',
      'put users.csv passwords.txt',
    ]) {
      const { output } = await admin.sftp([command]);
      expect({ command, output }).toEqual({
        command,
        output: expect.stringMatching(/denied|Failure|not found|No such file|unsupported/i),
      });
    }
    expect(await admin.sftp(['cd ../..', 'pwd'])).toMatchObject({ output: expect.stringContaining(': /') });
    const shell = await admin.ssh(['-T', 'id']);
    expect(shell.code).not.toBe(0);
    const forwarded = await admin.ssh(['-W', `127.0.0.1:${new URL(rollcall.baseUrl).port}`]);
    expect(forwarded).toMatchObject({
      code: 255,
      output: expect.stringMatching(/open failed|forwarding failed/i),
    });
    expect(await names(directory)).toEqual(['users.csv']);
    // Of another directory one sees nothing.
    const neighbour = await client(await world.directory());
    expect((await neighbour.sftp(['ls -1'])).output).not.toContain('users.csv');
  }, 90_000);

  it('removes what one has sent, and takes scp', async () => {
    const directory = await world.directory();
    const admin = await client(directory);
    await write(admin, 'users.csv', usersFile('1'));
    expect(await admin.scp('users.csv', '/users.20260301.csv')).toMatchObject({ code: 0 });
    expect(await names(directory)).toEqual(['users.20260301.csv']);
    expect((await admin.sftp(['rm users.20260301.csv'])).code).toBe(0);
    expect(await names(directory)).toEqual([]);
  }, 60_000);

  it('takes no file whose connection broke off, and none that is continued', async () => {
    const directory = await world.directory();
    const admin = await client(directory);
    await write(admin, 'users.csv', usersFile('1').repeat(20_000));
    // So slowly that it would take a minute.
    const sending = admin.start(['put users.csv', 'put users.csv users.csv.done'], ['-l', '200']);
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    sending.kill('SIGKILL');
    await new Promise((resolve) => sending.once('close', resolve));
    await write(admin, 'groups.csv', 'group_id,group_name\na,All\n');
    expect((await admin.sftp(['put groups.csv'])).code).toBe(0);
    expect(await names(directory)).toEqual(['groups.csv']);
    // The client asks how much is there and sends the rest only.
    await write(admin, 'memberships.csv', 'group_id,idp_id\na,1\n');
    await admin.sftp(['put memberships.csv']);
    await write(admin, 'memberships.csv', 'group_id,idp_id\na,1\na,2\na,3\n');
    const continued = await admin.sftp(['reput memberships.csv']);
    expect(continued.output).toMatch(/unsupported/i);
    const { data } = await world.rest.call<{ data: { name: string; bytes: number; state: string }[] }>(
      'GET',
      `/management/directories/${directory.id}/uploads`,
    );
    expect(data.find(({ name, state }) => name === 'memberships.csv' && state === 'stored')).toMatchObject({
      bytes: 'group_id,idp_id\na,1\n'.length,
    });
  }, 120_000);

  it('ends what may no longer be done on a connection that stays open', async () => {
    const directory = await world.directory();
    const admin = await client(directory);
    await write(admin, 'users.csv', usersFile('1'));
    const [token] = (
      await world.rest.call<{ data: { id: string }[] }>(
        'GET',
        `/management/directories/${directory.id}/tokens`,
      )
    ).data;
    const open = admin.start(['put users.csv', '!sleep 6', 'put users.csv groups.csv']);
    for (let round = 0; round < 300 && (await names(directory)).length === 0; round += 1)
      await new Promise((resolve) => setTimeout(resolve, 10));
    await world.rest.call('DELETE', `/management/directories/${directory.id}/tokens/${token?.id}`);
    await new Promise((resolve) => open.once('close', resolve));
    expect(await names(directory)).toEqual(['users.csv']);
  }, 60_000);
});
