import { RequestMethod, type Type } from '@nestjs/common';
import { HTTP_CODE_METADATA, METHOD_METADATA, PATH_METADATA } from '@nestjs/common/constants.js';
import { BODY, IDEMPOTENT, OPERATION, PUBLIC, QUERY, SCOPES } from '../edge/metadata.js';
import type { Decoder } from '../edge/decoder.js';
import type { QueryReader } from '../edge/query.js';
import type { OperationInfo } from './operation.js';

/** One route as its decorators describe it. */
export interface Route {
  /** `OrganizationsController.list`, for messages. */
  readonly name: string;
  /** `get`, `post` … */
  readonly method: string;
  /** `/organizations/:id` */
  readonly path: string;
  readonly status: number;
  readonly scopes: readonly string[] | undefined;
  readonly isPublic: boolean;
  readonly isIdempotent: boolean;
  readonly operation: OperationInfo | undefined;
  readonly body: Decoder<unknown> | undefined;
  readonly query: QueryReader<unknown> | undefined;
}

type Handler = (...args: never[]) => unknown;

/** Every route of these controllers. */
export function routesOf(controllers: readonly Type[]): Route[] {
  return controllers.flatMap((controller) => {
    const prototype = controller.prototype as Record<string, Handler>;
    return Object.getOwnPropertyNames(prototype)
      .filter(
        (name) => name !== 'constructor' && read(METHOD_METADATA, prototype[name] as Handler) !== undefined,
      )
      .map((name) => readRoute(controller, name, prototype[name] as Handler));
  });
}

function readRoute(controller: Type, name: string, handler: Handler): Route {
  const method = RequestMethod[read(METHOD_METADATA, handler) as number] as string;
  const parts = [Reflect.getMetadata(PATH_METADATA, controller), read(PATH_METADATA, handler)] as string[];
  const path = parts.flatMap((part) => part.split('/')).filter((part) => part !== '');
  return {
    name: `${controller.name}.${name}`,
    method: method.toLowerCase(),
    path: `/${path.join('/')}`,
    status: (read(HTTP_CODE_METADATA, handler) as number | undefined) ?? (method === 'POST' ? 201 : 200),
    scopes: read(SCOPES, handler) as Route['scopes'],
    isPublic: read(PUBLIC, handler) === true,
    isIdempotent: read(IDEMPOTENT, handler) === true,
    operation: read(OPERATION, handler) as Route['operation'],
    body: read(BODY, handler) as Route['body'],
    query: read(QUERY, handler) as Route['query'],
  };
}

function read(key: string, handler: Handler): unknown {
  return Reflect.getMetadata(key, handler);
}
