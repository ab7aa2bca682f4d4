import type { LoggerService } from '@nestjs/common';
import type { Logger } from 'pino';

/** Lets Nest's own messages go through the same log; its start-up chatter only at debug. */
export class NestLog implements LoggerService {
  readonly #log: Logger;

  constructor(log: Logger) {
    this.#log = log;
  }

  log(message: unknown, context?: string): void {
    this.#log.debug({ context }, String(message));
  }

  warn(message: unknown, context?: string): void {
    this.#log.warn({ context }, String(message));
  }

  error(message: unknown, stack?: string, context?: string): void {
    // A start that fails is reported by whoever started; twice would be once too often.
    if (context === 'NestApplication') return this.debug(message, context);
    this.#log.error({ context, stack }, String(message));
  }

  debug(message: unknown, context?: string): void {
    this.#log.debug({ context }, String(message));
  }

  verbose(message: unknown, context?: string): void {
    this.#log.trace({ context }, String(message));
  }
}
