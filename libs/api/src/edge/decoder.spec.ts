import { describe, expect, it } from '@jest/globals';
import { InvalidInputError } from '#kernel';
import { array, clearable, closedObject, object, optional, type Decoder } from './decoder.js';
import { decodeBody } from './input.js';
import { domainName, flag, instant, integer, oneOf, text } from './values.js';

const person = object({
  name: text(10),
  nick: optional(text()),
  boss: clearable(text()),
  tags: optional(array(object({ key: text() }), { max: 2 })),
});

function problemsOf(decoder: Decoder<unknown>, value: unknown): string[] {
  try {
    decoder.decode(value, 'field');
  } catch (error) {
    if (error instanceof InvalidInputError) return error.problems.map((problem) => problem.message);
  }
  return [];
}

describe('a closed object', () => {
  const schedule = closedObject(
    { paused: optional(flag()), window: optional(closedObject({ from: text() })) },
    { shown: ['object'] },
  );

  it('refuses names that it does not know, beside everything else that is wrong', () => {
    expect(problemsOf(schedule, { pause: true, paused: 1, window: { from: 'a', until: 'b' } })).toEqual([
      'field.pause is no field of this request. It takes: paused, window.',
      'field.paused must be true or false.',
      'field.window.until is no field of this request. It takes: from.',
    ]);
    expect(schedule.schema).toMatchObject({ additionalProperties: false });
  });

  it('takes back what its answer shows, and ignores it', () => {
    expect(schedule.decode({ object: 'sync_schedule', paused: true }, '')).toEqual({ paused: true });
  });

  it('names a few of very many, and nothing endless', () => {
    const many = Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`${index}`.repeat(500), 1]));
    const told = problemsOf(schedule, many);
    expect(told).toHaveLength(20);
    expect(Math.max(...told.map((problem) => problem.length))).toBeLessThan(200);
  });
});

describe('object', () => {
  it('reads its fields and ignores others', () => {
    expect(person.decode({ name: 'Rita', extra: 1 }, '')).toEqual({ name: 'Rita' });
  });

  it('tells null from absent only where null clears', () => {
    expect(person.decode({ name: 'Rita', nick: null, boss: null, tags: null }, '')).toEqual({
      name: 'Rita',
      boss: null,
    });
  });

  it('names every field that is wrong, by its path', () => {
    expect(problemsOf(person, { nick: 7, tags: [{ key: 'a' }, {}] })).toEqual([
      'field.name is required.',
      'field.nick must be a string.',
      'field.tags[1].key is required.',
    ]);
  });

  it('describes itself', () => {
    expect(person.schema).toMatchObject({
      type: 'object',
      required: ['name'],
      properties: { name: { type: 'string', maxLength: 10 }, nick: { type: ['string', 'null'] } },
    });
  });
});

describe('values', () => {
  it.each<[string, Decoder<unknown>, unknown]>([
    ['a blank text', text(), ' '],
    ['a long text', text(3), 'four'],
    ['an unknown word', oneOf(['a', 'b']), 'c'],
    ['a fraction', integer(1, 9), 1.5],
    ['a number in text', integer(1, 9), '5'],
    ['a word for a flag', flag(), 'true'],
    ['a time without offset', instant(), '2026-01-15T12:00:00'],
    ['a time that does not exist', instant(), '2026-13-45T12:00:00Z'],
    ['an address for a domain', domainName(), 'https://acme.test/'],
    ['a host without a dot', domainName(), 'localhost'],
    ['an IP address for a domain', domainName(), '10.0.0.1'],
    ['too many items', array(text(), { max: 1 }), ['a', 'b']],
  ])('refuse %s', (_, decoder, value) => {
    expect(problemsOf(decoder, value)).toHaveLength(1);
  });

  it('normalize domains and times', () => {
    expect(domainName().decode(' ACME.Test', 'd')).toBe('acme.test');
    expect(domainName().decode('bücher.example', 'd')).toBe('xn--bcher-kva.example');
    expect(instant().decode('2026-01-15T13:00:00+01:00', 't').toISOString()).toBe('2026-01-15T12:00:00.000Z');
  });
});

describe('decodeBody', () => {
  it('takes an empty body for an empty object', () => {
    const all = object({ nick: optional(text()) });
    for (const raw of [undefined, null, '', Buffer.alloc(0)]) expect(decodeBody(raw, all)).toEqual({});
  });

  it.each(['{', '{"name":"a\\u0000"}', '{"name":"\\ud800"}'])('refuses %s as JSON', (raw) => {
    expect(() => decodeBody(Buffer.from(raw), person)).toThrow(
      expect.objectContaining({ code: 'invalid_json' }),
    );
  });

  it('refuses a body beyond reason', () => {
    const raw = Buffer.alloc(1_048_577, ' ');
    expect(() => decodeBody(raw, person)).toThrow(expect.objectContaining({ status: 413 }));
  });

  it('refuses what is no object', () => {
    expect(() => decodeBody('[]', person)).toThrow('body must be a JSON object.');
  });
});
