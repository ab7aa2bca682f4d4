import { expect, it } from '@jest/globals';
import { InvalidInputError } from '#kernel';
import type { Subject } from './conformance-world.js';

/** What a connector says about itself, and how it reads its form. */
export function conformsInForm({ connector, fake }: Subject): void {
  const { manifest } = connector;

  it('says who it is, what it needs and what it can do', () => {
    expect(manifest.label.trim()).not.toBe('');
    expect(new URL(manifest.docsUrl).protocol).toBe('https:');
    expect(manifest.scopes.filter((scope) => scope.for.trim() === '')).toEqual([]);
    expect(manifest.intervals.full).toBeGreaterThanOrEqual(60);
    for (const limit of Object.values(manifest.limits)) expect(limit).toBeGreaterThan(0);
  });

  it('has a form that can be rendered: every field labelled and explained, patterns valid, dependants after', () => {
    const seen: string[] = [];
    for (const field of manifest.form) {
      expect(`${field.label}${field.help}`.trim()).not.toBe('');
      if (field.pattern !== undefined) expect(() => new RegExp(field.pattern as string, 'u')).not.toThrow();
      if (field.when !== undefined) expect(seen).toContain(field.when.key);
      seen.push(field.key);
    }
    expect(manifest.form.filter((field) => field.secret)).not.toEqual([]);
  });

  it('names every required field that is not answered', () => {
    const error = thrownBy(() => connector.readConfig({}));
    expect(error).toBeInstanceOf(InvalidInputError);
    const always = manifest.form.filter(
      (field) => field.required && field.when === undefined && field.default === undefined,
    );
    expect((error as InvalidInputError).problems.map(({ field }) => field)).toEqual(
      expect.arrayContaining(always.map(({ key }) => `config.${key}`)),
    );
  });

  it('takes secrets in secret fields only', () => {
    const answers = fake.answers('http://127.0.0.1:1');
    for (const field of manifest.form.filter((candidate) => !candidate.secret))
      for (const secret of fake.secrets)
        expect(JSON.stringify(answers[field.key] ?? null)).not.toContain(secret);
  });
}

function thrownBy(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return error;
  }
}
