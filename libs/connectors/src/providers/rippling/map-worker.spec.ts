import { beforeAll, describe, expect, it } from '@jest/globals';
import type { JsonObject } from '#kernel';
import type { SnapshotRecord, SnapshotUser } from '#model';
import { Catalog } from './catalog.js';
import type { RipplingClient } from './client.js';
import { readConfig } from './config.js';
import { WorkerMapper } from './map-worker.js';

const NOW = new Date('2026-03-02T08:00:00Z');

let catalog: Catalog;
beforeAll(async () => {
  const client = { all: async () => ({ items: [], next: null, redacted: [] }) };
  catalog = await Catalog.read(client as unknown as RipplingClient, readConfig({ api_token: 't' }));
});

const worker = (fields: JsonObject = {}): JsonObject => ({
  id: 'w1',
  created_at: '2024-01-01T00:00:00Z',
  updated_at: '2024-01-01T00:00:00Z',
  user_id: 'u1',
  user: {
    id: 'u1',
    username: 'ada@example.com',
    name: { given_name: 'Ada', family_name: 'Ahn' },
    emails: [{ value: 'ada@example.com', type: 'WORK' }],
  },
  start_date: '2024-02-01',
  end_date: null,
  number: 7,
  work_email: 'ada@example.com',
  status: 'ACTIVE',
  title: 'Engineer',
  ...fields,
});

function mapAll(
  value: JsonObject,
  answers: JsonObject = {},
  redacted: readonly string[] = [],
): readonly SnapshotRecord[] {
  const mapper = new WorkerMapper(readConfig({ api_token: 't', ...answers }));
  return mapper.map(value, { redacted, catalog, now: NOW }).records;
}

function map(value: JsonObject, answers: JsonObject = {}): SnapshotUser {
  const [record] = mapAll(value, answers);
  if (record?.kind !== 'user') throw new Error(JSON.stringify(record));
  return record.user;
}

describe('the state of a worker', () => {
  const ACTIVE = { active: true, stateReason: null };
  const PENDING = { active: false, stateReason: 'pending' };
  const GONE = { active: false, stateReason: 'terminated', upcoming: null };

  it.each<[string, JsonObject, object]>([
    ['works here', {}, { ...ACTIVE, upcoming: null }],
    ['was begun to be hired', { status: 'INIT', start_date: null }, { ...PENDING, upcoming: null }],
    ['was never hired, whatever the day', { status: 'INIT', start_date: '2026-01-01' }, PENDING],
    ['was hired for later', { status: 'HIRED', start_date: '2026-04-01' }, PENDING],
    [
      'has accepted',
      { status: 'ACCEPTED', start_date: '2026-04-01' },
      { ...PENDING, upcoming: { at: '2026-04-01T00:00:00.000Z', active: true, stateReason: null } },
    ],
    ['starts today, and Rippling is late', { status: 'ACCEPTED', start_date: '2026-03-02' }, ACTIVE],
    ['starts later, although active', { start_date: '2026-03-03' }, PENDING],
    [
      'leaves at the end of the month',
      { end_date: '2026-03-31' },
      { ...ACTIVE, upcoming: { at: '2026-04-01T00:00:00.000Z', active: false, stateReason: 'terminated' } },
    ],
    ['has the last day today', { end_date: '2026-03-02' }, ACTIVE],
    ['had the last day, and Rippling is late', { end_date: '2026-03-01' }, GONE],
    ['has left', { status: 'TERMINATED', end_date: '2026-01-31' }, GONE],
    ['was dismissed before the date that is entered', { status: 'TERMINATED', end_date: '2026-12-31' }, GONE],
    [
      'declined the offer',
      { status: 'TERMINATED', start_date: '2026-04-01', termination_details: { type: 'OFFER_DECLINED' } },
      GONE,
    ],
    ['was hired again', { start_date: '2026-02-01', end_date: '2025-06-30' }, { ...ACTIVE, upcoming: null }],
  ])('who %s', (_, fields, expected) => {
    expect(map(worker(fields))).toMatchObject(expected);
  });

  it('begins and ends in the person’s own time zone', () => {
    const user = { ...(worker()['user'] as JsonObject), timezone: 'Pacific/Honolulu' };
    // It is still the first of March there.
    expect(map(worker({ user, end_date: '2026-03-01' }))).toMatchObject({
      active: true,
      upcoming: { at: '2026-03-02T10:00:00.000Z' },
    });
  });

  it('can come before the first day', () => {
    const hired = worker({ status: 'ACCEPTED', start_date: '2026-03-05' });
    expect(map(hired, { prehire_lead_days: 3 })).toMatchObject({ active: true });
  });

  it.each<[string, JsonObject]>([
    ['an unknown status', { status: 'FURLOUGHED' }],
    ['neither status nor date', { status: null, start_date: null }],
    ['dates and no status', { status: null }],
    ['an end and no status', { status: null, end_date: '2026-01-31' }],
    ['a date that is none', { end_date: '31/12/2026' }],
    ['a user that was not sent', { user: null }],
    ['an address that is no text', { work_email: 17 }],
  ])('stays as it was with %s', (_, fields) => {
    expect(mapAll(worker(fields))[0]).toMatchObject({ kind: 'invalid', of: 'user', id: 'w1' });
  });
});

