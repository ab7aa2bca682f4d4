import { afterEach, describe, expect, it } from '@jest/globals';
import type { JsonValue } from '#kernel';
import {
  fakeCsvSftp,
  FakeTenant,
  fakeTime,
  readSource,
  startFakeCsv,
  type FakeServer,
  type ReadResult,
} from '#testing';
import type { Connector } from '../../sdk/contract.js';
import connector from './index.js';

const OLD = new Date('2026-03-01T03:00:00Z');
const HEADER = 'id,email,first name,last name,state,department';
const line = (id: string, rest = 'Ada,Ahn,active,Kitchen'): string => `${id},p${id}@example.com,${rest}`;
const sheet = (...rows: readonly string[]): string => `${[HEADER, ...rows].join('\n')}\n`;
const lines = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => line(String(index + 1)));

type Contents = Readonly<Record<string, string | Buffer>>;

/** Lines, and words about files, of which a part is wrong. */
describe('csv-sftp', () => {
  const time = fakeTime();
  let contents: Contents = {};
  let times: Readonly<Record<string, Date>> = {};
  let server: FakeServer;
  afterEach(() => server.close());

  async function start(given: Contents): Promise<void> {
    [contents, times] = [given, {}];
    const files = () =>
      new Map(
        Object.entries(contents).map(([name, text]) => [
          name,
          { content: Buffer.from(text), modifiedAt: times[name] ?? OLD },
        ]),
      );
    const tenant = new FakeTenant({ users: 0, groups: 0, membersPerGroup: 0 }, time.clock);
    server = await startFakeCsv(tenant, { files });
  }

  function read(previous?: ReadResult['cursors']): Promise<ReadResult> {
    const answers = fakeCsvSftp.answers(server.url);
    return readSource(connector as Connector, { time, answers, ...(previous && { previous }) });
  }

  const again = (last: ReadResult): Promise<ReadResult> => read(last.cursors);
  const namesOf = ({ groups }: ReadResult): string[] => [...groups.values()].map(({ name }) => name).sort();

  describe('with lines that are not to be believed', () => {
    const many = lines(150);
    const members = (...rows: readonly string[]): string =>
      ['group_id,idp_id', ...Array.from({ length: 150 }, (_, index) => `a,${index + 1}`), ...rows, ''].join(
        '\n',
      );
    const groups = (...rows: readonly string[]): string =>
      [
        'group_id,group_name,parent_group_id',
        'a,Bar,',
        ...rows,
        ...Array.from({ length: 130 }, (_, index) => `g${index},G${index},a`),
        '',
      ].join('\n');
    const unknown = ({ invalid }: ReadResult): unknown[] =>
      invalid.filter(({ of }) => of === 'membership').map(({ id }) => id);

    it('keeps somebody whose line is broken, and their memberships', async () => {
      const broken = [...many.slice(0, 6), `${many[6]},one,too,many`, ...many.slice(7)];
      await start({ 'users.csv': sheet(...broken), 'groups.csv': groups(), 'memberships.csv': members() });
      const result = await read();
      expect(result).toMatchObject({ complete: true, error: null });
      expect(result.invalid.map(({ of, id }) => [of, id])).toEqual([['user', '7']]);
      expect(result.members).toContain('a > user:7');
    });

    it('believes no id behind the place where a line may be broken', async () => {
      const swapped = (text: string): string => text.replace(/^([^,]*),([^,]*)/, '$2,$1');
      const users = [HEADER, ...many].map(swapped);
      users[7] = `a,b,${users[7]}`;
      await start({
        'users.csv': `${users.join('\n')}\n`,
        'groups.csv': groups(),
        'memberships.csv': members(),
      });
      const result = await read();
      expect(result.invalid.filter(({ of }) => of === 'user').map(({ id }) => id)).toEqual([null]);
      expect(unknown(result)).toEqual([null]);
    });

    it.each([
      ['with too few columns', 'a', 'a'],
      ['without a person', 'a,', 'a'],
      ['without a group', ',7', null],
      ['with U+0000 in it', 'a,7\u0000', 'a'],
    ])('ends no membership for a line %s', async (_case, row, group) => {
      await start({
        'users.csv': sheet(...many),
        'groups.csv': groups(),
        'memberships.csv': members(row, 'a,1'),
      });
      const result = await read();
      expect(result).toMatchObject({ complete: true, error: null });
      expect(unknown(result)).toEqual([group]);
    });

    it('removes no group for a broken line, and keeps one without a name in its place', async () => {
      const ofGroups = groups('b,Bar, the small one,d,too many', 'c,,a')
        .replace('parent_group_id', 'parent_group_id,operation')
        .replaceAll(/^(a|g\d+|c),(.*)$/gm, '$1,$2,');
      await start({ 'users.csv': sheet(...many), 'groups.csv': ofGroups, 'memberships.csv': members() });
      const result = await read();
      expect(result.removed).toEqual([]);
      expect(result.invalid.filter(({ of }) => of === 'group').map(({ id }) => id)).toEqual(['b', 'c']);
      expect(result.members).toContain('a > group:c');
      expect(unknown(result)).toEqual([null]);
    });

    it('stores no character that cannot be stored, nor an id that no index takes', async () => {
      const rows = [
        line('8\u0000'),
        line('9'.repeat(300)),
        line('10', 'Bo,Berg,active,Kit\u0000chen'),
        line('11', `Bo,Berg,active,${'x'.repeat(300)}`),
      ];
      await start({ 'users.csv': sheet(...rows, line('12')) });
      const result = await read();
      expect(result.invalid.filter(({ of }) => of === 'user').map(({ id }) => id)).toEqual([
        null,
        null,
        '10',
        '11',
      ]);
      expect(unknown(result)).toContain(null);
      expect(JSON.stringify([...result.groups, ...result.members])).not.toContain('u0000');
      expect(namesOf(result)).toEqual(['Kitchen']);
    });

    it('counts nobody as missing where a quote has swallowed lines', async () => {
      const swallowed = `151,"p151@example.com,Ada\n${many.join('\n')}",Ada,Ahn,active,Kitchen`;
      await start({ 'users.csv': sheet(swallowed, line('152')) });
      const { invalid } = await read();
      expect(invalid.filter(({ of }) => of === 'user').map(({ id }) => id)).toEqual([null]);
    });
  });

  it.each<[string, JsonValue, RegExp]>([
    ['names no file', { files: [] }, /manifest\.json does not name users\.csv/],
    ['has a sum that is none', { files: [{ name: 'users.csv', sha256: 'abc' }] }, /"sha256"/],
    ['has a number that is none', { files: [{ name: 'users.csv', rows: 'many' }] }, /"rows"/],
    ['counts otherwise, as text', { files: [{ name: 'users.csv', rows: '4' }] }, /has 3 rows/],
  ])('takes nothing over with a manifest that %s', async (_case, manifest, problem) => {
    await start({ 'users.csv': sheet(...lines(3)), 'manifest.json': JSON.stringify(manifest) });
    const result = await read();
    expect(result.error?.message).toMatch(problem);
    expect(result.users.size).toBe(0);
  });

  it('does not take a manifest for a word about a file that came after it', async () => {
    const manifest = JSON.stringify({ complete: true, files: [{ name: 'users.csv' }] });
    await start({ 'users.csv': sheet(...lines(3)), 'manifest.json': manifest });
    expect(await read()).toMatchObject({ complete: true });
    times = { 'users.csv': new Date(OLD.getTime() + 3_600_000) };
    expect((await read()).error?.message).toMatch(/manifest\.json is older than users\.csv/);
  });

  it('takes nothing over from a file whose mark of UTF-8 is wrong', async () => {
    const latin = Buffer.from(sheet(line('1', 'Zo\u00eb,Ahn,active,Kitchen')), 'latin1');
    await start({ 'users.csv': Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), latin]) });
    const result = await read();
    expect(result.error).toMatchObject({
      code: 'source_changed_shape',
      message: expect.stringContaining('mark of UTF-8'),
    });
    expect(result.users.size).toBe(0);
  });

  it('notices another content of the same size under the same time', async () => {
    await start({ 'users.csv': sheet(line('1'), line('2')) });
    const first = await read();
    contents = { 'users.csv': sheet(line('1'), line('3')) };
    const second = await again(first);
    expect([...second.users.keys()]).toEqual(['1', '3']);
    expect(await again(second)).toMatchObject({ complete: true, covered: [], users: new Map() });
  });

  it('tries again when a file is renamed while it is read', async () => {
    await start({ 'users.csv': sheet(...lines(3)), 'users.csv.done': '' });
    server.fail({ call: 'users', times: 1, fault: { kind: 'status', status: 404 } });
    const result = await read();
    expect(result).toMatchObject({ complete: false, error: { code: 'source_unavailable' } });
  });
});
