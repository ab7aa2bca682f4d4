import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '#kernel';
import { Fields } from '../../../sdk/decode.js';
import { readConfig } from '../config.js';
import { chooseEmployment, employmentTypeOf } from './employment.js';

const NOW = new Date('2026-11-29T12:00:00Z');
const FORM = { api: 'v2', client_id: 'papi', client_secret: 'secret', time_zone: 'Europe/Vienna' };

const job = (more: JsonObject = {}): JsonObject => ({
  status: 'ACTIVE',
  employment_start_date: '2020-06-01',
  ...more,
});

interface Case {
  readonly isInactive?: boolean;
  readonly answers?: JsonObject;
  readonly now?: Date;
}

function read(
  employments: readonly JsonObject[],
  { isInactive = false, answers = {}, now = NOW }: Case = {},
): unknown {
  const config = readConfig({ ...FORM, ...answers });
  const chosen = chooseEmployment(
    employments.map((one) => new Fields(one)),
    { config, isInactive, now },
  );
  if (chosen === undefined) return undefined;
  const { active, employmentStatus, upcoming } = chosen.state;
  return [active, employmentStatus, upcoming === null ? null : `${upcoming.at} ${upcoming.active}`];
}

describe('the employment that counts', () => {
  it.each<[string, JsonObject, unknown]>([
    ['active', job(), [true, 'active', null]],
    ['on leave', job({ status: 'LEAVE' }), [true, 'leave', null]],
    ['inactive', job({ status: 'INACTIVE' }), [false, 'terminated', null]],
    [
      'to come',
      job({ status: 'ONBOARDING', employment_start_date: '2026-12-01' }),
      [false, 'prehire', '2026-11-30T23:00:00.000Z true'],
    ],
    [
      'terminated for a day to come',
      job({ termination: { termination_date: '2026-12-31' } }),
      [true, 'active', '2026-12-31T23:00:00.000Z false'],
    ],
    [
      'terminated, and active still',
      job({ termination: { termination_date: '2026-11-28' } }),
      [false, 'terminated', null],
    ],
    ['ended on a day that has gone', job({ employment_end_date: '2026-11-28' }), [false, 'terminated', null]],
    [
      'terminated in an earlier employment, as the vendor’s example shows it',
      job({
        employment_start_date: '2023-01-01',
        termination: { termination_date: '2022-12-12', last_working_date: '2023-01-07' },
      }),
      [true, 'active', null],
    ],
    ['of a status that nobody knows', job({ status: 'UNSPECIFIED' }), undefined],
    ['without a status', job({ status: null }), undefined],
    [
      'called off before it began',
      job({
        status: 'ONBOARDING',
        employment_start_date: '2026-12-01',
        termination: { type: 'CANCELLATION' },
      }),
      [false, 'terminated', null],
    ],
    [
      'cancelled while on leave',
      job({ status: 'LEAVE', termination: { type: 'CANCELLATION', termination_date: '2026-12-31' } }),
      [true, 'leave', '2026-12-31T23:00:00.000Z false'],
    ],
    [
      'cancelled while it lasts',
      job({ termination: { type: 'CANCELLATION', termination_date: '2026-12-31' } }),
      [true, 'active', '2026-12-31T23:00:00.000Z false'],
    ],
  ])('%s', (_, employment, expected) => {
    expect(read([employment])).toEqual(expected);
  });

  it('is over at once when Personio calls the person inactive', () => {
    expect(read([job()], { isInactive: true })).toEqual([false, 'terminated', null]);
    expect(read([job({ status: 'UNSPECIFIED' })], { isInactive: true })).toEqual([false, 'terminated', null]);
  });

  it('is unknown without any', () => {
    expect(read([])).toBeUndefined();
    expect(read([], { isInactive: true })).toEqual([false, 'terminated', null]);
  });

  const next = job({ status: 'ONBOARDING', employment_start_date: '2027-01-01' });

  it('is the present one while the next is to come', () => {
    const present = job({ termination: { termination_date: '2026-12-15' } });
    expect(read([next, present])).toEqual([true, 'active', '2026-12-15T23:00:00.000Z false']);
    expect(read([next, present], { now: new Date('2026-12-20T12:00:00Z') })).toEqual([
      false,
      'prehire',
      '2026-12-31T23:00:00.000Z true',
    ]);
  });

  it('has no end where the next one begins the day after', () => {
    const present = job({ termination: { termination_date: '2026-12-31', type: 'SUB_COMPANY_SWITCH' } });
    expect(read([next, present])).toEqual([true, 'active', null]);
  });

  it('is the new one after a rehire, whatever ended before', () => {
    const old = job({ status: 'INACTIVE', termination: { termination_date: '2021-01-31' } });
    expect(read([job({ employment_start_date: '2026-02-01' }), old])).toEqual([true, 'active', null]);
  });

  it('is unknown when the one that might count is not understood', () => {
    expect(read([job({ status: 'INACTIVE' }), job({ status: 'SABBATICAL' })])).toBeUndefined();
    expect(read([job({ status: 'SABBATICAL' }), job()])).toEqual([true, 'active', null]);
  });

  it('ends with a fixed term on request only', () => {
    const fixed = job({ contract_end_date: '2026-12-31' });
    expect(read([fixed])).toEqual([true, 'active', null]);
    expect(read([fixed], { answers: { contract_end: true } })).toEqual([
      true,
      'active',
      '2026-12-31T23:00:00.000Z false',
    ]);
  });

  it('is garden leave after the last day of work', () => {
    const released = job({ termination: { termination_date: '2026-12-31', last_working_day: '2026-11-20' } });
    expect(read([released])).toEqual([true, 'leave', '2026-12-31T23:00:00.000Z false']);
    expect(read([released], { answers: { garden_leave_state: 'inactive' } })).toEqual([
      false,
      'leave',
      '2026-12-31T23:00:00.000Z false',
    ]);
  });
});

describe('the type of an employment', () => {
  it.each<[JsonObject, string | null]>([
    [{ type: 'EXTERNAL', weekly_working_hours: 40, full_time_weekly_working_hours: 40 }, 'contractor'],
    [{ type: 'INTERNAL', weekly_working_hours: 20, full_time_weekly_working_hours: 40 }, 'part_time'],
    [{ type: 'INTERNAL', weekly_working_hours: 40, full_time_weekly_working_hours: 40 }, 'full_time'],
    [{ type: 'INTERNAL' }, 'internal'],
    [{ type: 'UNSPECIFIED' }, null],
    [{}, null],
  ])('%j', (employment, expected) => {
    expect(employmentTypeOf(new Fields(employment))).toBe(expected);
  });
});
