import { isJsonObject } from '#kernel';
import { headerOf } from '../http/messages.js';
import type { Route } from '../http/route.js';
import { describeChange, type Deed } from './describe-change.js';
import { describeEvents } from './describe-events.js';
import { isPause } from '../http/directory-paused.js';
import { displayNameOf } from './display-name.js';
import type { LoggedExchange } from './logged-exchange.js';
import { filterOf } from './readable-query.js';

const LONGEST = 500;

/**
 * The semantic line of an exchange: who did what, and what came of it. Pure; what happened is taken from the events and
 * the failure, never guessed from the request.
 */
export function summarize(exchange: LoggedExchange): string {
  const { actor, refusal } = exchange;
  if (exchange.directory === undefined) return cut(describeStranger(exchange));
  const deed = deedOf(exchange);
  if (refusal !== undefined) return cut(`${actor} tried to ${deed.tried} → ${describeRefusal(refusal)}`);
  return cut(`${actor} ${deed.did}${deed.outcome === '' ? '' : ` → ${deed.outcome}`}`);
}

/** Without a proof there is nobody to name but an address. */
function describeStranger({ request, response }: LoggedExchange): string {
  const who = request.peer === undefined ? 'Somebody' : `Somebody at ${request.peer}`;
  const outcome = `refused (${response.status})`;
  if (response.status === 404)
    return `${who} called the address of a directory that does not exist → ${outcome}`;
  if (response.status === 429) return `${who} sent too many wrong tokens → ${outcome}, not even looked at`;
  const isMissing = headerOf(request, 'authorization') === undefined;
  return `${who} sent a ${isMissing ? 'request without a' : 'wrong'} token → ${outcome}`;
}

function describeRefusal(refusal: NonNullable<LoggedExchange['refusal']>): string {
  const { status, scimType } = refusal;
  if (isPause(refusal)) return `refused (${status}), the directory is paused`;
  if (status >= 500 && status !== 501) return `failed on our side (${status}), safe to repeat`;
  return `refused (${scimType === undefined ? status : `${status} ${scimType}`})`;
}

function deedOf(exchange: LoggedExchange): Deed {
  const { observation, route } = exchange;
  const { changes, searches, reads } = observation;
  if (route?.kind === 'bulk') return describeBulk(exchange);
  const [change] = changes;
  if (change !== undefined) return describeChange(change);
  const [search] = searches;
  if (search !== undefined) return { ...describeAttempt(exchange, route), outcome: `${search.total} found` };
  const [read] = reads;
  if (read !== undefined) return plain('read', 'read', displayNameOf(read));
  return describeAttempt(exchange, route);
}

function describeBulk({ observation, answer }: LoggedExchange): Deed {
  const operations = answer?.['Operations'];
  if (!Array.isArray(operations)) return plain('sent', 'send', 'several changes in one request');
  const refused = operations.filter(isRefused).length;
  const events = observation.changes.flatMap(({ result }) => result?.events ?? []);
  const outcome = `${operations.length - refused} done, ${refused} refused, ${describeEvents(events)}`;
  return { ...plain('sent', 'send', `${operations.length} changes in one request`), outcome };
}

/** `status` is a string in 2.0 and in an object in 1.1. */
function isRefused(operation: unknown): boolean {
  const status = isJsonObject(operation) ? operation['status'] : undefined;
  return Number(isJsonObject(status) ? status['code'] : status) >= 400;
}

/** What was wanted by a request that never got as far as the store. */
function describeAttempt(exchange: LoggedExchange, route: Route | undefined): Deed {
  if (route === undefined) return plain('called', 'call', shortPath(exchange));
  const { method } = exchange.request;
  switch (route.kind) {
    case 'collection':
      if (method === 'POST') return plain('created', 'create', `a ${nounOf(route.resourceType)}`);
      if (method === 'GET') return describeQuestion(exchange, route.resourceType);
      return plain('sent', `${method} to`, route.template);
    case 'search':
      return plain('searched', 'search', `${nounOf(route.resourceType)}s`);
    case 'resource':
      return describeAddressed(method, `the ${nounOf(route.resourceType)} ${route.id}`);
    default:
      return plain('read', method === 'GET' ? 'read' : `${method} to`, route.template);
  }
}

function describeAddressed(method: string, what: string): Deed {
  if (method === 'DELETE') return plain('deleted', 'delete', what);
  return method === 'GET' ? plain('read', 'read', what) : plain('changed', 'change', what);
}

/** `userName eq "jane@acme.test"` is told as `userName jane@acme.test`: that is how every IdP asks for a person. */
function describeQuestion(exchange: LoggedExchange, resourceType: 'User' | 'Group'): Deed {
  const filter = filterOf(exchange.request);
  if (filter === undefined) return plain('listed', 'list', `all ${nounOf(resourceType)}s`);
  const simple = /^\s*([\w.:-]+)\s+eq\s+"([^"\\]*)"\s*$/i.exec(filter);
  const question = simple === null ? filter : `${simple[1] as string} ${simple[2] as string}`;
  return plain('looked up', 'look up', `${nounOf(resourceType)}s by ${question}`);
}

function plain(did: string, tried: string, rest: string): Deed {
  return { did: `${did} ${rest}`, tried: `${tried} ${rest}`, outcome: '' };
}

function nounOf(resourceType: 'User' | 'Group'): string {
  return resourceType === 'User' ? 'user' : 'group';
}

function shortPath({ request }: LoggedExchange): string {
  return request.path.slice(0, 100);
}

/** One line, whatever names people have. */
function cut(text: string): string {
  const line = text.replaceAll(/\p{Cc}+/gu, ' ').toWellFormed();
  return line.length > LONGEST ? `${line.slice(0, LONGEST - 1)}…` : line;
}
