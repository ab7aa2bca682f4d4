import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Pool } from 'pg';

/** Every metric of the process, in Prometheus' terms. */
export class Metrics {
  readonly registry = new Registry();

  readonly scimDuration = new Histogram({
    name: 'rollcall_scim_request_duration_seconds',
    help: 'Inbound SCIM requests by method, resource and status class',
    labelNames: ['method', 'resource', 'status'] as const,
    buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.3, 1, 5],
    registers: [this.registry],
  });

  readonly scimRefusals = new Counter({
    name: 'rollcall_scim_refusals_total',
    help: 'Inbound SCIM requests that were refused, by reason',
    labelNames: ['reason'] as const,
    registers: [this.registry],
  });

  readonly scimTokenRequests = new Counter({
    name: 'rollcall_scim_token_requests_total',
    help: 'Requests to the OAuth token endpoints of directories, by result: issued, or the error code',
    labelNames: ['result'] as const,
    registers: [this.registry],
  });

  readonly expiryNotices = new Counter({
    name: 'rollcall_scim_credential_expiry_notices_total',
    help: 'Events of this process that announced the expiry of a SCIM token or OAuth client',
    registers: [this.registry],
  });

  readonly httpDuration = new Histogram({
    name: 'rollcall_http_request_duration_seconds',
    help: 'Requests to the REST API by method, route and status',
    labelNames: ['method', 'route', 'status'] as const,
    buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.3, 1, 5],
    registers: [this.registry],
  });

  constructor(pools: Readonly<Record<string, Pool>>) {
    collectDefaultMetrics({ register: this.registry, prefix: 'rollcall_' });
    const connections = new Gauge({
      name: 'rollcall_database_connections',
      help: 'Connections to PostgreSQL by pool and state; waiting = requests without a connection',
      labelNames: ['pool', 'state'] as const,
      registers: [this.registry],
      collect: () => {
        for (const [name, pool] of Object.entries(pools)) {
          connections.set({ pool: name, state: 'open' }, pool.totalCount);
          connections.set({ pool: name, state: 'idle' }, pool.idleCount);
          connections.set({ pool: name, state: 'waiting' }, pool.waitingCount);
        }
      },
    });
  }
}
