import { afterEach, expect, it } from '@jest/globals';
import type { FakePerson } from '../fake-source/fake-tenant.js';
import {
  expectWhole,
  hasGroups,
  openWorld,
  PAGE,
  SIZE,
  type Subject,
  type World,
} from './conformance-world.js';

/** A full run that nothing disturbs. */
export function conformsInFull(subject: Subject): void {
  const { fake } = subject;
  let w: World | undefined;
  afterEach(async () => w?.server.close());

  const none = fake.refusesEmpty === true ? [] : [0];
  it.each([...none, 1, PAGE - 1, PAGE, PAGE + 1, 3 * PAGE])(
    'reads %i people, groups and members, every page once',
    async (count) => {
      w = await openWorld(subject, { users: count, groups: count, membersPerGroup: count });
      const result = await w.read();
      expect(result.error).toBeNull();
      expect(result.complete).toBe(true);
      expectWhole(w, result);
      const attempts = fake.countsLists === false && count === 1 ? 2 : 1;
      expect(w.server.calls.filter((call) => call.attempt > attempts)).toEqual([]);
    },
  );

  it('finds the same records in the same input', async () => {
    w = await openWorld(subject);
    const [first, second] = [await w.read(), await w.read()];
    expect([...second.users.values()]).toEqual([...first.users.values()]);
    expect([...second.groups.values()]).toEqual([...first.groups.values()]);
    expect(second.members).toEqual(first.members);
  });

  it('goes on from every checkpoint, to the same end', async () => {
    w = await openWorld(subject, hasGroups(fake) ? { groups: 25 } : { users: 25 });
    const whole = await w.read();
    expect(whole.checkpoints.length).toBeGreaterThanOrEqual(fake.hasPages === false ? 0 : 4);
    expect(new Set(whole.checkpoints.map(({ stream, next }) => JSON.stringify([stream, next]))).size).toBe(
      whole.checkpoints.length,
    );
    for (const from of whole.checkpoints) {
      w.server.calm();
      const resumed = await w.read({ from });
      expect(resumed.complete).toBe(true);
      expect([...resumed.cursors.keys()]).toEqual(
        expect.arrayContaining(whole.cursors.has(from.stream) ? [from.stream] : []),
      );
      // What was read before is not read again.
      const isList = from.stream === 'users' || from.stream === 'groups';
      const call = isList && fake.hasConnections !== true ? fake.calls[from.stream as 'users'] : '';
      expect(w.server.calls.filter((asked) => asked.call === call && asked.page === 1)).toEqual([]);
      expectWhole(w, resumed);
    }
  });

  it('tells active, suspended, pending and archived people apart', async () => {
    w = await openWorld(subject);
    const states = Object.keys(fake.states) as FakePerson['state'][];
    states.forEach((state, index) => w?.tenant.change(index, { state }));
    const { users } = await w.read();
    for (const [index, state] of states.entries())
      expect({ state, ...users.get(fake.userId(index)) }).toMatchObject({ state, ...fake.states[state] });
  });

  it('maps names, address and title, and keeps the vendor’s record', async () => {
    w = await openWorld(subject);
    const person = w.tenant.person(2) as FakePerson;
    const user = (await w.read()).users.get(fake.userId(2));
    expect(user).toMatchObject({
      userName: person.login,
      email: person.email,
      firstName: person.firstName,
      lastName: person.lastName,
      jobTitle: person.title,
    });
    expect(user?.emails.filter((email) => email.primary === true)).toHaveLength(1);
    expect(JSON.stringify(user?.raw)).toContain(fake.userId(2));
  });

  it('sets a record aside that cannot be read, and reads the others', async () => {
    w = await openWorld(subject);
    w.tenant.change(1, { broken: true });
    const result = await w.read();
    expect(result.complete).toBe(true);
    expect(result.invalid).toMatchObject([{ of: 'user', id: fake.userId(1) }]);
    expect(result.users.size).toBe(SIZE.users - 1);
  });
}
