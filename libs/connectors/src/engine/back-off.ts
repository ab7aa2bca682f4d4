const FIRST_SECONDS = 60;
const LONGEST_SECONDS = 6 * 3_600;
const FACTOR = 3;

/** Seconds before the next try after `failures` in a row: 1 min, 3, 9, 27, 81 … at most 6 h. */
export function backOffSeconds(failures: number): number {
  return Math.min(FIRST_SECONDS * FACTOR ** Math.max(failures - 1, 0), LONGEST_SECONDS);
}

/** The interval, ± 10 %, so that directories that were created together drift apart. `random` is 0–1. */
export function withJitter(seconds: number, random: number): number {
  return Math.round(seconds * (0.9 + 0.2 * random));
}
