import { describe, expect, it } from '@jest/globals';
import { ConnectorRegistry } from '#connectors';
import { InvalidInputError } from '#kernel';
import { ScriptedSource } from '#testing';
import { resolveProvider } from './provider-type.js';

const make = (id: string, directoryType: string): ReturnType<ScriptedSource['connector']> =>
  new ScriptedSource({ streams: {} }, { id, manifest: { directoryType } }).connector();

const registry = new ConnectorRegistry([
  make('bamboohr', 'bamboohr'),
  make('okta', 'okta scim v2.0'),
  make('workday-raas', 'workday'),
  make('workday-soap', 'workday'),
  make('google-workspace', 'gsuite directory'),
]);

function refusedField(request: { type: string; provider?: string; dialect?: string }): string | undefined {
  try {
    resolveProvider(request, registry);
    return undefined;
  } catch (error) {
    return (error as InvalidInputError).problems[0]?.field;
  }
}

describe('resolveProvider', () => {
  it.each([
    [{ type: 'bamboohr' }, 'bamboohr'],
    [{ type: 'gsuite directory' }, 'google-workspace'],
    [{ type: 'okta' }, 'okta'],
    [{ type: 'okta scim v2.0', provider: 'okta' }, 'okta'],
    [{ type: 'workday', provider: 'workday-soap' }, 'workday-soap'],
    [{ type: 'okta scim v2.0' }, undefined],
    [{ type: 'personio' }, undefined],
  ])('%j is polled by %s', (request, provider) => {
    expect(resolveProvider(request, registry)).toBe(provider);
  });

  it('names the field that cannot be followed', () => {
    expect(refusedField({ type: 'workday' })).toBe('provider');
    expect(refusedField({ type: 'workday', provider: 'nobody' })).toBe('provider');
    expect(refusedField({ type: 'personio', provider: 'okta' })).toBe('type');
    expect(refusedField({ type: 'bamboohr', dialect: 'okta' })).toBe('dialect');
  });
});
