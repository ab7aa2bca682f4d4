import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '#kernel';
import { readConfig } from './config.js';
import { mapDeletion, mapGroup } from './map-group.js';
import { mapUser } from './map-user.js';

const user = (over: JsonObject = {}, profile: JsonObject = {}): JsonObject => ({
  id: '00u1',
  status: 'ACTIVE',
  profile: { login: 'ada', email: 'ada@example.com', firstName: 'Ada', lastName: 'Ahn', ...profile },
  ...over,
});

describe('Okta user', () => {
  it.each([
    ['ACTIVE', true, null],
    ['LOCKED_OUT', true, null],
    ['PASSWORD_EXPIRED', true, null],
    ['RECOVERY', true, null],
    ['STAGED', false, 'pending'],
    ['PROVISIONED', false, 'pending'],
    ['SUSPENDED', false, 'suspended'],
    ['DEPROVISIONED', false, 'terminated'],
  ])('%s', (status, active, stateReason) => {
    expect(mapUser(user({ status }))).toMatchObject({ kind: 'user', user: { active, stateReason } });
  });

  it.each(['ASLEEP', 'constructor', '__proto__'])(
    'of a status that nobody knows is set aside: %s',
    (status) => {
      expect(mapUser(user({ status }))).toMatchObject({ kind: 'invalid', id: '00u1' });
    },
  );

  it('has an attribute under its name, even one that every object has', () => {
    expect(mapUser(user({}, { constructor: 'Ford' }))).toMatchObject({
      user: { customAttributes: { constructor: 'Ford' } },
    });
  });

  it('keeps what has no column as a custom attribute, under the usual name', () => {
    const profile = { title: 'Chair', department: 'Sales', shoeSize: 43, secondEmail: 'a@example.org' };
    expect(mapUser(user({ lastLogin: 'x', lastUpdated: 'y' }, profile))).toMatchObject({
      user: {
        jobTitle: 'Chair',
        customAttributes: { department_name: 'Sales', shoeSize: 43 },
        emails: [
          { primary: true, value: 'ada@example.com' },
          { primary: false, value: 'a@example.org' },
        ],
        raw: expect.not.objectContaining({ lastLogin: 'x', lastUpdated: 'y' }),
      },
    });
  });
});

describe('Okta groups and deletions', () => {
  const config = (answers: JsonObject = {}): ReturnType<typeof readConfig> =>
    readConfig({ org_url: 'https://x.okta.com/', auth_mode: 'api_token', api_token: 't', ...answers });
  const group = (type: string): JsonObject => ({ id: '00g1', type, profile: { name: 'A' } });

  it.each([
    ['OKTA_GROUP', {}, 'group'],
    ['A_NEW_TYPE', {}, 'group'],
    ['APP_GROUP', {}, 'group'],
    ['APP_GROUP', { app_groups: false }, 'removed'],
    ['BUILT_IN', {}, 'removed'],
    ['BUILT_IN', { built_in_groups: true }, 'group'],
  ])('%s with %j', (type, answers, kind) => {
    expect(mapGroup(group(type), config(answers)).kind).toBe(kind);
  });

  it('takes the address without its slash', () => {
    expect(config().orgUrl).toBe('https://x.okta.com');
    expect(config({ org_url: 'https://X.Okta.com' }).orgUrl).toBe('https://x.okta.com');
  });

  it('names what the log says was deleted, wherever it stands among the targets', () => {
    const target = [
      { type: 'AppInstance', id: '0oa1' },
      { type: 'User', id: '00u1' },
    ];
    expect(mapDeletion({ eventType: 'user.lifecycle.delete.completed', target })).toEqual([
      { kind: 'removed', of: 'user', id: '00u1', reason: 'deleted' },
    ]);
  });
});
