const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** Waiting times after the first, second … failed attempt; about 75 hours in all. */
export const RETRY_DELAYS_MS: readonly number[] = [
  5 * SECOND,
  5 * MINUTE,
  30 * MINUTE,
  2 * HOUR,
  5 * HOUR,
  10 * HOUR,
  14 * HOUR,
  20 * HOUR,
  24 * HOUR,
];

/** A receiver may ask us to wait longer, but not for ever. */
export const MAX_RETRY_AFTER_MS = 24 * HOUR;

const JITTER = 0.2;

/** What a failed attempt says about the next one. */
export interface RetryInput {
  /** 1 for the first attempt. */
  readonly attempt: number;
  /** What the receiver asked for (`Retry-After` of a 429 or 503), if it did. */
  readonly retryAfterMs: number | null;
  /** Uniform in [0, 1). */
  readonly random: number;
}

/**
 * Milliseconds until the next attempt, or null when the schedule is used up and the event is discarded. The jitter of
 * ± 20 % spreads what failed together; `Retry-After` only ever lengthens the wait.
 */
export function retryDelay(input: RetryInput, delays: readonly number[] = RETRY_DELAYS_MS): number | null {
  const base = delays[input.attempt - 1];
  if (base === undefined) return null;
  const jittered = Math.round(base * (1 - JITTER + 2 * JITTER * input.random));
  return Math.max(jittered, Math.min(input.retryAfterMs ?? 0, MAX_RETRY_AFTER_MS));
}

/** Reads a `Retry-After` value: whole seconds or an HTTP date. Null when it is absent, malformed or in the past. */
export function parseRetryAfter(value: string | undefined, nowMs: number): number | null {
  if (value === undefined) return null;
  const text = value.trim();
  if (/^\d{1,9}$/.test(text)) return Number(text) * SECOND;
  if (!/^[A-Za-z]{3,9},? /.test(text)) return null;
  const date = Date.parse(text);
  return Number.isNaN(date) || date <= nowMs ? null : date - nowMs;
}
