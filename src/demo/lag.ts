/** Milliseconds from an event's entry into the log to its arrival at the receiver. */
export interface Lag {
  readonly p50: number;
  readonly p95: number;
  readonly max: number;
}

/** Undefined without values. */
export function summarizeLag(values: readonly number[]): Lag | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number): number | undefined => sorted[Math.ceil(sorted.length * share) - 1];
  const [p50, p95, max] = [at(0.5), at(0.95), sorted.at(-1)];
  return p50 === undefined || p95 === undefined || max === undefined ? undefined : { p50, p95, max };
}

/** `lag p50 8 ms, p95 21 ms`. */
export function lagText(values: readonly number[]): string {
  const lag = summarizeLag(values);
  return lag === undefined ? 'no lag yet' : `lag p50 ${lag.p50} ms, p95 ${lag.p95} ms`;
}
