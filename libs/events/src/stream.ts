import { createHash } from 'node:crypto';

/** One log: a directory's (`streamId` = directory id) or the environment's own (`streamId` = environment id). */
export interface Stream {
  readonly environmentId: string;
  readonly streamId: string;
  /** Null for the environment's own stream. */
  readonly directoryId: string | null;
  /** Organization the events belong to, for the feed's filter. */
  readonly organizationId: string | null;
}

/**
 * SQL that takes the writer's lock of a stream until the transaction ends. It must be the first statement of the
 * transaction, before anything takes a transaction id: then ids follow the order of the lock, and the order of the
 * feed (by transaction id) equals the order of the sequence.
 */
export function lockStream(streamId: string): string {
  const key = createHash('sha256').update(streamId).digest().readBigInt64BE(0);
  return `SELECT pg_advisory_xact_lock(${key})`;
}
