import { domainToASCII } from 'node:url';
import { isJsonObject, type JsonObject } from '#kernel';
import { refuse, type Decoder } from './decoder.js';

/** Text with at least one character that is not blank. */
export function text(maxLength = 255): Decoder<string> {
  return {
    schema: { type: 'string', minLength: 1, maxLength },
    decode: (value, field) => {
      if (value === undefined || value === null) throw refuse(field, 'is required');
      if (typeof value !== 'string') throw refuse(field, 'must be a string');
      if (value.trim() === '') throw refuse(field, 'must not be empty');
      if (value.length > maxLength) throw refuse(field, `must have at most ${maxLength} characters`);
      return value;
    },
  };
}

/** Text that matches a pattern; `rule` continues a sentence that starts with the field's name. */
export function textLike(pattern: RegExp, maxLength: number, rule: string): Decoder<string> {
  const plain = text(maxLength);
  return {
    schema: { ...plain.schema, pattern: pattern.source },
    decode: (value, field) => {
      const read = plain.decode(value, field);
      if (!pattern.test(read)) throw refuse(field, rule);
      return read;
    },
  };
}

export function oneOf<const T extends string>(values: readonly T[]): Decoder<T> {
  return {
    schema: { type: 'string', enum: [...values] },
    decode: (value, field) => {
      if (value === undefined || value === null) throw refuse(field, 'is required');
      const found = values.find((candidate) => candidate === value);
      if (found === undefined) throw refuse(field, `must be one of: ${values.join(', ')}`);
      return found;
    },
  };
}

export function flag(): Decoder<boolean> {
  return {
    schema: { type: 'boolean' },
    decode: (value, field) => {
      if (typeof value !== 'boolean') throw refuse(field, 'must be true or false');
      return value;
    },
  };
}

export function integer(min: number, max: number): Decoder<number> {
  return {
    schema: { type: 'integer', minimum: min, maximum: max },
    decode: (value, field) => {
      if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max)
        throw refuse(field, `must be a whole number from ${min} to ${max}`);
      return value;
    },
  };
}

/** Any JSON object, taken as it is. */
export function anyObject(): Decoder<JsonObject> {
  return {
    schema: { type: 'object', additionalProperties: true },
    decode: (value, field) => {
      if (!isJsonObject(value)) throw refuse(field, 'must be a JSON object');
      return value;
    },
  };
}

const ISO_INSTANT = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:?\d\d))?$/;

/** A point in time, ISO 8601 with its offset; a bare date is midnight UTC. */
export function instant(): Decoder<Date> {
  return {
    schema: { type: 'string', format: 'date-time' },
    decode: (value, field) => {
      const date = typeof value === 'string' && ISO_INSTANT.test(value) ? new Date(value) : undefined;
      if (!date || Number.isNaN(date.getTime()))
        throw refuse(field, 'must be an ISO 8601 time such as 2026-01-15T12:00:00.000Z');
      return date;
    },
  };
}

const DOMAIN = /^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+(?=[a-z0-9-]*[a-z])[a-z0-9-]{2,63}$/;

/** A DNS domain, in lower case and ASCII form. */
export function domainName(): Decoder<string> {
  const plain = text(253);
  return {
    schema: { ...plain.schema, format: 'hostname' },
    decode: (value, field) => {
      const domain = domainToASCII(plain.decode(value, field).trim());
      if (!DOMAIN.test(domain)) throw refuse(field, 'must be a domain name such as example.com');
      return domain;
    },
  };
}
