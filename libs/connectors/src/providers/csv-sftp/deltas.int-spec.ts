import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { CsvFolder } from '../../../test-support/csv-folder.js';

const HEADER = 'id,email,first name,last name,department';
const person = (id: string, department = 'Kitchen', first = 'Ada'): string =>
  `${id},p${id}@example.com,${first},Ahn,${department}`;
const full = (...rows: readonly string[]): string => `${[HEADER, ...rows].join('\n')}\n`;
const delta = (...rows: readonly string[]): string => `${[`${HEADER},operation`, ...rows].join('\n')}\n`;
const leaver = (id: string, word = 'terminate'): string => `${id},,,,,${word}`;

/** Full and delta files in one folder: uploads, which need no server. */
describe('delta files', () => {
  const T = (hour: number): string => `20260301T0${hour}0000Z`;

  it('change who they name, remove who they say is gone, and prove nothing about anybody else', async () => {
    const folder = new CsvFolder().put(`users.${T(1)}.csv`, full(person('1'), person('2'), person('3')));
    expect(await folder.run()).toMatchObject({ complete: true, covered: ['groups', 'memberships', 'users'] });
    folder.put(
      `users.delta.${T(2)}.csv`,
      delta(`${person('2', 'Bar')},update`, `${person('4')},add`, leaver('3')),
    );
    const result = await folder.run();
    expect(result).toMatchObject({ complete: true, error: null, covered: [], invalid: [] });
    expect([...result.users.keys()]).toEqual(['2', '4']);
    expect(result.removed).toEqual([`user:3 users.delta.${T(2)}.csv, line 4 says "terminate"`]);
    // Who changes the department leaves the old one.
    expect(result.removedMembers).toEqual(['department:name:kitchen > user:2']);
    expect([...result.members].sort()).toEqual([
      'department:name:bar > user:2',
      'department:name:kitchen > user:4',
    ]);
    const third = await folder.run();
    expect(third).toMatchObject({ complete: true, covered: [], removed: [] });
    expect(third.users.size).toBe(0);
  });

  it.each(['delete', 'DELETE', 'Removed', 'terminate', 'D', 'deactivate'])(
    'remove by the word %s',
    async (word) => {
      const folder = new CsvFolder().put(`users.${T(1)}.csv`, full(person('1'), person('2')));
      await folder.run();
      folder.put(`users.delta.${T(2)}.csv`, delta(leaver('2', word)));
      expect((await folder.run()).removed).toHaveLength(1);
    },
  );

  it('leave alone whom they name with a word that nobody knows', async () => {
    const folder = new CsvFolder().put(`users.${T(1)}.csv`, full(person('1'), person('2')));
    await folder.run();
    const result = await folder.put(`users.delta.${T(2)}.csv`, delta(leaver('2', 'vaporize'))).run();
    expect(result).toMatchObject({ complete: true, removed: [], invalid: [{ id: '2' }] });
    expect(result.invalid[0]?.problem).toMatch(/line 2.*"vaporize"/);
  });

  it('are applied in the order of their names, the last word counts', async () => {
    const folder = new CsvFolder().put(`users.${T(1)}.csv`, full(person('1'), person('2')));
    await folder.run();
    folder
      .put(`users.delta.${T(4)}.csv`, delta(`${person('1', 'Kitchen', 'Fourth')},update`, leaver('5')))
      .put(`users.delta.${T(3)}.csv`, delta(leaver('1'), `${person('5')},add`, leaver('2')));
    const result = await folder.run();
    expect([...result.users].map(([id, { firstName }]) => [id, firstName])).toEqual([['1', 'Fourth']]);
    expect(result.removed.map((text) => text.slice(0, 6)).sort()).toEqual(['user:2', 'user:5']);
  });

  it('are read together with new full files, and not again when they are older', async () => {
    const folder = new CsvFolder()
      .put(`users.delta.${T(1)}.csv`, delta(leaver('1')))
      .put(`users.${T(2)}.csv`, full(person('1'), person('2'), person('3')))
      .put(`users.delta.${T(3)}.csv`, delta(leaver('3'), `${person('4')},add`));
    const first = await folder.run();
    expect(first).toMatchObject({ complete: true, covered: ['groups', 'memberships', 'users'] });
    expect([...first.users.keys()].sort()).toEqual(['1', '2', '4']);
    expect(first.removed).toEqual([expect.stringMatching(/^user:3 /)]);
    // The next full file contains what the delta files said.
    const second = await folder.put(`users.${T(4)}.csv`, full(person('1'), person('3'))).run();
    expect(second).toMatchObject({ removed: [], covered: ['groups', 'memberships', 'users'] });
    expect([...second.users.keys()]).toEqual(['1', '3']);
  });

  it('stop at a number that is missing, until it or a full file comes', async () => {
    const folder = new CsvFolder({ numbered: true }).put('users.0010.csv', full(person('1'), person('2')));
    await folder.run();
    folder.put('users.delta.0011.csv', delta(leaver('2'))).put('users.delta.0013.csv', delta(leaver('1')));
    const partial = await folder.run();
    expect(partial).toMatchObject({ complete: false });
    expect(partial.removed).toEqual([expect.stringMatching(/^user:2 /)]);
    const stopped = await folder.run();
    expect(stopped).toMatchObject({
      complete: false,
      removed: [],
      error: { code: 'incomplete_listing', message: expect.stringContaining('12 is missing') },
    });
    const filled = await folder.put('users.delta.0012.csv', delta(`${person('3')},add`)).run();
    expect(filled).toMatchObject({
      complete: true,
      error: null,
      removed: [expect.stringMatching(/^user:1 /)],
    });
    expect([...filled.users.keys()]).toEqual(['3']);
  });

  it('go on behind a gap from the next full files', async () => {
    const folder = new CsvFolder({ numbered: true }).put('users.9.csv', full(person('1'), person('2')));
    await folder.run();
    folder.put('users.delta.11.csv', delta(leaver('2')));
    expect((await folder.run()).error).toMatchObject({ code: 'incomplete_listing' });
    const result = await folder.put('users.12.csv', full(person('1'))).run();
    expect(result).toMatchObject({
      complete: true,
      covered: ['groups', 'memberships', 'users'],
      removed: [],
    });
    expect((await folder.put('users.delta.13.csv', delta(`${person('7')},add`)).run()).users.has('7')).toBe(
      true,
    );
  });

  it.each(['a,', 'a,1,remove,b', ',1,remove', 'a,1\u0000,remove'])(
    'pass over no line of members that cannot be read: %j',
    async (row) => {
      const folder = new CsvFolder()
        .put(`users.${T(1)}.csv`, full(person('1'), person('2')))
        .put(`groups.${T(1)}.csv`, 'group_id,group_name\na,Bar\n')
        .put(`memberships.${T(1)}.csv`, 'group_id,idp_id\na,1\na,2\n');
      await folder.run();
      const many = Array.from({ length: 150 }, () => 'a,2,add');
      const text = ['group_id,idp_id,operation', row, ...many, ''].join('\n');
      const result = await folder.put(`memberships.delta.${T(2)}.csv`, text).run();
      expect(result).toMatchObject({
        complete: false,
        error: { message: expect.stringMatching(/delta.*, line 2: .*Nothing of it is taken over/) },
      });
    },
  );

  it('are not applied when they come after a later one', async () => {
    const folder = new CsvFolder().put(`users.${T(1)}.csv`, full(person('1'), person('2')));
    await folder.run();
    await folder.put(`users.delta.${T(3)}.csv`, delta(`${person('1', 'Bar')},update`)).run();
    const late = await folder.put(`users.delta.${T(2)}.csv`, delta(leaver('1'))).run();
    expect(late).toMatchObject({
      complete: false,
      removed: [],
      error: { code: 'incomplete_listing', message: expect.stringContaining('after a later delta file') },
    });
  });

  it('need full files before them, and an order', async () => {
    expect(
      (await new CsvFolder().put(`users.delta.${T(1)}.csv`, delta(leaver('1'))).run()).error,
    ).toMatchObject({
      code: 'config_error',
    });
    const unordered = new CsvFolder().put('users.csv', full(person('1')));
    await unordered.run();
    unordered.put(`users.delta.${T(1)}.csv`, delta(leaver('1')));
    const result = await unordered.run();
    expect(result.error).toMatchObject({ code: 'config_error', message: expect.stringContaining('no time') });
    expect(result.removed).toEqual([]);
  });

  it('leave untouched what they have no column for, and clear what is empty', async () => {
    const folder = new CsvFolder().put(`users.${T(1)}.csv`, full(person('1')));
    await folder.run();
    const result = await folder.put(`users.delta.${T(2)}.csv`, 'id,first name\n1,\n').run();
    expect(result.users.get('1')).toMatchObject({
      email: 'p1@example.com',
      lastName: 'Ahn',
      firstName: null,
    });
    expect([...result.members]).toEqual(['department:name:kitchen > user:1']);
  });

  it('ask for full files when what they build on is gone', async () => {
    const folder = new CsvFolder().put(`users.${T(1)}.csv`, full(person('1'), person('2')));
    await folder.run();
    folder.drop(`users.${T(1)}.csv`).put(`users.delta.${T(2)}.csv`, delta(`${person('1', 'Bar')},update`));
    expect(await folder.run()).toMatchObject({ complete: false, error: { code: 'incomplete_listing' } });
    // Who only leaves needs nothing to build on.
    folder.drop(`users.delta.${T(2)}.csv`).put(`users.delta.${T(3)}.csv`, delta(leaver('2')));
    expect((await folder.run()).removed).toEqual([expect.stringMatching(/^user:2 /)]);
  });

  it('are not taken over when they are cut off, or a spreadsheet has been at them', async () => {
    const folder = new CsvFolder().put(`users.${T(1)}.csv`, full(person('007'), person('2')));
    await folder.run();
    for (const text of [
      delta(leaver('2'), `${person('3')},add`).slice(0, -15),
      delta(leaver('7')),
      delta(leaver('1.23457E+11')),
      '',
    ]) {
      const result = await folder.put(`users.delta.${T(2)}.csv`, text).run();
      expect({ text, ...result }).toMatchObject({ text, complete: false, removed: [] });
    }
    expect(await folder.put(`users.delta.${T(2)}.csv`, delta()).run()).toMatchObject({
      complete: true,
      removed: [],
    });
  });

  it('change groups and memberships that stand in files of their own', async () => {
    const folder = new CsvFolder()
      .put(`groups.${T(1)}.csv`, 'group_id,group_name,parent_group_id\na,All,\nb,Bar,a\nc,Cooks,a\n')
      .put(`memberships.${T(1)}.csv`, 'group_id,idp_id\nb,1\nb,2\nc,1\n')
      .put(`users.${T(1)}.csv`, full(person('1'), person('2')));
    await folder.run();
    folder
      .put(
        `memberships.delta.${T(2)}.csv`,
        'group_id,idp_id,operation\nb,1,remove\nc,2,add\nc,2,remove\na,2,add\n',
      )
      .put(
        `groups.delta.${T(2)}.csv`,
        'group_id,group_name,parent_group_id,operation\nc,Cooks,b,update\nb,,,delete\n',
      );
    const result = await folder.run();
    expect(result).toMatchObject({ complete: true, error: null, covered: [] });
    expect(result.removed).toEqual([expect.stringMatching(/^group:b /)]);
    expect([...result.removedMembers].sort()).toEqual(['a > group:c', 'b > user:1', 'c > user:2']);
    expect([...result.members].sort()).toEqual(['a > user:2', 'b > group:c']);
  });

  it('are not finished by the marker of the time before, nor are full files', async () => {
    const folder = new CsvFolder({ require_marker: true })
      .put('users.csv', full(person('1'), person('2')))
      .put('done', '');
    expect((await folder.run()).users.size).toBe(2);
    folder.put('users.csv', full(person('1')));
    expect(await folder.run()).toMatchObject({ complete: true, covered: [] });
    expect((await folder.put('done', '').run()).covered).toContain('users');
  });

  it('wait for their own markers', async () => {
    const sum = (text: string): string => `${createHash('sha256').update(text).digest('hex')}  x\n`;
    const folder = new CsvFolder({ require_marker: true })
      .put(`users.${T(1)}.csv`, full(person('1'), person('2')))
      .put(`users.${T(1)}.csv.done`, '');
    await folder.run();
    const text = delta(leaver('2'));
    folder.put(`users.delta.${T(2)}.csv`, text);
    expect(await folder.run()).toMatchObject({ complete: true, removed: [] });
    folder.put(`users.delta.${T(2)}.csv.sha256`, sum('other'));
    expect(await folder.run()).toMatchObject({ complete: false, removed: [] });
    folder.put(`users.delta.${T(2)}.csv.sha256`, sum(text));
    expect((await folder.run()).removed).toHaveLength(1);
  });
});
