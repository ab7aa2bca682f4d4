import { describe, expect, it } from '@jest/globals';
import { deriveState, type Employment } from './derive-state.js';
import { readHrRules, hrFields, type HrRules } from './hr-form.js';
import { readForm } from '../read-form.js';

const GROUPS = ['department'] as const;
const NOON = new Date('2026-03-10T12:00:00Z');

const rules = (answers = {}): HrRules => readHrRules(readForm(hrFields(GROUPS), answers), GROUPS);

const derive = (employment: Partial<Employment>, answers = {}, now = NOON) =>
  deriveState({ status: 'active', start: '2020-01-01', end: null, ...employment }, rules(answers), now);

const ACTIVE = { employmentStatus: 'active', active: true, stateReason: null, upcoming: null };
const TERMINATED = {
  employmentStatus: 'terminated',
  active: false,
  stateReason: 'terminated',
  upcoming: null,
};

describe('deriveState', () => {
  it('takes the status of somebody who is employed', () => expect(derive({})).toEqual(ACTIVE));

  it('says nothing when nothing is known', () => expect(derive({ status: null, start: null })).toBeNull());

  it('goes by the dates when there is no status', () => {
    expect(derive({ status: null })).toEqual(ACTIVE);
    expect(derive({ status: null, end: '2026-03-09' })).toEqual(TERMINATED);
  });

  it('keeps the last day and ends at its midnight', () =>
    expect(derive({ end: '2026-03-10' })).toEqual({
      ...ACTIVE,
      upcoming: { at: '2026-03-11T00:00:00.000Z', active: false, stateReason: 'terminated' },
    }));

  it('ends a day earlier when the date is the first day off', () =>
    expect(derive({ end: '2026-03-10' }, { end_is: 'first_day_off' })).toEqual(TERMINATED));

  it('ends an employment whose status nobody has changed', () =>
    expect(derive({ end: '2026-03-09' })).toEqual(TERMINATED));

  it('goes by the status alone when dates are not trusted', () =>
    expect(derive({ end: '2026-03-09' }, { trust_dates: false })).toEqual(ACTIVE));

  it('takes access away at once, whatever the dates say', () => {
    expect(derive({ status: 'terminated', end: '2026-12-31' })).toEqual(TERMINATED);
    expect(derive({ status: 'rescinded', start: '2026-12-31' })).toEqual(TERMINATED);
  });

  it('holds a future hire until the first day in the zone of work', () =>
    expect(derive({ start: '2026-03-20', timeZone: 'America/Los_Angeles' })).toEqual({
      employmentStatus: 'prehire',
      active: false,
      stateReason: 'pending',
      upcoming: { at: '2026-03-20T07:00:00.000Z', active: true, stateReason: null },
    }));

  it('lets future hires in some days before', () => {
    expect(derive({ status: 'prehire', start: '2026-03-15' }, { prehire_lead_days: 5 })).toEqual(ACTIVE);
    expect(derive({ status: 'prehire', start: '2026-03-16' }, { prehire_lead_days: 5 })).toMatchObject({
      upcoming: { at: '2026-03-11T00:00:00.000Z' },
    });
  });

  it('keeps a future hire without a date', () =>
    expect(derive({ status: 'prehire', start: null })).toMatchObject({ active: false, upcoming: null }));

  // How vendors write an end that nobody has entered; so did many companies, by hand.
  it.each(['9999-12-31', '9999-01-01'])('takes the end %s for none', (end) => {
    for (const end_is of ['last_day', 'first_day_off']) expect(derive({ end }, { end_is })).toEqual(ACTIVE);
  });

  it('knows no date that is later than all others', () => {
    expect(derive({ status: 'prehire', start: '9999-12-31' })).toMatchObject({ active: false });
    expect(derive({ start: '0000-01-02' }, { prehire_lead_days: 60 })).toEqual(ACTIVE);
  });

  it('knows a rehire by an end before the start', () =>
    expect(derive({ start: '2026-02-01', end: '2025-06-30' })).toEqual(ACTIVE));

  it.each([
    ['leave', 'leave_state'],
    ['garden_leave', 'garden_leave_state'],
  ] as const)('leaves people on %s active unless told otherwise', (status, setting) => {
    expect(derive({ status })).toMatchObject({ employmentStatus: 'leave', active: true, stateReason: null });
    expect(derive({ status }, { [setting]: 'inactive' })).toMatchObject({
      active: false,
      stateReason: 'on_leave',
    });
  });

  it('reckons days in the zone of the directory when the place has none that exists', () => {
    const atNine = new Date('2026-03-09T20:00:00Z');
    expect(
      derive({ end: '2026-03-09', timeZone: 'Mars/Base' }, { time_zone: 'Pacific/Auckland' }, atNine),
    ).toEqual(TERMINATED);
    expect(derive({ end: '2026-03-09' }, {}, atNine)).toMatchObject({ active: true });
  });

  it('finds midnight on days on which the clock changes', () => {
    expect(derive({ end: '2026-03-29' }, { time_zone: 'Europe/Vienna' })?.upcoming?.at).toBe(
      '2026-03-29T22:00:00.000Z',
    );
    // In Lebanon the clock goes from 0:00 to 1:00.
    expect(derive({ start: '2026-03-29' }, { time_zone: 'Asia/Beirut' })?.upcoming?.at).toBe(
      '2026-03-28T22:00:00.000Z',
    );
  });
});

describe('readHrRules', () => {
  it.each([
    [{ time_zone: 'Mars/Base' }, 'config.time_zone'],
    [{ prehire_lead_days: 61 }, 'config.prehire_lead_days'],
    [{ prehire_lead_days: 0.5 }, 'config.prehire_lead_days'],
  ])('refuses %j', (answers, field) => {
    expect(() => rules(answers)).toThrow(
      expect.objectContaining({ problems: [expect.objectContaining({ field })] }),
    );
  });

  it('reads which groups are wanted', () => {
    expect(rules().groupTypes).toEqual(['department']);
    expect(rules({ group_types: ['none'] }).groupTypes).toEqual([]);
  });
});
