/** No vendor is waited for longer than this; the next run goes on from the checkpoint. */
export const MAX_WAIT_MS = 15 * 60_000;

const BASE_MS = 1_000;
const CAP_MS = 60_000;

/**
 * `Retry-After` in milliseconds from now: seconds or an HTTP date (RFC 9110, 10.2.3). A date in the past means now.
 * @returns undefined for an absent or unreadable header
 */
export function readRetryAfter(
  header: string | readonly string[] | undefined,
  now: Date,
): number | undefined {
  const text = (typeof header === 'string' ? header : header?.[0])?.trim();
  if (text === undefined || text === '') return undefined;
  if (/^\d+(\.\d+)?$/.test(text)) return Math.ceil(Number(text) * 1_000);
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now.getTime());
}

/** Exponential with full jitter, so that many directories do not come back at the same moment. `attempt` counts from 1. */
export function backOffMs(attempt: number, random: () => number): number {
  return Math.round(random() * Math.min(CAP_MS, BASE_MS * 2 ** (attempt - 1)));
}
