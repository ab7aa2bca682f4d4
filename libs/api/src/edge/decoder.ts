import { InvalidInputError, isJsonObject, type InputProblem, type JsonObject } from '#kernel';

/** Reads one JSON value from outside, and describes what it takes as JSON Schema (OpenAPI 3.1). */
export interface Decoder<T> {
  readonly schema: JsonObject;
  /** The field may be missing. */
  readonly optional?: boolean;
  /** @throws InvalidInputError naming `field` */
  decode(value: unknown, field: string): T;
}

export type Decoded<D> = D extends Decoder<infer T> ? T : never;

type Fields = Readonly<Record<string, Decoder<unknown>>>;
type DecodedFields<F extends Fields> = { readonly [K in keyof F]: Decoded<F[K]> };

/** An unacceptable value; `rule` continues a sentence that starts with the field's name. */
export function refuse(field: string, rule: string): InvalidInputError {
  const message = `${field} ${rule}.`;
  return new InvalidInputError(message, { problems: [{ field, message }] });
}

/** An object with these fields; others are ignored. All problems are reported together. */
export function object<F extends Fields>(fields: F): Decoder<DecodedFields<F>> {
  const entries = Object.entries(fields);
  return {
    schema: {
      type: 'object',
      properties: Object.fromEntries(entries.map(([name, field]) => [name, field.schema])),
      required: entries.filter(([, field]) => !field.optional).map(([name]) => name),
    },
    decode: (value, path) => {
      if (!isJsonObject(value)) throw refuse(path === '' ? 'body' : path, 'must be a JSON object');
      const read = (name: string, field: Decoder<unknown>): unknown =>
        field.decode(value[name], path === '' ? name : `${path}.${name}`);
      return collect(entries.map(([name, field]) => [name, () => read(name, field)])) as DecodedFields<F>;
    },
  };
}

/**
 * An object with these fields and no others: a name that is written wrong would otherwise change nothing, and say so to
 * nobody. `shown` are fields of the answer that may come back with it, and are ignored.
 */
export function closedObject<F extends Fields>(
  fields: F,
  { shown = [] }: { readonly shown?: readonly string[] } = {},
): Decoder<DecodedFields<F>> {
  const open = object(fields);
  const names = Object.keys(fields);
  const additions = Object.fromEntries(shown.map((name) => [name, { description: 'Ignored.' }]));
  const properties = { ...(open.schema['properties'] as JsonObject), ...additions };
  return {
    schema: { ...open.schema, properties, additionalProperties: false },
    decode: (value, path) => {
      const given = isJsonObject(value) ? Object.keys(value) : [];
      const unknown = given.filter((name) => !names.includes(name) && !shown.includes(name));
      const at = (name: string): string => (path === '' ? name : `${path}.${name}`).slice(0, 100);
      const refuseUnknown = (name: string) => (): never => {
        throw refuse(at(name), `is no field of this request. It takes: ${names.join(', ')}`);
      };
      const problems = unknown.slice(0, 20).map((name) => [name, refuseUnknown(name)] as const);
      const read = collect([...problems, ['', () => open.decode(value, path)]]);
      return read[''] as DecodedFields<F>;
    },
  };
}

/** A field that may be missing; an explicit null counts as missing. */
export function optional<T>(inner: Decoder<T>): Decoder<T | undefined> {
  return {
    schema: orNull(inner.schema),
    optional: true,
    decode: (value, field) =>
      value === undefined || value === null ? undefined : inner.decode(value, field),
  };
}

/** A field that may be missing, and where null clears what is stored. */
export function clearable<T>(inner: Decoder<T>): Decoder<T | null | undefined> {
  return {
    schema: orNull(inner.schema),
    optional: true,
    decode: (value, field) => (value === undefined || value === null ? value : inner.decode(value, field)),
  };
}

export function array<T>(inner: Decoder<T>, limits: { min?: number; max: number }): Decoder<readonly T[]> {
  const min = limits.min ?? 0;
  return {
    schema: { type: 'array', items: inner.schema, minItems: min, maxItems: limits.max },
    decode: (value, field) => {
      if (!Array.isArray(value))
        throw refuse(field, value === undefined ? 'is required' : 'must be an array');
      if (value.length < min) throw refuse(field, `needs at least ${min} item${min === 1 ? '' : 's'}`);
      if (value.length > limits.max) throw refuse(field, `takes at most ${limits.max} items`);
      const read = collect(
        value.map((item, index) => [String(index), () => inner.decode(item, `${field}[${index}]`)]),
      );
      return Object.values(read) as T[];
    },
  };
}

/** Runs every reader and reports all their problems as one error. */
export function collect(readers: readonly (readonly [string, () => unknown])[]): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  const problems: InputProblem[] = [];
  for (const [name, read] of readers) {
    try {
      values[name] = read();
    } catch (error) {
      // An error with a code of its own is the whole answer; it does not blend with others.
      if (!(error instanceof InvalidInputError) || error.code !== undefined) throw error;
      problems.push(...error.problems);
    }
  }
  if (problems.length > 0) throw new InvalidInputError('Validation failed', { problems });
  return values;
}

function orNull(schema: JsonObject): JsonObject {
  return typeof schema.type === 'string' && !schema.enum
    ? { ...schema, type: [schema.type, 'null'] }
    : { anyOf: [schema, { type: 'null' }] };
}
