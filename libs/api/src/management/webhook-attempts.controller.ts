import { Controller, Get, Post } from '@nestjs/common';
import type { JsonObject } from '#kernel';
import { Attempts, WebhookEndpoints, type Attempt } from '#webhooks';
import { Scopes } from '../edge/access.js';
import { EnvironmentId } from '../edge/api-request.js';
import { object, optional, type Decoded } from '../edge/decoder.js';
import { Idempotent } from '../edge/idempotency.interceptor.js';
import { Filters, Input, PathId } from '../edge/input.js';
import { listBody } from '../edge/list-body.js';
import { pageQuery } from '../edge/page-query.js';
import { parameter, type QueryOf } from '../edge/query.js';
import { integer, text } from '../edge/values.js';
import { listOf, Operation, ref } from '../openapi/operation.js';

const attemptsQuery = pageQuery('attempt', {
  event: parameter(text(), 'Attempts for the event with this id.'),
});
const rotateSecret = object({ overlap_seconds: optional(integer(0, 30 * 86_400)) });

@Controller('management/webhook_endpoints/:id')
export class WebhookAttemptsController {
  constructor(
    private readonly endpoints: WebhookEndpoints,
    private readonly attempts: Attempts,
  ) {}

  @Get('attempts')
  @Scopes('webhooks:read')
  @Operation({
    id: 'listWebhookAttempts',
    summary: 'List what was sent to an endpoint and how it went',
    returns: listOf('WebhookAttempt'),
  })
  async list(
    @EnvironmentId() environmentId: string,
    @PathId('id', 'Webhook endpoint') id: string,
    @Filters(attemptsQuery) query: QueryOf<typeof attemptsQuery>,
  ): Promise<JsonObject> {
    const filter = { endpointId: id, ...(query.event !== undefined && { eventId: query.event }) };
    const { items, before, after } = await this.attempts.list(environmentId, filter, query.page);
    // Attempts outlive their endpoint, so only who finds nothing needs to know whether it exists.
    if (items.length === 0) await this.endpoints.get(environmentId, id);
    return listBody({ data: items, before, after }, attemptWire);
  }

  @Post('secret_rotations')
  @Scopes('webhooks:write')
  @Idempotent()
  @Operation({
    id: 'rotateWebhookSecret',
    summary: 'Give an endpoint a new signing secret',
    description: 'Until the overlap ends (a day unless said otherwise) the older secrets sign, too.',
    returns: ref('RotatedSecret'),
    errors: { 409: '`too_many_secrets`: wait until one of the older ones expires.' },
  })
  async rotateSecret(
    @EnvironmentId() environmentId: string,
    @PathId('id', 'Webhook endpoint') id: string,
    @Input(rotateSecret) body: Decoded<typeof rotateSecret>,
  ): Promise<JsonObject> {
    const options = body.overlap_seconds === undefined ? {} : { overlapSeconds: body.overlap_seconds };
    const rotated = await this.endpoints.rotateSecret(environmentId, id, options);
    return { secret: rotated.secret, previous_expires_at: rotated.previousExpiresAt };
  }
}

function attemptWire(attempt: Attempt): JsonObject {
  return {
    object: 'webhook_attempt',
    id: attempt.id,
    webhook_endpoint_id: attempt.endpointId,
    event_id: attempt.eventId,
    sequence: attempt.sequence,
    attempt: attempt.attempt,
    outcome: attempt.outcome,
    http_status: attempt.httpStatus,
    error: attempt.error,
    response_excerpt: attempt.responseExcerpt,
    duration_ms: attempt.durationMs,
    created_at: attempt.createdAt,
  };
}
