import { describe, expect, it } from '@jest/globals';
import { InvalidInputError, type JsonObject } from '#kernel';
import { installedConnectors } from '../index.js';
import { authorizationProblem, awaitsConsent, consentPlan, consentUrl, missingScopes } from './consent.js';
import { defineConnector } from './define-connector.js';
import type { Authorization, ConnectorManifest } from './manifest.js';

const rippling = installedConnectors.get('rippling').manifest;
const gusto = installedConnectors.get('gusto').manifest;
const google = installedConnectors.get('google-workspace').manifest;
const APP: JsonObject = { auth_mode: 'oauth', client_id: ' id ', client_secret: 's&=' };

function planOf(
  manifest: ConnectorManifest,
  answers: JsonObject,
): NonNullable<ReturnType<typeof consentPlan>> {
  const plan = consentPlan(manifest, answers);
  if (plan === undefined) throw new Error('there is no consent');
  return plan;
}

describe('consentPlan', () => {
  it('is there only with the answer that signs in by consent', () => {
    expect(consentPlan(google, { auth_mode: 'service_account' })).toBeUndefined();
    // The default of the form.
    expect(consentPlan(google, {})).toBeUndefined();
    expect(consentPlan(installedConnectors.get('workday').manifest, { auth_mode: 'oauth' })).toBeUndefined();
    expect(planOf(google, { auth_mode: 'refresh_token' }).scopes).toHaveLength(3);
  });

  it('asks for what the settings need and for nothing else', () => {
    const all = planOf(rippling, { ...APP, supergroups: true });
    expect(all.scopes).toContain('supergroups.read');
    const few = planOf(rippling, { ...APP, unshared_fields: ['team', 'company'] });
    expect(few.scopes).toEqual([
      'workers.read',
      'users.read',
      'departments.read',
      'work-locations.read',
      'employment-types.read',
    ]);
    expect(few.neededScopes).toEqual(['workers.read', 'users.read']);
  });

  it('takes the endpoints of the first condition that holds', () => {
    expect(planOf(gusto, { environment: 'demo' }).tokenUrl).toBe('https://api.gusto-demo.com/oauth/token');
    expect(planOf(gusto, {}).tokenUrl).toBe('https://api.gusto.com/oauth/token');
    expect(planOf(rippling, { ...APP, app_name: 'An.App' }).authorizationUrl).toBe(
      'https://app.rippling.com/apps/PLATFORM/An.App/authorize',
    );
    expect(() => consentPlan(rippling, { ...APP, api: 'platform' })).toThrow(InvalidInputError);
  });

  it('keeps an answer inside its part of the path', () => {
    const { authorizationUrl } = planOf(rippling, { ...APP, app_name: '../../@evil.test/?a#' });
    expect(new URL(authorizationUrl).origin).toBe('https://app.rippling.com');
    expect(authorizationUrl).toContain('/PLATFORM/..%2F..%2F%40evil.test%2F%3Fa%23/authorize');
  });
});

describe('consentUrl', () => {
  it('carries the challenge of the example of RFC 7636, appendix B', () => {
    const url = new URL(
      consentUrl(planOf(google, { auth_mode: 'refresh_token', client_id: 'c' }), {
        redirectUri: 'https://sync.example.com/x',
        state: 's',
        verifier: 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk',
      }),
    );
    expect(url.searchParams.get('code_challenge')).toBe('E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM');
  });

  it('encodes what the admin has entered, and asks without a proof key where none is taken', () => {
    const request = { redirectUri: 'https://sync.example.com/x', state: 's', verifier: null };
    const url = new URL(consentUrl(planOf(gusto, { client_id: 'a&scope=all' }), request));
    expect(Object.fromEntries(url.searchParams)).toEqual({
      response_type: 'code',
      client_id: 'a&scope=all',
      redirect_uri: 'https://sync.example.com/x',
      state: 's',
    });
  });
});

describe('missingScopes', () => {
  const plan = planOf(rippling, APP);
  const token = { value: 'v', expiresInSeconds: 1 };

  it('counts only those that are needed; an answer that names none grants all of them', () => {
    expect(missingScopes(plan, token)).toEqual([]);
    expect(missingScopes(plan, { ...token, scopes: ['workers.read', 'users.read'] })).toEqual([]);
    expect(missingScopes(plan, { ...token, scopes: ['users.read', 'teams.read'] })).toEqual(['workers.read']);
  });

  it('never compares what was not asked for', () => {
    expect(missingScopes(planOf(gusto, {}), { ...token, scopes: ['public'] })).toEqual([]);
  });
});

describe('awaitsConsent', () => {
  it.each([
    [{ auth_mode: 'refresh_token' }, true],
    [{ auth_mode: 'refresh_token', refresh_token: ' ' }, true],
    [{ auth_mode: 'refresh_token', refresh_token: 't' }, false],
    [{ auth_mode: 'service_account' }, false],
  ])('%j: %s', (answers, expected) => {
    expect(awaitsConsent(google, answers)).toBe(expected);
  });
});

describe('the data of a connector', () => {
  const changed = (changes: Partial<Authorization>): ConnectorManifest => ({
    ...gusto,
    authorization: { ...(gusto.authorization as Authorization), ...changes },
  });
  const endpoints = (authorizationUrl: string): Partial<Authorization> => ({
    endpoints: [{ authorizationUrl, tokenUrl: 'https://example.com/token', requestsScopes: false }],
  });

  it('is right in every connector that there is', () => {
    for (const { manifest } of installedConnectors.all())
      expect(authorizationProblem(manifest)).toBeUndefined();
  });

  it.each([
    ['an answer as host', endpoints('https://{client_id}.example.com/'), 'host of its own'],
    ['no TLS', endpoints('http://example.com/authorize'), 'no https address'],
    ['a part that nobody asks for', endpoints('https://example.com/{tenant}/authorize'), '"tenant"'],
    ['no endpoints for the rest', { endpoints: gusto.authorization?.endpoints.slice(0, 1) }, 'other answers'],
    [
      'a token that would be shown',
      { fields: { clientId: 'client_id', clientSecret: 'client_secret', refreshToken: 'redirect_uri' } },
      'no secret',
    ],
  ])('is refused with %s', (_, changes, message) => {
    const manifest = changed(changes);
    expect(() => defineConnector({ ...installedConnectors.get('gusto'), manifest })).toThrow(message);
  });
});
