import { Body, Param, PayloadTooLargeException, Query, type PipeTransform } from '@nestjs/common';
import { InvalidInputError, NotFoundError, parseJson, type JsonValue } from '#kernel';
import type { Decoder } from './decoder.js';
import { BODY, QUERY } from './metadata.js';
import type { QueryReader } from './query.js';
import type { RawQuery } from './raw-query.js';

/** No request of this API has a reason to be larger; the server's own limit is there for SCIM. */
const MAX_BODY_BYTES = 1_048_576;

/** The request body, read by `decoder`, which also describes it in the OpenAPI document. */
export function Input(decoder: Decoder<unknown>): ParameterDecorator {
  return describedParameter(BODY, decoder, Body({ transform: (raw: unknown) => decodeBody(raw, decoder) }));
}

/** The query, read by `reader`, which also describes it in the OpenAPI document. */
export function Filters(reader: QueryReader<unknown>): ParameterDecorator {
  return describedParameter(QUERY, reader, Query({ transform: (raw: RawQuery) => reader.read(raw) }));
}

/** An id in the path. What can be nobody's id is not found, before any database is asked. */
export function PathId(name: string, entity: string): ParameterDecorator {
  const pipe: PipeTransform<string, string> = {
    transform: (id) => {
      if (id.includes('\u0000') || id.length > 512)
        throw new NotFoundError(`${entity} not found: '${id.slice(0, 64).replaceAll('\u0000', '\\u0000')}'.`);
      return id;
    },
  };
  return Param(name, pipe);
}

/** Bodies arrive as bytes, so that nothing but `parseJson` ever parses them. SDKs send empty ones, too. */
export function decodeBody<T>(raw: unknown, decoder: Decoder<T>): T {
  const bytes = typeof raw === 'string' || raw instanceof Uint8Array ? raw : '';
  if (bytes.length > MAX_BODY_BYTES)
    throw new PayloadTooLargeException(`The body is larger than ${MAX_BODY_BYTES} bytes.`);
  return decoder.decode(bytes.length === 0 ? {} : parseBody(bytes), '');
}

/** What no field may contain (U+0000, half a surrogate pair) makes the whole body unacceptable JSON: 400, not 422. */
function parseBody(bytes: Uint8Array | string): JsonValue {
  try {
    return parseJson(bytes);
  } catch (error) {
    if (!(error instanceof InvalidInputError)) throw error;
    throw new InvalidInputError(error.message, {
      code: 'invalid_json',
      problems: error.problems,
      cause: error,
    });
  }
}

function describedParameter(key: string, value: unknown, decorate: ParameterDecorator): ParameterDecorator {
  return (target, property, index) => {
    decorate(target, property, index);
    const handler = (target as Record<string | symbol, object>)[property as string] as object;
    Reflect.defineMetadata(key, value, handler);
  };
}
