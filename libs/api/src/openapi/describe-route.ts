import type { JsonObject } from '#kernel';
import { ref, STRING, type OperationInfo } from './operation.js';
import type { Route } from './route.js';

/** The OpenAPI operation of a route. */
export function describeRoute(route: Route): JsonObject {
  const { operation } = route;
  if (!operation)
    throw new Error(`${route.name} has no @Operation, so the OpenAPI document would not show it`);
  const { description } = operation;
  const { scopes } = route;
  return {
    operationId: operation.id,
    summary: operation.summary,
    ...(description === undefined ? {} : { description }),
    tags: [tagOf(route.path)],
    security: securityOf(route),
    ...(scopes ? { 'x-required-scopes': [...scopes] } : {}),
    parameters: [...pathParameters(route), ...queryParameters(route), ...headerParameters(route)],
    ...(route.body ? { requestBody: requestBody(route.body.schema) } : {}),
    ...(operation.bodyType === undefined ? {} : { requestBody: fileBody(operation.bodyType) }),
    responses: { ...success(route, operation), ...failures(route, operation) },
  };
}

function securityOf({ isPublic, operation }: Route): JsonObject[] {
  if (!isPublic) return [{ apiKey: [] }];
  return operation?.security === undefined ? [] : [{ [operation.security]: [] }];
}

function fileBody(mediaType: string): JsonObject {
  return { required: true, content: { [mediaType]: {} } };
}

function tagOf(path: string): string {
  const [first, second] = path.split('/').filter((part) => part !== '');
  return first === 'management' ? `management: ${second}` : String(first);
}

function pathParameters(route: Route): JsonObject[] {
  return [...route.path.matchAll(/:(\w+)/g)].map(([, name]) => ({
    name: String(name),
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
}

function queryParameters(route: Route): JsonObject[] {
  return Object.entries(route.query?.parameters ?? {}).map(([name, parameter]) => ({
    name,
    in: 'query',
    description: parameter.description,
    schema: parameter.schema,
    ...(parameter.schema.type === 'array' ? { style: 'form', explode: false } : {}),
  }));
}

function headerParameters(route: Route): JsonObject[] {
  if (!route.isIdempotent) return [];
  const description =
    'Repeating a request with the same key and body within 24 hours returns the first answer and does nothing.';
  return [{ name: 'Idempotency-Key', in: 'header', description, schema: { type: 'string', maxLength: 255 } }];
}

function requestBody(schema: JsonObject): JsonObject {
  const required = Array.isArray(schema.required) && schema.required.length > 0;
  return { required, content: { 'application/json': { schema } } };
}

function failureBody({ errorMediaType }: OperationInfo): JsonObject {
  return errorMediaType === undefined
    ? { 'application/json': { schema: ref('Error') } }
    : { [errorMediaType]: { schema: STRING } };
}

function success(route: Route, operation: OperationInfo): JsonObject {
  // A route that only ever refuses describes that as an error.
  if (route.status >= 400) return {};
  const status = String(route.status);
  if (!operation.returns) return { [status]: { description: 'Done; the answer has no body.' } };
  const mediaType = operation.mediaType ?? 'application/json';
  return { [status]: { description: 'Done.', content: { [mediaType]: { schema: operation.returns } } } };
}

function failures(route: Route, operation: OperationInfo): JsonObject {
  const takesInput = route.body !== undefined || route.query !== undefined;
  const sentences: Record<string, string> = {
    ...(takesInput && { 400: 'The request is malformed, or a cursor is unknown.' }),
    ...(!route.isPublic && {
      401: 'The API key is missing or not valid.',
      403: 'The API key lacks a scope.',
    }),
    ...(route.path.includes(':') && { 404: 'There is no such object in this environment.' }),
    ...((takesInput || route.status === 422) && { 422: 'The input is not acceptable; `errors` says why.' }),
    500: 'An internal error; the message names the request id.',
    ...operation.errors,
  };
  return Object.fromEntries(
    Object.entries(sentences).map(([status, description]) => [
      status,
      { description, content: failureBody(operation) },
    ]),
  );
}
