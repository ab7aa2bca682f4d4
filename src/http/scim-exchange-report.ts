import { inspect } from 'node:util';
import type { Logger } from 'pino';
import type { ScimExchange } from '#scim';
import type { Metrics } from '../metrics/metrics.js';

/** Turns what is known about a SCIM exchange into a log line and metrics. Nothing personal is in it. */
export function scimExchangeReport(log: Logger, metrics: Metrics): (exchange: ScimExchange) => void {
  return (exchange) => {
    const { failure, durationMs, ...facts } = exchange;
    const resource = exchange.path.split('/')[1] ?? exchange.path;
    metrics.scimDuration.observe(
      { method: exchange.method, resource, status: `${String(exchange.status)[0]}xx` },
      durationMs / 1_000,
    );
    if (exchange.reason !== undefined) metrics.scimRefusals.inc({ reason: exchange.reason });
    const context = { ...facts, durationMs: Math.round(durationMs * 10) / 10 };
    if (failure !== undefined) log.error({ ...context, failure: describe(failure) }, 'SCIM request failed');
    else if (exchange.status >= 400) log.info(context, 'SCIM request refused');
    else log.debug(context, 'SCIM request');
  };
}

function describe(failure: unknown): string | undefined {
  if (failure === undefined) return undefined;
  if (!(failure instanceof Error)) return inspect(failure, { depth: 1 });
  return failure.cause instanceof Error
    ? `${failure.stack}\ncaused by ${failure.cause.stack}`
    : failure.stack;
}
