import { RollcallError } from '../errors.js';

/**
 * The embedded PostgreSQL cannot be had: the message is one line that says why and what to do about it.
 * `in_use`: a living process works with the data folder (`processId`). `account`: started by root and no unprivileged
 * user can be had. `platform`: no binaries for this machine. `data`: what is in the data folder does not fit.
 * `start`: PostgreSQL itself gave up; `detail` holds the end of its log.
 */
export class EmbeddedPostgresError extends RollcallError {
  declare readonly code: 'in_use' | 'account' | 'platform' | 'data' | 'start';
  readonly processId: number | undefined;

  constructor(
    code: EmbeddedPostgresError['code'],
    message: string,
    options: { readonly processId?: number; readonly detail?: string; readonly cause?: unknown } = {},
  ) {
    super(message, { code, detail: options.detail, cause: options.cause });
    this.processId = options.processId;
  }
}
