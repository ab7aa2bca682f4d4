import { idTime, newId, type JsonObject } from '#kernel';
import type { DirectoryGroup, DirectoryUser } from '#model';
import { isPause } from '../http/directory-paused.js';
import { headerOf, type ScimRequest } from '../http/messages.js';
import { adviseOn } from './advise.js';
import { displayNameOf } from './display-name.js';
import type { LoggedExchange } from './logged-exchange.js';
import { readableQuery } from './readable-query.js';
import { maskText, redactBody } from './redact.js';
import { summarize } from './summarize.js';

/** One entry of the request log, nothing secret in it. Times are ISO 8601 in UTC with milliseconds. */
export interface RequestLogEntry {
  readonly id: string;
  readonly requestId: string;
  readonly scimVersion: string;
  readonly method: string;
  /** Below the directory's base URL. */
  readonly path: string;
  /** Decoded; null when there was none. */
  readonly query: string | null;
  readonly status: number;
  readonly durationMs: number;
  readonly userAgent: string | null;
  /** Address that it came from, as far as it can be trusted. */
  readonly peer: string | null;
  readonly tokenId: string | null;
  readonly resourceType: 'User' | 'Group' | null;
  readonly resourceId: string | null;
  readonly scimType: string | null;
  /** What happened, in plain words. */
  readonly summary: string;
  /** Why it was refused; null when it was not. */
  readonly reason: string | null;
  /** What to do about it. */
  readonly fix: string | null;
  readonly createdAt: string;
}

/** An entry with what was sent. */
export interface RequestLogDetail extends RequestLogEntry {
  readonly headers: JsonObject;
  /** Null when there was none, or when the directory keeps no bodies. */
  readonly requestBody: string | null;
  readonly responseBody: string | null;
}

/** An entry on its way into the log. */
export interface NewRequestLogEntry extends RequestLogDetail {
  /** Null for a refused login, which is stored by the key in its address. */
  readonly directory: { readonly environmentId: string; readonly id: string } | null;
  readonly externalKey: string;
  /** Further names of the person it is about, for finding it. */
  readonly subject: string | null;
}

/** The only headers that are kept: everything else may be a credential. */
const KEPT_HEADERS = [
  'accept',
  'content-length',
  'content-type',
  'if-match',
  'if-none-match',
  'x-http-method-override',
] as const;
const LONGEST_HEADER = 200;
const LONGEST_PATH = 500;
const LONGEST_KEY = 64;

/** Makes the entry of an exchange. */
export function toEntry(exchange: LoggedExchange): NewRequestLogEntry {
  const { request, response, directory } = exchange;
  const id = newId('scim_request');
  return {
    id,
    createdAt: new Date(idTime('scim_request', id) as number).toISOString(),
    directory: directory ?? null,
    externalKey: addressKey(request),
    requestId: request.requestId,
    scimVersion: request.version,
    method: request.method.slice(0, 20),
    path: storable(maskText(request.path)).slice(0, LONGEST_PATH),
    query: readableQuery(request),
    status: response.status,
    durationMs: Math.round(exchange.durationMs * 10) / 10,
    userAgent: header(request, 'user-agent'),
    peer: request.peer ?? null,
    tokenId: directory?.tokenId ?? null,
    ...resourceOf(exchange),
    ...refusalOf(exchange),
    summary: storable(summarize(exchange)),
    headers: headersOf(request),
    ...bodiesOf(exchange),
  };
}

function refusalOf({
  refusal,
  route,
  directory,
}: LoggedExchange): Pick<NewRequestLogEntry, 'scimType' | 'reason' | 'fix'> {
  if (refusal === undefined) return { scimType: null, reason: null, fix: null };
  return {
    scimType: refusal.scimType ?? null,
    reason: storable(maskText(refusal.detail)),
    fix: adviseOn(refusal, {
      isAddress: route === undefined,
      isLogin: directory === undefined,
      isPaused: isPause(refusal),
    }),
  };
}

/** A directory can ask for none (setting `request_log_bodies`); of a stranger none are kept. */
function bodiesOf(exchange: LoggedExchange): Pick<NewRequestLogEntry, 'requestBody' | 'responseBody'> {
  const { request, response, directory } = exchange;
  if (directory === undefined || directory.config['request_log_bodies'] === false)
    return { requestBody: null, responseBody: null };
  return { requestBody: redactBody(request.body), responseBody: redactBody(response.body) };
}

/** What the request was about, when that is one resource. */
function resourceOf(
  exchange: LoggedExchange,
): Pick<NewRequestLogEntry, 'resourceType' | 'resourceId' | 'subject'> {
  const { route } = exchange;
  if (route === undefined || !('resourceType' in route))
    return { resourceType: null, resourceId: null, subject: null };
  const resource = resourceFound(exchange);
  const addressed = route.kind === 'resource' ? storable(route.id).slice(0, LONGEST_PATH) : null;
  return {
    resourceType: route.resourceType,
    resourceId: resource?.id ?? addressed,
    subject: resource === undefined ? null : storable(subjectOf(resource)),
  };
}

function resourceFound({ observation }: LoggedExchange): DirectoryUser | DirectoryGroup | undefined {
  const { changes, searches, reads } = observation;
  const result = changes[0]?.result;
  return result?.user ?? result?.group ?? searches[0]?.only ?? reads[0];
}

function subjectOf(resource: DirectoryUser | DirectoryGroup): string {
  const name = displayNameOf(resource);
  const email = 'email' in resource ? resource.email : null;
  return email === null || email === name ? name : `${name} ${email}`;
}

/** What stands where the key of a directory belongs; that may be anything, a token pasted there, too. */
function addressKey({ externalKey }: ScimRequest): string {
  return storable(maskText(externalKey)).slice(0, LONGEST_KEY);
}

function headersOf(request: ScimRequest): JsonObject {
  const kept: JsonObject = {};
  for (const name of KEPT_HEADERS) {
    const value = header(request, name);
    if (value !== null) kept[name] = value;
  }
  return kept;
}

function header(request: ScimRequest, name: string): string | null {
  const value = headerOf(request, name);
  return value === undefined ? null : storable(maskText(value)).slice(0, LONGEST_HEADER);
}

/** PostgreSQL stores neither U+0000 nor half a surrogate pair. */
function storable(text: string): string {
  return text.replaceAll('\u0000', '\ufffd').toWellFormed();
}
