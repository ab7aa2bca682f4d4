import { gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { CsvFolder } from '../../../test-support/csv-folder.js';

const HEADER = 'id,email,first name';
const sheet = (count: number): string =>
  `${[HEADER, ...Array.from({ length: count }, (_, id) => `${id + 1},p${id + 1}@example.com,Ada`)].join('\n')}\n`;
const members = (count: number): string =>
  `${['group_id,idp_id', ...Array.from({ length: count }, (_, id) => `kitchen,${id + 1}`)].join('\n')}\n`;
const GROUPS = 'group_id,group_name\nkitchen,Kitchen\n';
const FAR = new Date('2036-01-01T00:00:00Z');
const manifest = (generatedAt: string, rows: number): string =>
  JSON.stringify({ generated_at: generatedAt, files: [{ name: 'users.csv', rows }] });
const hours = (folder: CsvFolder, count: number): CsvFolder => {
  folder.time.advance(count * 3_600_000);
  return folder;
};

/** Files that are well-formed, and from which the wrong thing would follow. */
describe('files that mislead', () => {
  it('are not read in the order of names whose days come first, which would keep the oldest for ever', async () => {
    const folder = new CsvFolder().put('users.28022026.csv', sheet(5));
    for (const name of ['users.01032026.csv', 'users.02032026.csv']) {
      expect((await folder.run()).error).toMatchObject({
        code: 'config_error',
        message: expect.stringContaining('is no date of the form YYYYMMDD'),
      });
      folder.put(name, sheet(3));
    }
    folder.drop('users.28022026.csv', 'users.01032026.csv', 'users.02032026.csv');
    expect((await folder.put('users.20260302.csv', sheet(3)).run()).users.size).toBe(3);
  });

  it.each(['20260230', '20261301', '20260302T250000Z'])('have no time %s in their names', async (stamp) => {
    const { error } = await new CsvFolder().put(`users.${stamp}.csv`, sheet(2)).run();
    expect(error).toMatchObject({ code: 'config_error', message: expect.stringContaining(stamp) });
  });

  it('may have such a number where they are numbered', async () => {
    const folder = new CsvFolder({ numbered: true }).put('users.20269999.csv', sheet(2));
    expect(await folder.run()).toMatchObject({ complete: true, error: null });
  });

  it('are not believed to be the newest when their time is still to come', async () => {
    const named = new CsvFolder().put('users.20360101.csv', sheet(5));
    expect((await named.run()).error).toMatchObject({ message: expect.stringContaining('still to come') });
    const said = new CsvFolder().put('users.csv', sheet(5)).put('manifest.json', manifest('2036-01-01', 5));
    expect((await said.run()).error).toMatchObject({ message: expect.stringContaining('still to come') });
    const written = new CsvFolder().put('users.csv', sheet(5), FAR);
    expect((await written.run()).error).toMatchObject({ message: expect.stringContaining('still to come') });
  });

  it('do not stand in the way of later ones when they were read while their time was still to come', async () => {
    const long = new Date('2036-01-02T00:00:00Z').getTime();
    const folders = [
      new CsvFolder().put('users.20360101.csv', sheet(5)),
      new CsvFolder().put('users.csv', sheet(5)).put('manifest.json', manifest('2036-01-01', 5)),
      new CsvFolder().put('users.csv', sheet(5), FAR),
    ];
    for (const [index, folder] of folders.entries()) {
      const now = folder.time.clock.now().getTime();
      folder.time.advance(long - now);
      expect(await folder.run()).toMatchObject({ complete: true, error: null });
      folder.time.advance(now - long);
      folder.drop('users.20360101.csv').put(index === 0 ? 'users.20260301.csv' : 'users.csv', sheet(3));
      if (index === 1) folder.put('manifest.json', manifest('2026-03-01', 3));
      expect((await folder.run()).users.size).toBe(3);
    }
  });

  it.each([
    ['groups.csv', 'group_id,group_name\n'],
    ['memberships.csv', 'group_id,idp_id\n'],
  ])('empty no group when %s has a header and nothing else', async (name, header) => {
    const folder = new CsvFolder().put('users.csv', sheet(3)).put('groups.csv', GROUPS);
    if (name === 'memberships.csv') folder.put(name, members(3));
    expect((await folder.run()).error).toBeNull();
    const emptied = await hours(folder, 7).put('users.csv', sheet(4)).put(name, header).run();
    expect(emptied.covered).toEqual([]);
    expect(emptied.error).toMatchObject({
      code: 'incomplete_listing',
      message: expect.stringContaining(`${name} has a header and no row`),
    });
    const first = new CsvFolder().put('users.csv', sheet(3)).put('groups.csv', GROUPS);
    expect(await first.put('memberships.csv', 'group_id,idp_id\n').run()).toMatchObject({ error: null });
  });

  it('end no membership when the file of memberships has shrunk much and nothing says that it is whole', async () => {
    const folder = new CsvFolder().put('users.csv', sheet(300)).put('groups.csv', GROUPS);
    await folder.put('memberships.csv', members(300)).run();
    const cut = await hours(folder, 7).put('memberships.csv', members(200)).run();
    expect(cut).toMatchObject({ error: null, complete: true, covered: [] });
    const marked = await hours(folder, 7).put('memberships.csv', members(100)).put('done', '').run();
    expect(marked.covered).toContain('memberships');
  });

  it('know people by an address in whatever case it is written', async () => {
    const text = (ada: string): string => `id,first name,manager id\n${ada},Ada,\nbo@example.com,Bo,${ada}\n`;
    const folder = new CsvFolder().put('users.csv', text('Ada@Example.com'));
    const [first, second] = [
      await folder.run(),
      await hours(folder, 7).put('users.csv', text('\u200Bada@example.COM')).run(),
    ];
    expect([...first.users.keys()]).toEqual(['ada@example.com', 'bo@example.com']);
    expect([...second.users.keys()]).toEqual([...first.users.keys()]);
    expect(second.users.get('bo@example.com')?.customAttributes).toMatchObject({
      manager_id: 'ada@example.com',
    });
  });

  it.each([
    ['#REF!', 'has changed it'],
    ['#N/A', 'has changed it'],
    ['1.23457E+11', 'has changed it'],
  ])('make nobody of the id %s that a spreadsheet has left', async (id, text) => {
    const { error } = await new CsvFolder().put('users.csv', `${sheet(300)}${id},p@example.com,Ada\n`).run();
    expect(error).toMatchObject({ code: 'incomplete_listing', message: expect.stringContaining(text) });
  });

  it('have strangers in them when a spreadsheet has put ".0" behind all ids', async () => {
    const text = sheet(20).replaceAll(/^(\d+),/gm, '$1.0,');
    expect((await new CsvFolder().put('users.csv', text).run()).error?.message).toMatch(/all end with "\.0"/);
    expect((await new CsvFolder().put('users.csv', `${text}x,x@example.com,Ada\n`).run()).error).toBeNull();
  });

  it.each<[string, Buffer, RegExp]>([
    ['users.csv', Buffer.from('PK\u0003\u0004rest of a workbook'), /ZIP archive or a workbook.*\.csv\.gz/],
    ['users.csv', gzipSync(sheet(3)), /compressed with gzip: call it \.csv\.gz/],
    ['users.zip', Buffer.from('PK\u0003\u0004'), /Archives are not unpacked.*\.csv\.gz/],
    ['users.xlsx', Buffer.from('PK\u0003\u0004'), /save them as CSV/],
  ])('are of another kind, which %s does not say: the error does', async (name, content, text) => {
    const { error } = await new CsvFolder().put(name, content).run();
    expect(error?.message).toMatch(text);
  });

  it('are told apart: all lines too long, and a last line too short', async () => {
    const long = sheet(5).replaceAll('Ada', 'Ada,');
    expect((await new CsvFolder().put('users.csv', long).run()).error?.message).toMatch(/5 of 5 lines/);
    const cut = sheet(5).slice(0, -10);
    expect((await new CsvFolder().put('users.csv', cut).run()).error?.message).toMatch(/breaks off/);
  });
});
