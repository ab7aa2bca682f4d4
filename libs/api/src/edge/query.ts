import type { JsonObject } from '#kernel';
import { collect, refuse, type Decoder } from './decoder.js';
import type { RawQuery } from './raw-query.js';
import { readList } from './read-list.js';

/** Reads one query parameter and describes it. */
export interface QueryParameter<T> {
  readonly schema: JsonObject;
  readonly description: string;
  read(query: RawQuery, name: string): T;
}

/** Reads the query of one route. Parameters it does not name are ignored. */
export interface QueryReader<T> {
  readonly parameters: Readonly<Record<string, QueryParameter<unknown>>>;
  read(query: RawQuery): T;
}

export type QueryOf<R> = R extends QueryReader<infer T> ? T : never;

type Parameters = Readonly<Record<string, QueryParameter<unknown>>>;
type ReadParameters<P extends Parameters> = {
  readonly [K in keyof P]: P[K] extends QueryParameter<infer T> ? T : never;
};

export function query<P extends Parameters>(parameters: P): QueryReader<ReadParameters<P>> {
  const entries = Object.entries(parameters);
  return {
    parameters,
    read: (raw) =>
      collect(entries.map(([name, item]) => [name, () => item.read(raw, name)])) as ReadParameters<P>,
  };
}

/** The value of a parameter that is given once; empty counts as absent, and the last one wins. */
export function single(raw: RawQuery, name: string): string | undefined {
  const value = raw[name];
  const last = Array.isArray(value) ? value.at(-1) : value;
  if (last?.includes('\u0000')) throw refuse(name, 'must not contain the character U+0000');
  return last === '' ? undefined : last;
}

/** An optional parameter, read by the decoder of its text. */
export function parameter<T>(decoder: Decoder<T>, description: string): QueryParameter<T | undefined> {
  return {
    schema: decoder.schema,
    description,
    read: (raw, name) => {
      const value = single(raw, name);
      return value === undefined ? undefined : decoder.decode(value, name);
    },
  };
}

/** A whole number. */
export function numberParameter(
  range: { readonly min: number; readonly max: number; readonly default: number },
  description: string,
): QueryParameter<number> {
  return {
    schema: { type: 'integer', minimum: range.min, maximum: range.max, default: range.default },
    description,
    read: (raw, name) => {
      const value = single(raw, name);
      if (value === undefined) return range.default;
      const number = /^\d{1,16}$/.test(value) ? Number(value) : Number.NaN;
      if (!(number >= range.min && number <= range.max))
        throw refuse(name, `must be a whole number from ${range.min} to ${range.max}`);
      return number;
    },
  };
}

/** A parameter with several values, in any encoding that SDKs use. */
export function listParameter<T>(item: Decoder<T>, description: string): QueryParameter<readonly T[]> {
  return {
    schema: { type: 'array', items: item.schema },
    description: `${description} Comma-separated, repeated, \`name[]\` or \`name[0]\`.`,
    read: (raw, name) => readList(raw, name).map((value) => item.decode(value, name)),
  };
}
