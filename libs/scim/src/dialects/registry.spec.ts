import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { defineDialect, type Dialect } from './contract.js';
import { dialectNames, installedDialects, listDialects } from './installed.js';
import { DialectRegistry } from './registry.js';

function aDialect(fields: Partial<Dialect>): Dialect {
  return defineDialect({
    id: 'generic',
    label: 'Test',
    aliases: [],
    role: 'idp',
    versions: ['2.0'],
    acceptedContentTypes: [],
    detect: [],
    switches: {},
    ...fields,
  });
}

describe('DialectRegistry', () => {
  it('finds every folder and lists the ones that a directory can choose', () => {
    expect(listDialects().map((dialect) => dialect.id)).toEqual(
      expect.arrayContaining(['entra', 'generic', 'okta']),
    );
    expect(listDialects().map((dialect) => dialect.id)).not.toContain('scim-1-1');
    expect(installedDialects.forVersion('1.1')?.id).toBe('scim-1-1');
    expect(installedDialects.forVersion('2.0')).toBeUndefined();
  });

  it('falls back to generic for an unknown dialect, and never takes a version for an IdP', () => {
    expect(installedDialects.forDirectory(null).id).toBe('generic');
    expect(installedDialects.forDirectory('of-tomorrow').id).toBe('generic');
    expect(installedDialects.forDirectory('scim-1-1').id).toBe('generic');
  });

  it('knows every IdP by its names', () => {
    const names = dialectNames();
    expect(['okta', 'azure', 'pingone', 'google-workspace'].map((name) => names.get(name))).toEqual([
      'okta',
      'entra',
      'ping',
      'google',
    ]);
    expect(names.has('scim-1-1')).toBe(false);
    expect(new Set(names.values())).toEqual(new Set(listDialects().map(({ id }) => id)));
  });

  it.each(listDialects())('has instructions for $id, and a row in the table of IdPs', (dialect) => {
    const table = readFileSync(new URL('../../../../docs/identity-providers.md', import.meta.url), 'utf8');
    const row = table.split('\n').find((line) => line.startsWith(`| \`${dialect.id}\` |`)) ?? '';
    expect(row).toContain(`(../libs/scim/src/dialects/${dialect.id}/README.md)`);
    expect(existsSync(new URL(`./${dialect.id}/README.md`, import.meta.url))).toBe(true);
    const [, aliases = '', versions = ''] = row.split(' | ');
    expect(aliases.match(/[a-z][a-z-]+/g) ?? []).toEqual(dialect.aliases);
    expect(versions.split(', ').toSorted()).toEqual(dialect.versions);
  });

  it('refuses two dialects with one name', () => {
    expect(() => new DialectRegistry([aDialect({}), aDialect({ id: 'b', aliases: ['generic'] })])).toThrow(
      'Two dialects are called "generic"',
    );
    expect(() => new DialectRegistry([aDialect({}), aDialect({})])).toThrow(
      'Two dialects are called "generic"',
    );
  });

  it('refuses to work without a fallback', () => {
    expect(() => new DialectRegistry([aDialect({ id: 'other' })])).toThrow('"generic" is missing');
  });
});

describe('defineDialect', () => {
  it('refuses a switch without evidence', () => {
    const switches = { userPatchAnswer: { value: 'no_content', evidence: ' ' } } as const;
    expect(() => aDialect({ switches })).toThrow('no evidence for "userPatchAnswer"');
  });

  it('refuses a hint without evidence, and a pattern that remembers its last match', () => {
    const hint = { in: 'query', pattern: /x/, evidence: 'a document' } as const;
    expect(() => aDialect({ detect: [{ ...hint, evidence: '' }] })).toThrow('no evidence for /x/');
    expect(() => aDialect({ detect: [{ ...hint, pattern: /x/g }] })).toThrow('drop the flag');
  });

  it('refuses names that are no folder names', () => {
    expect(() => aDialect({ aliases: ['Ping One'] })).toThrow('kebab-case');
    expect(() => aDialect({ id: 'Okta' })).toThrow('kebab-case');
  });

  it('lets one version differ', () => {
    const setting = { value: 'no_content', evidence: 'a document' } as const;
    const dialect = aDialect({ versionSwitches: { '1.1': { groupPatchAnswer: setting } } });
    expect(dialect.resolved['1.1'].groupPatchAnswer).toBe('no_content');
    expect(dialect.resolved['2.0'].groupPatchAnswer).toBe('body');
  });
});
