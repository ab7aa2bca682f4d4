import { ScimError } from '../protocol/errors.js';

/** A refusal that ends by itself or by somebody's hand: the answer carries `Retry-After` in whole seconds. */
export class RetryLater extends ScimError {
  readonly retryAfterSeconds: number;
  /** Word for logs and metrics. */
  readonly reason: string;
  /** More of what the answer carries, names in lower case. */
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    detail: string,
    fields: {
      readonly status: 429 | 503;
      readonly retryAfterSeconds: number;
      readonly reason: string;
      readonly headers?: Readonly<Record<string, string>>;
    },
  ) {
    super(detail, { status: fields.status });
    this.retryAfterSeconds = fields.retryAfterSeconds;
    this.reason = fields.reason;
    this.headers = fields.headers ?? {};
  }
}
