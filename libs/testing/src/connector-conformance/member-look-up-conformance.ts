import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { SourceError } from '#connectors';
import type { SnapshotFinding, SnapshotMembership } from '#model';
import type { FakeMember } from '../fake-source/fake-tenant.js';
import { askFake, openWorld, type Subject, type World } from './conformance-world.js';
import { NO_ANSWER, notAnswered, UNCLEAR } from './look-up-conformance.js';

type Edge = readonly [group: number, member: FakeMember];

const user = (index: number): FakeMember => ({ kind: 'user', index });
const group = (index: number): FakeMember => ({ kind: 'group', index });

/** What asking for single memberships proves, and what it does not. Groups begin with the people 0 to 3. */
export function conformsInMemberLookUp({ connector, fake }: Subject): void {
  let w: World;
  beforeEach(async () => void (w = await openWorld({ connector, fake })));
  afterEach(() => w.server.close());

  const idOf = ({ kind, index }: FakeMember): string =>
    kind === 'user' ? fake.userId(index) : fake.groupId(index);

  /** Answers in the order of what was asked. */
  const lookUp = async (edges: readonly Edge[]): Promise<(SnapshotFinding | undefined)[]> => {
    const asked = edges.map(([index, member]): SnapshotMembership => ({
      groupId: fake.groupId(index),
      member: { kind: member.kind, id: idOf(member) },
    }));
    const found = await askFake(w, (source) => source.lookUpMembers?.(asked) ?? Promise.reject(new Error()));
    expect([...found.keys()].filter((key) => !asked.includes(key))).toEqual([]);
    return asked.map((one) => found.get(one));
  };

  it('tells who is a member and who is none, whatever the list says', async () => {
    w.tenant.hideMember(0, user(1));
    w.tenant.removeMember(0, user(2));
    const { members } = await w.read();
    expect(members).not.toContain(`${fake.groupId(0)} > user:${fake.userId(1)}`);
    expect(members).toContain(`${fake.groupId(0)} > user:${fake.userId(0)}`);
    expect(
      await lookUp([
        [0, user(0)],
        [0, user(1)],
        [0, user(2)],
        [0, user(5)],
        [6, user(1)],
        [6, user(5)],
      ]),
    ).toEqual(['present', 'present', 'gone', 'gone', 'present', 'gone']);
  });

  if (fake.nestsGroups === true)
    it('tells direct members from those who are in a group by way of another', async () => {
      w.tenant.addMember(0, group(1));
      w.tenant.hideMember(0, group(1));
      w.tenant.addMember(1, user(5));
      expect(
        await lookUp([
          [0, group(1)],
          [1, group(0)],
          [1, user(5)],
          [0, user(5)],
        ]),
      ).toEqual(['present', 'gone', 'present', 'gone']);
    });

  it('says of people and groups that are not there nothing that keeps or takes anybody', async () => {
    w.tenant.remove('user', 3);
    w.tenant.remove('group', 5);
    const [ofPerson, ofGroup] = await lookUp([
      [0, user(3)],
      [5, user(1)],
    ]);
    expect(ofPerson).toBe(fake.deniesStrangers === true ? 'gone' : undefined);
    expect(ofGroup).not.toBe('present');
  });

  it.each(UNCLEAR)('takes nobody for gone when the answer is %j', async (fault) => {
    const call = fake.calls.memberLookUp as string;
    const handle = w.server.fail({ call, times: Infinity, fault });
    const answers = await lookUp([[0, user(5)]]).catch((error: unknown) => {
      expect(error).toBeInstanceOf(SourceError);
      return [];
    });
    expect(handle.fired()).toBeGreaterThan(0);
    expect(answers).not.toContain('gone');
  });

  it.each(NO_ANSWER)('says that there was no answer when it was %j', async (fault) => {
    w.server.fail({ call: fake.calls.memberLookUp as string, times: Infinity, fault });
    const ask = async (): Promise<unknown> => (await lookUp([[0, user(1)]]))[0];
    expect(await ask().catch(notAnswered)).toBe('unanswered');
  });
}
