import { getOwn } from '#kernel';
import type { Answer, ScimCall } from './call.js';
import { MethodNotAllowed } from './method-not-allowed.js';
import type { ScimPorts } from './ports.js';
import type { Route } from './route.js';

/** Some operation; which kind of call it takes is known from where it was found. */
export type AnyOperation = (call: never, ports: ScimPorts) => Answer | Promise<Answer>;

/** An operation bound to its route, so that the caller need not know which kind of route it is. */
export type BoundOperation = (call: ScimCall, ports: ScimPorts) => Answer | Promise<Answer>;

/** @throws MethodNotAllowed when the endpoint exists but not for this method. */
export function bindOperation(
  table: Readonly<Record<string, AnyOperation>>,
  route: Route,
  method: string,
): BoundOperation {
  const operation = getOwn(table, method);
  if (operation === undefined) throw new MethodNotAllowed(method, Object.keys(table));
  return (call, ports) => operation({ ...call, route } as never, ports);
}
