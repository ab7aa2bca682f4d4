import { Controller, Get } from '@nestjs/common';
import { Directories } from '#directory';
import type { JsonObject } from '#kernel';
import { RequestLogReader, type RequestLogDetail, type RequestLogEntry, type RequestLogFilter } from '#scim';
import { Scopes } from '../edge/access.js';
import { EnvironmentId } from '../edge/api-request.js';
import { refuse, type Decoder } from '../edge/decoder.js';
import { Filters, PathId } from '../edge/input.js';
import { listBody } from '../edge/list-body.js';
import { pageQuery } from '../edge/page-query.js';
import { parameter, type QueryOf } from '../edge/query.js';
import { instant, oneOf, text } from '../edge/values.js';
import { listOf, Operation, ref } from '../openapi/operation.js';

const OUTCOMES = ['ok', 'refused', 'error'] as const;

const logQuery = pageQuery('scim_request', {
  status: parameter(
    outcomeOrStatus(),
    '`ok` (below 400), `refused` (4xx), `error` (5xx), or one HTTP status.',
  ),
  method: parameter(oneOf(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']), 'Requests of this method.'),
  resource_type: parameter(oneOf(['User', 'Group']), 'Requests about people, or about groups.'),
  resource_id: parameter(text(), 'Requests about the user or group with this id.'),
  user: parameter(text(), 'Text in a user name, e-mail address, group name or the summary.'),
  request_id: parameter(text(), 'The request with this id (header `X-Request-ID` of the answer).'),
  since: parameter(instant(), 'Not before this time.'),
  until: parameter(instant(), 'Not after this time.'),
});

@Controller('management/directories/:id/request_log')
export class RequestLogController {
  constructor(
    private readonly directories: Directories,
    private readonly requestLog: RequestLogReader,
  ) {}

  @Get()
  @Scopes('directories:read')
  @Operation({
    id: 'listRequestLog',
    summary: 'List what the IdP sent to a directory and what came of it',
    description:
      'Every SCIM request, refused logins included (one in ten seconds), in plain words. A request appears within a second.',
    returns: listOf('ScimRequest'),
  })
  async list(
    @EnvironmentId() environmentId: string,
    @PathId('id', 'Directory') id: string,
    @Filters(logQuery) query: QueryOf<typeof logQuery>,
  ): Promise<JsonObject> {
    await this.directories.get(environmentId, id);
    const entries = await this.requestLog.list(
      { environmentId, directoryId: id },
      toFilter(query),
      query.page,
    );
    return listBody(entries, (entry) => entryWire(id, entry));
  }

  @Get(':entry_id')
  @Scopes('directories:read')
  @Operation({
    id: 'getRequestLogEntry',
    summary: 'Read one request with its bodies',
    returns: ref('ScimRequestDetail'),
  })
  async get(
    @EnvironmentId() environmentId: string,
    @PathId('id', 'Directory') id: string,
    @PathId('entry_id', 'Request log entry') entryId: string,
  ): Promise<JsonObject> {
    await this.directories.get(environmentId, id);
    return detailWire(id, await this.requestLog.get({ environmentId, directoryId: id }, entryId));
  }
}

/** One of the words, or a status code. */
function outcomeOrStatus(): Decoder<(typeof OUTCOMES)[number] | number> {
  const words = oneOf(OUTCOMES);
  return {
    schema: {
      anyOf: [words.schema, { type: 'integer', minimum: 100, maximum: 599 }],
    },
    decode: (value, field) => {
      if (OUTCOMES.some((word) => word === value)) return words.decode(value, field);
      if (typeof value === 'string' && /^[1-5]\d\d$/.test(value)) return Number(value);
      throw refuse(field, `must be one of: ${OUTCOMES.join(', ')}, or an HTTP status such as 409`);
    },
  };
}

function toFilter(query: QueryOf<typeof logQuery>): RequestLogFilter {
  const { status, method, resource_type, resource_id, user, request_id, since, until } = query;
  const named = {
    status,
    method,
    resourceType: resource_type,
    resourceId: resource_id,
    requestId: request_id,
    user,
    since,
    until,
  };
  return Object.fromEntries(Object.entries(named).filter(([, value]) => value !== undefined));
}

export function entryWire(directoryId: string | null, entry: RequestLogEntry): JsonObject {
  return {
    object: 'scim_request',
    id: entry.id,
    directory_id: directoryId,
    created_at: entry.createdAt,
    summary: entry.summary,
    reason: entry.reason,
    fix: entry.fix,
    method: entry.method,
    path: entry.path,
    query: entry.query,
    status: entry.status,
    scim_type: entry.scimType,
    scim_version: entry.scimVersion,
    duration_ms: entry.durationMs,
    request_id: entry.requestId,
    user_agent: entry.userAgent,
    peer: entry.peer,
    token_id: entry.tokenId,
    resource_type: entry.resourceType,
    resource_id: entry.resourceId,
  };
}

function detailWire(directoryId: string, entry: RequestLogDetail): JsonObject {
  return {
    ...entryWire(directoryId, entry),
    headers: entry.headers,
    request_body: entry.requestBody,
    response_body: entry.responseBody,
  };
}
