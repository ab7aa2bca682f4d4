import { describe, expect, it } from '@jest/globals';
import { Company } from './company.js';
import { createIdpClient } from './create-idp-client.js';
import type { IdpStyle } from './idp-client.js';
import { InMemoryScim } from './in-memory-scim.js';
import { forEachPaced } from './pace.js';
import { planWorkingDay } from './plan-working-day.js';
import { playOnboarding, type OnboardingProgress } from './play-onboarding.js';
import { playWorkingDay } from './play-working-day.js';

const STYLES = ['okta', 'entra', 'okta-1-1'] as const;

function stage(style: IdpStyle): {
  server: InMemoryScim;
  company: Company;
  client: ReturnType<typeof createIdpClient>;
} {
  const server = new InMemoryScim();
  return {
    server,
    company: new Company({ seed: 3, domain: 'acme.test', people: 40 }),
    client: createIdpClient({
      endpoint: 'http://rollcall.test/scim/key',
      token: 't',
      style,
      send: server.send,
    }),
  };
}

describe('playOnboarding', () => {
  it.each(STYLES)('creates everybody and every group once as %s', async (style) => {
    const { server, company, client } = stage(style);
    const progress: OnboardingProgress[] = [];
    await playOnboarding(client, company, { onProgress: (now) => progress.push(now) });
    expect(server.lines().filter((line) => line === 'POST /Users')).toHaveLength(40);
    expect(server.lines().filter((line) => line === 'POST /Groups')).toHaveLength(12);
    expect(progress).toHaveLength(52);
    expect(progress.at(-1)).toEqual({ people: 40, groups: 12 });
  });

  it('stops when told to', async () => {
    const { server, company, client } = stage('okta');
    const stop = new AbortController();
    const onProgress = ({ people }: OnboardingProgress): void => {
      if (people === 5) stop.abort();
    };
    await expect(playOnboarding(client, company, { signal: stop.signal, onProgress })).rejects.toThrow(
      /abort/i,
    );
    expect(server.lines().filter((line) => line === 'POST /Users').length).toBeLessThan(12);
  });
});

describe('playWorkingDay', () => {
  it.each(STYLES)('plays every kind of step as %s', async (style) => {
    const { server, company, client } = stage(style);
    await playOnboarding(client, company);
    server.forgetRequests();
    const actions = new Set<string>();
    await playWorkingDay(client, company, { onStep: ({ action }) => actions.add(action) });
    expect([...actions].sort()).toEqual([
      'change e-mail',
      'deactivate',
      'delete group',
      'hire',
      'leave group',
      'new group',
      'offboard',
      'reactivate',
      'rename',
      'rename group',
      'transfer',
    ]);
    expect(server.lines().some((line) => line.startsWith('DELETE /Users/'))).toBe(style === 'entra');
  });

  it('plans the same day for the same company', () => {
    const plan = (): string[] =>
      planWorkingDay(stage('okta').company).map(({ action, who }) => `${action} ${who}`);
    expect(plan()).toEqual(plan());
  });

  it('says what is missing when the company is too small', () => {
    const company = new Company({ seed: 1, domain: 'acme.test', people: 5 });
    expect(() => planWorkingDay(company)).toThrow(/too few people/);
  });
});

describe('forEachPaced', () => {
  it('keeps no more in flight than asked for', async () => {
    let current = 0;
    let highest = 0;
    const items = Array.from({ length: 30 }, (_, index) => index);
    const done: number[] = [];
    await forEachPaced(items, { inFlight: 3 }, async (item) => {
      current += 1;
      highest = Math.max(highest, current);
      await new Promise((resolve) => setImmediate(resolve));
      current -= 1;
      done.push(item);
    });
    expect(highest).toBe(3);
    expect(done.toSorted((a, b) => a - b)).toEqual(items);
  });

  it('stops at the first failure and throws it', async () => {
    const started: number[] = [];
    const work = async (item: number): Promise<void> => {
      started.push(item);
      await new Promise((resolve) => setImmediate(resolve));
      if (item === 2) throw new Error('refused');
    };
    await expect(forEachPaced([1, 2, 3, 4, 5, 6, 7, 8], { inFlight: 2 }, work)).rejects.toThrow('refused');
    expect(started.length).toBeLessThan(6);
  });
});
