import { Controller, Get } from '@nestjs/common';
import type { JsonObject } from '#kernel';
import { RequestLogReader, type RefusedLogin } from '#scim';
import { Scopes } from '../edge/access.js';
import { Filters } from '../edge/input.js';
import { listBody } from '../edge/list-body.js';
import { pageQuery } from '../edge/page-query.js';
import { parameter, type QueryOf } from '../edge/query.js';
import { instant, text } from '../edge/values.js';
import { listOf, Operation } from '../openapi/operation.js';
import { entryWire } from './request-log.controller.js';

const loginQuery = pageQuery('scim_request', {
  peer: parameter(text(), 'Requests from this address.'),
  since: parameter(instant(), 'Not before this time.'),
  until: parameter(instant(), 'Not after this time.'),
});

/** What no directory's own request log can show: requests that belong to none. */
@Controller('management/refused_logins')
export class RefusedLoginsController {
  constructor(private readonly requestLog: RequestLogReader) {}

  @Get()
  @Scopes('instance:admin')
  @Operation({
    id: 'listRefusedLogins',
    summary: 'List SCIM requests without a valid token, whatever address they came to',
    description:
      'Of all environments, also for addresses that are no directory. Alike ones are kept once in ten seconds. What concerns a directory stands in its request log, too.',
    returns: listOf('RefusedLogin'),
  })
  async list(@Filters(loginQuery) { page, ...filter }: QueryOf<typeof loginQuery>): Promise<JsonObject> {
    const named = Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined));
    return listBody(await this.requestLog.listRefusedLogins(named, page), refusedWire);
  }
}

function refusedWire(login: RefusedLogin): JsonObject {
  return {
    ...entryWire(login.directoryId, login),
    object: 'refused_login',
    environment_id: login.environmentId,
    address_key: login.addressKey,
  };
}
