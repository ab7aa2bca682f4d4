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

  async function start(
    given: Contents,
    options: { hasNewHostKey?: boolean; isInteractive?: boolean } = {},
  ): Promise<void> {
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

  it('is read a second time when it is said to be whole: of memberships nobody can be asked', async () => {
    await start({ 'users.csv': `${sheet(...lines(5))}#EOF,5\n` });
    const first = await read({ trailer: true });
    const second = await again(first, { trailer: true });
    expect(second).toMatchObject({ complete: true, error: null });
    expect(second.covered).toContain('memberships');
    expect([...second.members]).toEqual([...first.members]);
    const third = await again(second, { trailer: true });
    expect(third).toMatchObject({ complete: true, error: null, covered: [], cursors: second.cursors });
  });

  it('is a second witness when a later export has found the same', async () => {
    await start({ 'users.csv': sheet(...lines(5)) });
    const first = await read();
    modifiedAt = new Date(modifiedAt.getTime() + 24 * 3_600_000);
    const second = await again(first);
    expect(second).toMatchObject({ complete: true, error: null });
    expect(second.covered).toContain('users');
    expect([...second.users.keys()]).toEqual([...first.users.keys()]);
  });

  it('is a second witness under a later date in its name', async () => {
    await start({ 'users.20260301T030000Z.csv': sheet(...lines(5)) });
    const first = await read();
    contents = { 'users.20260301T040000Z.csv': sheet(...lines(5)) };
    expect((await again(first)).covered).toContain('users');
  });

  it('is a second witness when its manifest says that it was made later', async () => {
    await start(made('2026-03-01T01:00:00Z', 4));
    const first = await read();
    contents = made('2026-03-01T02:00:00Z', 4);
    modifiedAt = new Date(modifiedAt.getTime() + 3_600_000);
    expect((await again(first)).covered).toContain('users');
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

  it.each([
    'users.csv.part',
    'users.csv.tmp',
    'users.csv.filepart',
    'users.csv.crdownload',
    'users.csv.partial',
    '.users.csv',
    '~users.csv',
    'users (1).csv',
    'users.csv.bak',
    'users-old.csv',
    'users.0007.csv',
  ])('does not take %s for a file of users', async (name) => {
    await start({ [name]: sheet(line('9')), 'users.csv': sheet(line('1')) });
    expect([...(await read()).users.keys()]).toEqual(['1']);
  });

  it('refuses a file whose last line has no end when it always had one', async () => {
    await start({ 'users.csv': sheet(...lines(4)) });
    const first = await read();
    // Cut in the middle of the last cell: the line has all of its columns.
    contents = { 'users.csv': sheet(...lines(5)).slice(0, -4) };
    modifiedAt = new Date('2026-03-01T05:00:00Z');
    const second = await again(first);
    expect(second).toMatchObject({ complete: false, error: { code: 'incomplete_listing' } });
    contents = marked(sheet(...lines(5)).slice(0, -1), {});
    expect((await again(first)).users.size).toBe(5);
    contents = { 'users.csv': iconv.encode(sheet(...lines(5)), 'utf-16le', { addBOM: true }) };
    expect((await again(first)).users.size).toBe(5);
  });

  it('takes a file that has shrunk much, and nothing about who is missing in it', async () => {
    const long = (count: number): string =>
      sheet(...lines(count).map((row) => row.replace('Kitchen', 'K'.repeat(40))));
    await start({ 'users.csv': long(50) });
    const first = await read();
    contents = { 'users.csv': long(38) };
    modifiedAt = new Date('2026-03-01T05:00:00Z');
    const second = await again(first);
    expect(second).toMatchObject({ complete: true, covered: [] });
    expect(second.users.size).toBe(38);
    contents = marked(long(38), {});
    expect(await again(first)).toMatchObject({ complete: true, covered: ['groups', 'memberships', 'users'] });
  });

  it('does not read a file that was put back from before', async () => {
    await start({ 'users.csv': sheet(...lines(4)) });
    const first = await read();
    contents = { 'users.csv': sheet(...lines(2)) };
    modifiedAt = new Date('2026-02-01T03:00:00Z');
    expect(await again(first)).toMatchObject({ complete: true, covered: [] });
    modifiedAt = new Date('2026-03-02T03:00:00Z');
    contents = made('2026-03-02T01:00:00Z', 4);
    const third = await read();
    contents = made('2026-03-01T01:00:00Z', 3);
    modifiedAt = new Date('2026-03-03T03:00:00Z');
    expect(await again(third)).toMatchObject({ complete: true, covered: [], users: new Map() });
  });

  it('takes words and numbers for what they are', async () => {
    const header = 'id|first name|last name|hire date|title';
    const rows = [
      '1|NULL|N/A|2020-01-01|-',
      '2|Ada|Ahn|44200|x',
      '3|\u00a0Bo\u00a0|Be\u0301rg|01.02.2020|',
      `4|A|B||${'x'.repeat(5_000)}`,
    ];
    await start({ 'users.csv': `${header}\n${rows.join('\n')}\n` });
    const { users, invalid } = await read();
    expect(users.get('1')).toMatchObject({ firstName: 'NULL', lastName: 'N/A', jobTitle: '-' });
    // The number of a spreadsheet, a date of another form, a cell without an end.
    expect(invalid.flatMap(({ of, id }) => (of === 'user' ? [id] : []))).toEqual(['2', '3', '4']);
    contents = { 'users.csv': `${header}\n${rows.slice(2, 3).join('').replace('01.02.2020', '')}\n` };
    expect((await read()).users.get('3')).toMatchObject({
      firstName: 'Bo',
      lastName: 'Bérg',
      jobTitle: null,
    });
  });

  it.each<[string, string]>([
    ['a line of more than 64 KiB', `${sheet(...lines(3))}4,"${'x'.repeat(70_000)}",a,b,active,c\n`],
    ['more than 256 columns', `id,email${',x'.repeat(260)}\n1,a@example.com${',y'.repeat(260)}\n`],
    ['one column only', 'id\n1\n2\n'],
  ])('refuses a file with %s', async (_case, text) => {
    await start({ 'users.csv': text });
    const result = await read();
    expect(result).toMatchObject({ complete: false, error: expect.anything() });
    expect(result.users.size).toBe(0);
  });

  it('leaves who stands in two rows as they are, and refuses a file with many of them', async () => {
    await start({ 'users.csv': sheet(...lines(300), line('7', 'Bo,Berg,active,Bar')) });
    const one = await read();
    expect(one).toMatchObject({ complete: true });
    expect(one.users.has('7')).toBe(false);
    expect(one.users.size).toBe(299);
    contents = { 'users.csv': sheet(...lines(300), ...lines(3)) };
    expect((await read()).error).toMatchObject({ code: 'incomplete_listing' });
  });

  it('signs in where the password is asked for in a dialogue', async () => {
    await start({ 'users.csv': sheet(...lines(3)) }, { isInteractive: true });
    expect((await read()).users.size).toBe(3);
    expect((await read({ password: 'wrong' })).error).toMatchObject({ code: 'invalid_credentials' });
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

/** Users whose manifest says when they were exported. */
function made(at: string, count: number): Contents {
  const files = marked(sheet(...lines(count)), {});
  const manifest = JSON.parse(String(files['manifest.json'])) as Record<string, JsonValue>;
  return { ...files, 'manifest.json': JSON.stringify({ ...manifest, generated_at: at }) };
}

/** A file of users with the manifest that describes it, or does not. */
function marked(text: string, otherwise: Record<string, JsonValue>, complete = true): Contents {
  const sha256 = createHash('sha256').update(text).digest('hex');
  const file = { name: 'users.csv', bytes: Buffer.byteLength(text), sha256, ...otherwise };
  return { 'users.csv': text, 'manifest.json': JSON.stringify({ format: '1', complete, files: [file] }) };
}
