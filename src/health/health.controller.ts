import { Controller, Get, Inject, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { Health } from './health.js';

/** For load balancers and orchestrators; no credential. */
@Controller()
export class HealthController {
  readonly #health: Health;

  constructor(@Inject(Health) health: Health) {
    this.#health = health;
  }

  @Get('healthz')
  alive(): { status: string } {
    return { status: 'ok' };
  }

  @Get('readyz')
  async ready(@Res({ passthrough: true }) reply: FastifyReply): Promise<{ status: string; reason?: string }> {
    const { ready, reason } = await this.#health.readiness();
    void reply.status(ready ? 200 : 503);
    return { status: ready ? 'ready' : 'not ready', ...(reason === null ? {} : { reason }) };
  }
}
