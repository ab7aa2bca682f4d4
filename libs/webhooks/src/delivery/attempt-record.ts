import type { EndpointSession } from './endpoint-session.js';
import type { Delivery } from './lane.js';

/** What is written about one attempt. */
export interface AttemptRecord {
  readonly session: EndpointSession;
  readonly delivery: Delivery;
  /** Given when the record is first written. */
  id?: string;
  readonly outcome: 'succeeded' | 'failed' | 'discarded';
  readonly httpStatus: number | null;
  readonly error: string | null;
  readonly excerpt: string | null;
  readonly durationMs: number;
  readonly startedAt: number;
  /** Set when the event goes (back) into the retry set. */
  readonly retryInMs: number | null;
}
