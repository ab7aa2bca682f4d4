import { describe, expect, it } from '@jest/globals';
import { defineDialect, type Dialect } from './contract.js';
import { installedDialects, listDialects } from './installed.js';
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

  it('refuses two dialects with one id', () => {
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

  it('refuses an id that is no folder name', () => {
    expect(() => aDialect({ id: 'Okta' })).toThrow('kebab-case');
  });

  it('lets one version differ', () => {
    const setting = { value: 'no_content', evidence: 'a document' } as const;
    const dialect = aDialect({ versionSwitches: { '1.1': { groupPatchAnswer: setting } } });
    expect(dialect.resolved['1.1'].groupPatchAnswer).toBe('no_content');
    expect(dialect.resolved['2.0'].groupPatchAnswer).toBe('body');
  });
});
