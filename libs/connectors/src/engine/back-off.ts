import { SourceError } from '../sdk/source-error.js';

const FIRST_SECONDS = 60;
const LONGEST_SECONDS = 6 * 3_600;
const FACTOR = 3;

/** Seconds before the next try after `failures` in a row: 1 min, 3, 9, 27, 81 … at most 6 h. */
export function backOffSeconds(failures: number): number {
  return Math.min(FIRST_SECONDS * FACTOR ** Math.max(failures - 1, 0), LONGEST_SECONDS);
}

/** The same after a failure of the source, but not before the time that the source itself has named, within those 6 h. */
export function waitSeconds(error: unknown, failures: number): number {
  const told = error instanceof SourceError ? error.facts['retry_after_ms'] : undefined;
  const seconds = typeof told === 'number' ? Math.ceil(told / 1_000) : 0;
  return Math.min(Math.max(backOffSeconds(failures), seconds), LONGEST_SECONDS);
}

/** The interval, ± 10 %, so that directories that were created together drift apart. `random` is 0–1. */
export function withJitter(seconds: number, random: number): number {
  return Math.round(seconds * (0.9 + 0.2 * random));
}
