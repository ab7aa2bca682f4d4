import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from '@jest/globals';
import iconv from 'iconv-lite';
import type { JsonValue } from '#kernel';
import {
  FAKE_CSV,
  fakeCsvSftp,
  fakePorts,
  FakeTenant,
  fakeTime,
  readSource,
  startFakeCsv,
  type FakeServer,
  type Reading,
  type ReadResult,
} from '#testing';
import type { Connector } from '../../sdk/contract.js';
import connector from './index.js';

const OLD = new Date('2026-03-01T03:00:00Z');
const HEADER = 'id,email,first name,last name,state,department';
const line = (id: string, rest = 'Ada,Ahn,active,Kitchen'): string => `${id},p${id}@example.com,${rest}`;
const sheet = (...lines: readonly string[]): string => `${[HEADER, ...lines].join('\n')}\n`;
const lines = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => line(String(index + 1)));

type Contents = Readonly<Record<string, string | Buffer>>;

/** What happens to files on their way. */
describe('csv-sftp', () => {
  const time = fakeTime();
  let contents: Contents = {};
  let modifiedAt = OLD;
  let server: FakeServer;
  afterEach(() => server.close());

  async function start(given: Contents, options: { hasNewHostKey?: boolean } = {}): Promise<void> {
    contents = given;
    modifiedAt = OLD;
    const files = (): Map<string, { content: Buffer; modifiedAt: Date }> =>
      new Map(
        Object.entries(contents).map(([name, text]) => [name, { content: Buffer.from(text), modifiedAt }]),
      );
    const tenant = new FakeTenant({ users: 0, groups: 0, membersPerGroup: 0 }, time.clock);
    server = await startFakeCsv(tenant, { files, ...options });
  }

  function read(
    settings: Record<string, JsonValue> = {},
    options: Partial<Reading> = {},
  ): Promise<ReadResult> {
    const answers = { ...fakeCsvSftp.answers(server.url), ...settings };
    return readSource(connector as Connector, { time, answers, ...options });
  }

  /** The next run: it knows what the last one has read. */
  const again = (last: ReadResult, settings: Record<string, JsonValue> = {}): Promise<ReadResult> =>
    read(settings, { previous: last.cursors });

  const namesOf = ({ groups }: ReadResult): string[] => [...groups.values()].map(({ name }) => name).sort();

  it('makes groups of departments when there is no file of groups', async () => {
    await start({ 'users.csv': sheet(...lines(2), line('3', 'Bo,Berg,active,Bar')) });
    const result = await read();
    expect(result).toMatchObject({ complete: true, error: null });
    expect(namesOf(result)).toEqual(['Bar', 'Kitchen']);
    expect(result.members.size).toBe(3);
  });

  it.each<[string, Buffer]>([
    ['UTF-8 with a mark', Buffer.from(`\uFEFF${sheet(line('1', 'Zoë,Ahn,active,Küche'))}`)],
    ['UTF-16', iconv.encode(sheet(line('1', 'Zoë,Ahn,active,Küche')), 'utf-16le', { addBOM: true })],
    ['UTF-16 without a mark', iconv.encode(sheet(line('1', 'Zoë,Ahn,active,Küche')), 'utf-16be')],
    ['an old Windows encoding', iconv.encode(sheet(line('1', 'Zoë,Ahn,active,Küche')), 'windows-1252')],
    [
      'semicolons and CRLF',
      Buffer.from(sheet(line('1', 'Zoë,Ahn,active,Küche')).replaceAll(',', ';').replaceAll('\n', '\r\n')),
    ],
    [
      'tabs and CR',
      Buffer.from(sheet(line('1', 'Zoë,Ahn,active,Küche')).replaceAll(',', '\t').replaceAll('\n', '\r')),
    ],
  ])('reads %s', async (_case, content) => {
    await start({ 'users.csv': content });
    const result = await read();
    expect(result).toMatchObject({ complete: true, error: null, invalid: [] });
    expect(result.users.get('1')).toMatchObject({ firstName: 'Zoë', email: 'p1@example.com' });
    expect(namesOf(result)).toEqual(['Küche']);
  });

  it('reads quotes, commas and line ends inside of cells, and a compressed file', async () => {
    const text = sheet('1,p1@example.com,"Ada ""A.""","Ahn, Berg\nCruz",active,=2+2');
    await start({ 'users.csv.gz': gzipSync(text) });
    const { users } = await read();
    expect(users.get('1')).toMatchObject({ firstName: 'Ada "A."', lastName: 'Ahn, Berg\nCruz' });
    expect(users.get('1')?.customAttributes).toMatchObject({ department_name: '=2+2' });
  });

  it.each<[string, Contents]>([
    ['has no byte', { 'users.csv': '' }],
    ['has only its header', { 'users.csv': sheet() }],
    ['breaks off in a line', { 'users.csv': sheet(...lines(200)).slice(0, -30) }],
    ['breaks off in quotes', { 'users.csv': `${sheet(...lines(3))}4,"p4@exam` }],
    ['has many broken lines', { 'users.csv': sheet(...lines(20), '21,too,few', line('22')) }],
    ['has two columns of one meaning', { 'users.csv': 'id,employee id,email\n1,1,a@example.com\n' }],
    ['has no column of ids', { 'users.csv': 'email,name\na@example.com,Ada\n' }],
    ['is a web page', { 'users.csv': '<html>Sign in</html>' }],
    ['has ids that a spreadsheet has rounded', { 'users.csv': sheet(line('1.23457E+11')) }],
    ['has many ids twice', { 'users.csv': sheet(...lines(9), ...lines(9)) }],
    ['is not what its manifest says', marked(sheet(...lines(4)), { rows: 5 })],
    ['is shorter than its manifest says', marked(sheet(...lines(4)), { bytes: 9_999 })],
    [
      'is not what its checksum says',
      { 'users.csv': sheet(...lines(4)), 'users.csv.sha256': `${'0'.repeat(64)}  users.csv` },
    ],
    ['is said to be incomplete', marked(sheet(...lines(4)), {}, false)],
    ['comes without the groups that its manifest names', marked(sheet(...lines(4)), { name: 'groups.csv' })],
    ['is not there', { 'users.csv.part': sheet(...lines(3)), '.users.csv': sheet(...lines(3)) }],
    [
      'goes with memberships of strangers',
      { 'users.csv': sheet(...lines(3)), 'memberships.csv': 'group_id,idp_id\ng1,1\ng1,99\ng1,98\n' },
    ],
  ])('takes nothing over from a file that %s', async (_case, files) => {
    await start(files);
    const result = await read();
    expect(result.complete).toBe(false);
    expect(result.error?.message).toMatch(/\.csv|manifest/);
    expect(result.users.size + result.groups.size + result.members.size).toBe(0);
  });

  it('sets lines aside that cannot be read, without taking their groups away', async () => {
    const damaged = [
      line('7', 'Ada,Ahn,on the moon,Kitchen'),
      line('8', 'Bo,Berg,active,Kitchen').replace('8', '8\u0000'),
    ];
    await start({ 'users.csv': sheet(...lines(6), ...damaged, line('1'), line('9')) });
    const result = await read();
    expect(result).toMatchObject({ complete: true, error: null });
    expect(result.invalid.map(({ id, problem }) => [id, /line \d+/.test(problem)])).toEqual(
      expect.arrayContaining([
        ['1', true],
        ['7', true],
      ]),
    );
    expect([...result.members]).toContain('department:name:kitchen > user:7');
    expect(result.users.has('1')).toBe(false);
  });

  it('is no second witness: the same files prove nothing twice', async () => {
    await start({ 'users.csv': sheet(...lines(5)) });
    const first = await read();
    expect(first.covered).toContain('users');
    for (const change of [() => undefined, () => void (modifiedAt = new Date('2026-03-01T04:00:00Z'))]) {
      change();
      const second = await again(first);
      expect(second).toMatchObject({ complete: true, error: null, covered: [] });
      expect(second.users.size).toBe(0);
      expect(second.cursors).toEqual(first.cursors);
    }
  });

  it('reads the newest of several sets, and none that is older than the last', async () => {
    await start({
      'users.20260301T030000Z.csv': sheet(line('1')),
      'users.20260302T030000Z.csv': sheet(line('2')),
    });
    const first = await read();
    expect([...first.users.keys()]).toEqual(['2']);
    contents = { 'users.20260301T030000Z.csv': sheet(line('1')) };
    const second = await again(first);
    expect(second).toMatchObject({ complete: true, covered: [] });
  });

  it.each<[string, Contents]>([
    ['a column', { 'users.csv': sheet(...lines(5)).replaceAll(/,[^,\n]*$/gm, '') }],
    ['the file of groups', { 'users.csv': sheet(...lines(5)) }],
    ['the zeros of its ids', { 'users.csv': sheet(...lines(6)), 'groups.csv': 'group_id,group_name\n1,A\n' }],
    [
      'its encoding',
      {
        'users.csv': iconv.encode(sheet(line('007', 'Zoë,Ahn,active,Bar')), 'windows-1252'),
        'groups.csv': 'group_id,group_name\n1,A\n',
      },
    ],
  ])('takes nothing over when the export has lost %s', async (_case, files) => {
    await start({ 'users.csv': sheet(line('007'), ...lines(4)), 'groups.csv': 'group_id,group_name\n1,A\n' });
    const first = await read();
    expect(first.complete).toBe(true);
    contents = files;
    modifiedAt = new Date('2026-03-02T03:00:00Z');
    const second = await again(first);
    expect(second).toMatchObject({ complete: false, error: { code: 'source_changed_shape' } });
  });

  it('waits for a file that was changed a moment ago, and for its marker when that is asked for', async () => {
    await start({ 'users.csv': sheet(...lines(3)) });
    // For hours: whoever makes the markers has forgotten it.
    expect((await read({ require_marker: true })).error).toMatchObject({ code: 'incomplete_listing' });
    modifiedAt = time.clock.now();
    expect((await read({ require_marker: true })).error).toMatchObject({ code: 'source_unavailable' });
    expect((await read()).error).toMatchObject({ code: 'source_unavailable' });
    contents = { ...contents, 'users.csv.done': '' };
    expect(await read({ require_marker: true })).toMatchObject({ complete: true, error: null });
  });

  it('knows by its last line how many rows a file has', async () => {
    const withTrailer = (count: number): string => `${sheet(...lines(4))}#EOF,${count}\n`;
    await start({ 'users.csv': withTrailer(4) });
    expect((await read({ trailer: true })).users.size).toBe(4);
    for (const text of [withTrailer(5), sheet(...lines(4)), `${withTrailer(4)}${line('9')}\n`]) {
      contents = { 'users.csv': text };
      expect(await read({ trailer: true })).toMatchObject({
        complete: false,
        error: { code: 'incomplete_listing' },
      });
    }
  });

  it('says that somebody is gone only of files that are said to be whole', async () => {
    const lookUp = async (): Promise<ReadonlyMap<string, string> | undefined> => {
      const { ports, end } = fakePorts({ time });
      const source = connector.connect(connector.readConfig(fakeCsvSftp.answers(server.url)), ports);
      try {
        return await source.lookUp?.('user', ['1', '99']);
      } finally {
        await source.close?.();
        end();
      }
    };
    await start({ 'users.csv': sheet(...lines(3)) });
    expect((await lookUp())?.size).toBe(0);
    contents = marked(sheet(...lines(3)), { rows: 3 });
    expect(await lookUp()).toEqual(
      new Map([
        ['1', 'present'],
        ['99', 'gone'],
      ]),
    );
  });

  it('shows the host key of a server, and talks to no other', async () => {
    await start({ 'users.csv': sheet(...lines(3)) });
    const { error } = await read({ host_keys: [] });
    expect(error).toMatchObject({ code: 'tls_failed', message: expect.stringContaining(FAKE_CSV.hostKey) });
    await server.close();
    await start({ 'users.csv': sheet(...lines(3)) }, { hasNewHostKey: true });
    const changed = await read();
    expect(changed.error).toMatchObject({
      code: 'tls_failed',
      message: expect.stringContaining('another host key'),
    });
    expect(server.calls).toEqual([]);
  });

  it('reads groups in groups, dates of another form, and future hires', async () => {
    const header = 'Personnummer;Nachname;Hire Date;Termination Date';
    await start({
      'users.csv': `${header}\n1;Ahn;05.01.2020;\n2;Berg;01.04.2026;\n3;Cruz;01.02.2019;28.02.2026\n4;Diaz;31.02.2019;\n`,
      'groups.csv': 'group_id,group_name,parent_group_id\na,All,\nb,Some,a\n',
      'memberships.csv': 'group_id,idp_id\nb,1\nb,2\n',
    });
    const result = await read({ date_format: 'DD.MM.YYYY' });
    expect(result).toMatchObject({ complete: true, error: null, invalid: [{ id: '4' }] });
    expect(result.users.get('1')).toMatchObject({ active: true });
    expect(result.users.get('2')).toMatchObject({ active: false, stateReason: 'pending' });
    expect(result.users.get('3')).toMatchObject({ active: false, stateReason: 'terminated' });
    expect([...result.members].sort()).toEqual(['a > group:b', 'b > user:1', 'b > user:2']);
  });
});

/** A file of users with the manifest that describes it, or does not. */
function marked(text: string, otherwise: Record<string, JsonValue>, complete = true): Contents {
  const sha256 = createHash('sha256').update(text).digest('hex');
  const file = { name: 'users.csv', bytes: Buffer.byteLength(text), sha256, ...otherwise };
  return { 'users.csv': text, 'manifest.json': JSON.stringify({ format: '1', complete, files: [file] }) };
}