describe('the record of a worker', () => {
  it('has the name that somebody goes by', () => {
    const name = {
      given_name: 'Adelheid',
      family_name: 'Ahn',
      preferred_given_name: 'Ada',
      preferred_family_name: 'Berg',
    };
    const user = { ...(worker()['user'] as JsonObject), name };
    expect(map(worker({ user }))).toMatchObject({ firstName: 'Ada', lastName: 'Berg', personKey: 'u1' });
  });

  it('has the work address of the user when the worker has none, and no private one unless asked for', () => {
    const fields = { work_email: null, personal_email: 'home@example.test' };
    expect(map(worker(fields))).toMatchObject({ email: 'ada@example.com' });
    const user = {
      ...(worker()['user'] as JsonObject),
      emails: [{ value: 'home@example.test', type: 'HOME' }],
    };
    expect(map(worker({ ...fields, user }))).toMatchObject({ email: null, emails: [] });
    expect(map(worker({ ...fields, user }), { personal_emails: true })).toMatchObject({
      email: null,
      emails: [{ primary: false, type: 'personal', value: 'home@example.test' }],
    });
  });

  it('has no name yet when there is no user', () => {
    const fields = { user_id: null, user: null, status: 'HIRED', start_date: '2026-04-01' };
    expect(map(worker(fields))).toMatchObject({ firstName: null, userName: 'ada@example.com' });
  });

  it.each<[JsonObject | null, string | undefined]>([
    [{ label: 'x', type: 'CONTRACTOR', amount_worked: 'FULL-TIME' }, 'contractor'],
    [{ label: 'x', type: 'EMPLOYEE', amount_worked: 'PART-TIME' }, 'part_time'],
    [{ label: 'x', type: 'EMPLOYEE', amount_worked: 'TEMPORARY' }, 'temporary'],
    [{ label: 'Apprentice', amount_worked: 'constructor' }, 'other'],
    [null, undefined],
  ])('has the type of employment: %j is %s', (type, expected) => {
    expect(map(worker({ employment_type: type })).customAttributes['employee_type']).toBe(expected);
  });

  it('has no manager who is the person, and a number that is a text', () => {
    const { customAttributes } = map(worker({ manager_id: 'w1' }));
    expect(customAttributes).toMatchObject({ employee_number: '7', employment_status: 'active' });
    expect(customAttributes['manager_id']).toBeUndefined();
    expect(map(worker({ manager_id: 'w2' })).customAttributes['manager_id']).toBe('w2');
  });

  it('keeps nothing of pay, birth or identity', () => {
    const user = map(worker({ date_of_birth: '1990-01-01', compensation_id: 'c', gender: 'x', race: 'y' }));
    expect(Object.keys(user.raw)).not.toEqual(
      expect.arrayContaining([expect.stringMatching(/birth|compensation|gender|race/)]),
    );
    expect(JSON.stringify(user)).not.toContain('1990');
  });
});

describe('a field that the token may not see', () => {
  it('is not cleared: who lacks it stays as they were, others are read', () => {
    expect(mapAll(worker({ title: null }), {}, ['title'])[0]).toMatchObject({
      kind: 'invalid',
      problem: expect.stringContaining('title'),
    });
    expect(mapAll(worker(), {}, ['title'])[0]).toMatchObject({ kind: 'user' });
  });

  it('that tells where somebody belongs makes no membership missing', () => {
    const kinds = mapAll(worker({ department_id: null }), {}, ['department_id']).map((record) =>
      record.kind === 'invalid' ? `invalid ${record.of}` : record.kind,
    );
    expect(kinds).toEqual(['invalid user', 'invalid group', 'invalid membership']);
  });

  it('does not matter when we do not read it, or were told', () => {
    expect(mapAll(worker(), {}, ['compensation', 'gender'])[0]).toMatchObject({ kind: 'user' });
    const unshared = { unshared_fields: ['job_title'] };
    expect(mapAll(worker({ title: null }), unshared, ['title'])[0]).toMatchObject({ kind: 'user' });
  });
});
