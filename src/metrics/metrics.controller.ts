import { Controller, Get, Inject, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { Metrics } from './metrics.js';

/** Prometheus scrapes this; it names no person and no secret. */
@Controller('metrics')
export class MetricsController {
  readonly #metrics: Metrics;

  constructor(@Inject(Metrics) metrics: Metrics) {
    this.#metrics = metrics;
  }

  @Get()
  async read(@Res() reply: FastifyReply): Promise<void> {
    const text = await this.#metrics.registry.metrics();
    void reply.header('content-type', this.#metrics.registry.contentType).send(text);
  }
}
