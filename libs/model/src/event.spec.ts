import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '#kernel';
import { eventBody, type EventEnvelope } from './event.js';
import type { DirectoryGroup } from './group.js';
import type { DirectoryUser } from './user.js';
import { directoryGroupWire, directoryUserWire } from './wire.js';

const PLACE = {
  id: 'event_01KB7XQ0000000000000000000',
  directoryId: 'directory_01KB7XQ0000000000000000000',
  sequence: 41,
  createdAt: '2026-11-29T10:00:00.000Z',
} as const;
const AWKWARD = 'a "quoted" \\ name,\n\u2028 \u0000 \ud83d\ude00 {"id":1}';

describe('eventBody', () => {
  it('says where an event stands and what it is about, in the order of the contract', () => {
    const body = eventBody({ ...PLACE, type: 'dsync.deleted', data: { name: AWKWARD } });
    expect(JSON.parse(body)).toEqual({
      id: PLACE.id,
      event: 'dsync.deleted',
      data: { name: AWKWARD },
      created_at: PLACE.createdAt,
      object: 'event',
      context: {},
      directory_id: PLACE.directoryId,
      sequence: 41,
    });
  });

  it('names no directory for an event of the environment', () => {
    const body = eventBody({ ...PLACE, directoryId: null, type: 'organization.created', data: {} });
    expect(JSON.parse(body)).not.toHaveProperty('directory_id');
  });

  it('carries both ends of a membership as they are shown elsewhere', () => {
    expect(dataOf(membership(user('u1'), group('g1')))).toEqual({
      directory_id: PLACE.directoryId,
      user: directoryUserWire(user('u1')),
      group: directoryGroupWire(group('g1')),
    });
  });

  it('tells the users and groups of one batch apart, and the states of one user', () => {
    const [red, blue] = [group('g1'), group('g2')];
    const [ann, bob] = [user('u1'), user('u2')];
    const later = { ...ann, jobTitle: 'Lead' };
    const events = [ann, bob, later].flatMap((who) => [membership(who, red), membership(who, blue)]);
    const named = events.map(dataOf).map((data) => `${idIn(data['user'])} in ${idIn(data['group'])}`);
    const twoInTwo = ['u1 in g1', 'u1 in g2', 'u2 in g1', 'u2 in g2'];
    expect(named).toEqual([...twoInTwo, 'u1 in g1', 'u1 in g2']);
    expect(dataOf(membership(later, red))['user']).toMatchObject({ job_title: 'Lead' });
  });

  it.each([
    ['about one', { ...PLACE, type: 'dsync.deleted', data: { deep: [AWKWARD, null, 1.5, { x: {} }] } }],
    ['of a membership', membership(user(AWKWARD), group(AWKWARD))],
  ] satisfies [string, EventEnvelope][])('is what serializing it again gives, %s', (_, event) => {
    const body = eventBody(event);
    expect(JSON.stringify(JSON.parse(body))).toBe(body);
  });
});

function membership(who: DirectoryUser, team: DirectoryGroup): EventEnvelope {
  return { ...PLACE, type: 'dsync.group.user_added', membership: { user: who, group: team } };
}

function dataOf(event: EventEnvelope): JsonObject {
  return (JSON.parse(eventBody(event)) as { data: JsonObject }).data;
}

function idIn(entity: unknown): string {
  return (entity as { id: string }).id;
}

function own(id: string) {
  return {
    id,
    environmentId: 'environment_1',
    organizationId: 'organization_1',
    directoryId: PLACE.directoryId,
    externalId: null,
    idpId: id,
    raw: { note: AWKWARD },
    pendingRemoval: false,
    version: 1,
    createdAt: PLACE.createdAt,
    updatedAt: PLACE.createdAt,
  };
}

function user(id: string): DirectoryUser {
  return {
    ...own(id),
    userName: `${id}@example.com`,
    email: null,
    emails: [],
    firstName: AWKWARD,
    lastName: null,
    name: null,
    jobTitle: null,
    active: true,
    stateReason: null,
    customAttributes: {},
  };
}

function group(id: string): DirectoryGroup {
  return { ...own(id), name: AWKWARD, lastModified: PLACE.createdAt };
}
