import { Controller, Get, Logger, Req, Res } from '@nestjs/common';
import { Authorizations, type ConsentProblem, type ConsentWords } from '#connectors';
import { RetryableError } from '#kernel';
import type { FastifyReply } from 'fastify';
import { Public } from '../edge/access.js';
import type { ApiRequest } from '../edge/api-request.js';
import { ApiSettings } from '../edge/api-settings.js';
import { Filters } from '../edge/input.js';
import { query, type QueryOf, type QueryParameter } from '../edge/query.js';
import type { RawQuery } from '../edge/raw-query.js';
import { Operation, STRING } from '../openapi/operation.js';
import { PAGE_HEADERS, renderConsentPage } from './consent-page.js';
import { consentRedirectUri } from './redirect-uri.js';

const callbackQuery = query({
  state: given('What the link to the consent page had; without it nobody knows what the answer is about.'),
  code: given('The consent, good for one exchange.'),
  error: given('Instead of a code: why there is none (RFC 6749, 4.1.2.1).'),
});

/** Of refusals; everything else is a request that cannot be carried out (400). */
const STATUS: Partial<Record<ConsentProblem, number>> = {
  unknown_link: 404,
  used_link: 410,
  expired_link: 410,
  directory_gone: 410,
  too_many_tries: 429,
  in_progress: 409,
  vendor_unavailable: 503,
  unexpected_answer: 502,
};

/** Where a browser comes back to from a vendor's consent page: a person reads the answer, so it is always a page. */
@Controller('connections/oauth')
export class OAuthCallbackController {
  readonly #logger = new Logger('OAuthCallback');

  constructor(
    private readonly authorizations: Authorizations,
    private readonly settings: ApiSettings,
  ) {}

  @Get('callback')
  @Public()
  @Operation({
    id: 'finishAuthorization',
    summary: 'Where a vendor’s consent page sends the admin back to',
    description:
      'Register it with your application at the vendor. Opened by browsers only: it answers with a page that says what happened and what to do.',
    returns: STRING,
    mediaType: 'text/html',
    errorMediaType: 'text/html',
    errors: {
      400: 'The consent was denied or is not enough; the page says what to do. The link stays good.',
      404: 'The link is not known, or was replaced by a newer one.',
      409: 'The consent is being exchanged by another request.',
      410: 'The link was used or has expired, or its directory was deleted.',
      429: 'The link was tried too often.',
      502: 'The vendor’s answer is none that the protocol knows.',
      503: 'The vendor, or the database, cannot be reached. Reloading the page tries again.',
    },
  })
  async callback(
    @Filters(callbackQuery) answer: QueryOf<typeof callbackQuery>,
    @Req() request: ApiRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    // What looks at links in mails and chats must use nothing up.
    if (request.method !== 'GET') return void reply.status(405).headers({ allow: 'GET' }).send();
    const { status, words } = await this.#finish(answer, request);
    void reply.status(status).headers(PAGE_HEADERS).send(renderConsentPage(words));
  }

  async #finish(
    answer: QueryOf<typeof callbackQuery>,
    request: ApiRequest,
  ): Promise<{ readonly status: number; readonly words: ConsentWords }> {
    try {
      const redirectUri = consentRedirectUri(this.settings.publicUrl);
      const { problem, words } = await this.authorizations.finish(answer, redirectUri);
      return { status: problem === null ? 200 : (STATUS[problem] ?? 400), words };
    } catch (error) {
      const isPassing = error instanceof RetryableError;
      // Without the address: a code and a state are in it.
      if (!isPassing) this.#logger.error(`A callback failed (request ${request.id})`, (error as Error).stack);
      return isPassing
        ? { status: 503, words: failed('Wait for a minute and reload this page.') }
        : { status: 500, words: failed(`Tell whoever sent you the link this number: ${request.id}`) };
    }
  }
}

function failed(remedy: string): ConsentWords {
  return { title: 'Rollcall cannot say what became of it', text: 'Something failed on our side.', remedy };
}

/** Never refused, because a person waits for a page. Given twice or empty, it counts as absent. */
function given(description: string): QueryParameter<string | undefined> {
  return {
    schema: { type: 'string' },
    description,
    read: (raw: RawQuery, name) => {
      const value = raw[name];
      return typeof value === 'string' && value !== '' && !value.includes('\u0000') ? value : undefined;
    },
  };
}
