import { describe, expect, it } from '@jest/globals';
import type { JsonObject, JsonValue } from '#kernel';
import type { SnapshotRecord } from '#model';
import { decodeRecord, Fields, listIn } from './decode.js';

describe('decoders', () => {
  const read = (object: JsonObject): Fields => new Fields(object);

  it('read what is there and take null for absent', () => {
    const fields = read({
      a: ' x ',
      b: null,
      c: '',
      n: 7,
      yes: true,
      o: { p: 'q' },
      l: [{ v: 1 }],
      t: ['u'],
    });
    expect(fields.text('a')).toBe('x');
    expect([fields.optionalText('b'), fields.optionalText('c'), fields.optionalText('d')]).toEqual([
      null,
      null,
      null,
    ]);
    expect([fields.id('n'), fields.id('a')]).toEqual(['7', 'x']);
    expect([fields.boolean('yes', false), fields.boolean('no', true)]).toEqual([true, true]);
    expect(fields.object('o').text('p')).toBe('q');
    expect(fields.objects('l')).toHaveLength(1);
    expect([fields.objects('o'), fields.objects('none')].map((list) => list.length)).toEqual([1, 0]);
    expect(fields.texts('t')).toEqual(['u']);
    expect(fields.pick(['a', 'b', 'o', 'zzz'])).toEqual({ a: ' x ', o: { p: 'q' } });
    expect(fields.keys()).toContain('a');
  });

  it.each<[(fields: Fields) => unknown, JsonObject, string]>([
    [(f) => f.text('a'), {}, '"a" is missing'],
    [(f) => f.text('a'), { a: 1 }, '"a" is not a text'],
    [(f) => f.optionalText('a'), { a: ['x'] }, '"a" is not a text'],
    [(f) => f.text('constructor'), {}, '"constructor" is missing'],
    [(f) => f.boolean('a', true), { a: 'false' }, '"a" is neither true nor false'],
    [(f) => f.id('a'), { a: 1.5 }, '"a" is not a text'],
    [(f) => f.object('a'), { a: 'x' }, '"a" is not an object'],
    [(f) => f.objects('a'), { a: 'x' }, '"a" is not a list'],
    [(f) => f.objects('a'), { a: [{}, 1] }, '"a[1]" is not an object'],
    [(f) => f.object('a').objects('b')[0]?.text('c'), { a: { b: [{}] } }, '"a.b[0].c" is missing'],
    [(f) => f.text('a'), { a: 'x\u0000' }, '"a" contains the character U+0000'],
    [(f) => f.pick(['a']), { a: { b: '\ud800' } }, '"a.b" contains half'],
    [(f) => f.texts('a'), { a: ['x'.repeat(65_537)] }, '"a[0]" is longer'],
    [(f) => f.pick(['a']), { a: nested(20) }, 'nested deeper'],
  ])('name the attribute: %s of %j: %s', (work, object, words) => {
    expect(() => work(read(object))).toThrow(words);
  });

  it('make an invalid record of a bad one, with the id if there is one', () => {
    const map = (fields: Fields): SnapshotRecord => ({
      kind: 'group',
      group: { sourceId: fields.id('id'), name: fields.text('name'), raw: {} },
    });
    expect(decodeRecord({ id: 'g1', name: 'A' }, 'group', map)).toMatchObject({ kind: 'group' });
    const invalid = (value: JsonValue): SnapshotRecord => decodeRecord(value, 'group', map);
    expect(invalid({ id: 'g1', name: 7 })).toEqual({
      kind: 'invalid',
      of: 'group',
      id: 'g1',
      problem: '"name" is not a text.',
    });
    expect(invalid({ id: '\u0000', name: 'x' })).toMatchObject({ kind: 'invalid', id: null });
    expect(invalid('x')).toMatchObject({ kind: 'invalid', id: null, problem: '"group" is not an object.' });
  });

  it('take no answer without its list for an empty one', () => {
    expect(listIn({ value: [] }, 'value')).toEqual([]);
    for (const body of [{}, null, [], { value: null }] as JsonValue[])
      expect(() => listIn(body, 'value')).toThrow('without its list "value"');
  });
});

function nested(depth: number): JsonValue {
  return depth === 0 ? 'x' : { in: nested(depth - 1) };
}
