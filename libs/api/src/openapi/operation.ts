import { SetMetadata } from '@nestjs/common';
import type { JsonObject } from '#kernel';
import { OPERATION } from '../edge/metadata.js';

/** What the OpenAPI document says about a route beyond its path, access, query and body. */
export interface OperationInfo {
  /** camelCase, unique. */
  readonly id: string;
  readonly summary: string;
  readonly description?: string;
  /** Schema of the successful answer; none means an empty body. */
  readonly returns?: JsonObject;
  /** Media type of the successful answer when it is not JSON. */
  readonly mediaType?: string;
  /** Media type of refusals when they are no JSON. */
  readonly errorMediaType?: string;
  /** Media type of a body that is not JSON. */
  readonly bodyType?: string;
  /** How a route without an API key is signed in to. */
  readonly security?: 'uploadToken';
  /** Refusals beyond the ones every route has, by status. */
  readonly errors?: Readonly<Record<number, string>>;
}

export function Operation(info: OperationInfo): MethodDecorator {
  return SetMetadata(OPERATION, info);
}

/** Refers to a schema of `components`. */
export function ref(name: string): JsonObject {
  return { $ref: `#/components/schemas/${name}` };
}

export function listOf(name: string): JsonObject {
  return {
    type: 'object',
    properties: {
      object: { type: 'string', const: 'list' },
      data: { type: 'array', items: ref(name) },
      list_metadata: ref('ListMetadata'),
    },
    required: ['object', 'data', 'list_metadata'],
  };
}

/** An object schema whose properties are all required unless named in `optional`. */
export function record(properties: Record<string, JsonObject>, optional: readonly string[] = []): JsonObject {
  return {
    type: 'object',
    properties,
    required: Object.keys(properties).filter((name) => !optional.includes(name)),
  };
}

export const STRING: JsonObject = { type: 'string' };
export const STRING_OR_NULL: JsonObject = { type: ['string', 'null'] };
export const TIME: JsonObject = { type: 'string', format: 'date-time' };
export const TIME_OR_NULL: JsonObject = { type: ['string', 'null'], format: 'date-time' };
export const ANY_OBJECT: JsonObject = { type: 'object', additionalProperties: true };
