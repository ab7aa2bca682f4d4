import { describe, expect, it } from '@jest/globals';
import { InvalidInputError, type JsonObject } from '#kernel';
import type { FormField } from './manifest.js';
import { readForm } from './read-form.js';

function field(changes: Partial<FormField> & Pick<FormField, 'key'>): FormField {
  return {
    label: changes.key,
    type: 'string',
    required: false,
    secret: false,
    help: 'In the console.',
    ...changes,
  };
}

function problems(form: readonly FormField[], answers: JsonObject): (readonly [string, string])[] {
  try {
    readForm(form, answers);
    return [];
  } catch (error) {
    return (error as InvalidInputError).problems.map(({ field: name, message }) => [name, message] as const);
  }
}

describe('readForm', () => {
  it('takes what the form asks for, trims, fills in defaults and drops the rest', () => {
    const form = [
      field({ key: 'host', required: true }),
      field({ key: 'key', type: 'text' }),
      field({ key: 'port', type: 'number', default: 636 }),
      field({ key: 'names', type: 'list' }),
    ];
    const answers = { host: ' ldap.example.com ', key: '-----\nkey\n', other: 1, names: ['a'] };
    expect(readForm(form, answers)).toEqual({
      host: 'ldap.example.com',
      key: '-----\nkey\n',
      port: 636,
      names: ['a'],
    });
  });

  it('tells everything that is wrong at once', () => {
    const form = [
      field({ key: 'host', required: true, help: 'Below Network.' }),
      field({ key: 'domain', pattern: '[a-z]+', placeholder: 'acme' }),
      field({ key: 'port', type: 'number' }),
      field({ key: 'tls', type: 'boolean' }),
      field({ key: 'mode', type: 'choice', choices: [{ value: 'a', label: 'A' }] }),
      field({ key: 'names', type: 'list', pattern: 'x+' }),
    ];
    const answers = { host: '  ', domain: 'Acme!', port: '1', tls: 'yes', mode: 'b', names: ['xx', 'y'] };
    expect(problems(form, answers)).toEqual([
      ['config.host', 'host is required: Below Network.'],
      ['config.domain', 'domain does not have the expected form, for example acme.'],
      ['config.port', 'port must be a number.'],
      ['config.tls', 'tls must be true or false.'],
      ['config.mode', 'mode must be one of: a.'],
      ['config.names', 'names has an entry (number 2) that does not have the expected form.'],
    ]);
  });

  it('asks only what applies, and takes a pattern as a whole', () => {
    const form = [
      field({
        key: 'mode',
        type: 'choice',
        default: 'token',
        choices: [
          { value: 'token', label: 'T' },
          { value: 'key', label: 'K' },
        ],
      }),
      field({ key: 'token', required: true, when: { key: 'mode', is: 'token' } }),
      field({ key: 'key', required: true, when: { key: 'mode', is: 'key' } }),
      field({ key: 'code', pattern: 'a|b' }),
    ];
    expect(readForm(form, { token: 't', key: 'unasked' })).toEqual({ mode: 'token', token: 't' });
    expect(problems(form, { mode: 'key' }).map(([name]) => name)).toEqual(['config.key']);
    expect(problems(form, { token: 't', code: 'ab' }).map(([name]) => name)).toEqual(['config.code']);
  });

  it('counts an empty list as no answer, and answers of a prototype as none', () => {
    const form = [field({ key: 'names', type: 'list', required: true }), field({ key: 'constructor' })];
    expect(problems(form, { names: [] }).map(([name]) => name)).toEqual(['config.names']);
  });
});
