const SLOW_MS = 100;
/** Until the caches of the process are warm. */
const WARM_UP = 1_000;
const KEPT = 20;
const ENOUGH_FAILURES = 50;
/** The process may fill its caches; what grows by more than this and by half again in the second half is a leak. */
const GROWTH_BYTES = 200 * 1_048_576;
const GROWTH_FACTOR = 1.5;

/** What has been seen, and whether it is good enough. */
export class Recorder {
  #count = 0;
  #statuses = new Map();
  #times = [];
  #slow = [];
  #failures = [];
  #failureCount = 0;
  #memory = [];

  get hasFailed() {
    return this.#failureCount > 0 || this.#hasGrown();
  }

  get isHopeless() {
    return this.#failureCount >= ENOUGH_FAILURES;
  }

  add(number, request, outcome) {
    this.#count += 1;
    this.#times.push(outcome.ms);
    const key = outcome.problem ?? outcome.status;
    this.#statuses.set(key, (this.#statuses.get(key) ?? 0) + 1);
    if (outcome.ms > SLOW_MS && number > WARM_UP) this.#noteSlow(number, request, outcome);
    const notOffered = outcome.status === 501;
    if ((outcome.status >= 500 && !notOffered) || ['hang', 'lost'].includes(outcome.problem))
      this.#noteFailure(number, request, outcome);
  }

  addMemory(bytes) {
    if (bytes !== undefined) this.#memory.push(bytes);
  }

  brief() {
    return `${this.#failureCount} failures, ${this.#slow.length} slower than ${SLOW_MS} ms, ${mebibytes(this.#memory.at(-1) ?? 0)}`;
  }

  report({ seed, serviceSaid }) {
    const sorted = Float64Array.from(this.#times).sort();
    const at = (share) =>
      (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0).toFixed(1);
    const statuses = [...this.#statuses].sort(([left], [right]) => String(left).localeCompare(String(right)));
    const slowest = this.#slow.toSorted((left, right) => right.ms - left.ms).slice(0, KEPT);
    return [
      `${this.#count} requests, seed ${seed}`,
      `answers: ${statuses.map(([status, count]) => `${status} × ${count}`).join(', ')}`,
      `latency ms: p50 ${at(0.5)}, p99 ${at(0.99)}, p99.9 ${at(0.999)}, max ${at(1)}`,
      `slower than ${SLOW_MS} ms: ${this.#slow.length}`,
      ...slowest.map(({ text }) => `  ${text}`),
      `memory: ${mebibytes(this.#memory[0] ?? 0)} at the start, ${mebibytes(this.#memory.at(-1) ?? 0)} at the end${this.#hasGrown() ? ': KEEPS GROWING' : ''}`,
      `failures: ${this.#failureCount}`,
      ...this.#failures.map((failure) => `  ${failure}`),
      ...(this.#failureCount > 0 ? ['the service said:', serviceSaid] : []),
      this.hasFailed ? 'FAIL' : 'ok',
    ].join('\n');
  }

  #noteSlow(number, request, outcome) {
    const text = `${number} ${outcome.ms.toFixed(0)} ms ${describe(request)} → ${outcome.status ?? outcome.problem}`;
    this.#slow.push({ ms: outcome.ms, text });
  }

  #noteFailure(number, request, outcome) {
    this.#failureCount += 1;
    if (this.#failures.length >= KEPT) return;
    const answer = outcome.problem
      ? `${outcome.problem} ${outcome.error.message}`
      : `${outcome.status} ${outcome.text}`;
    const body =
      request.body === undefined ? '' : ` ${JSON.stringify(request.body.toString().slice(0, 2_000))}`;
    this.#failures.push(`${number} ${describe(request)}${body} → ${answer}`);
  }

  #hasGrown() {
    const quarter = Math.floor(this.#memory.length / 4);
    if (quarter < 3) return false;
    const before = median(this.#memory.slice(quarter, 2 * quarter));
    const after = median(this.#memory.slice(-quarter));
    return after - before > GROWTH_BYTES && after > before * GROWTH_FACTOR;
  }
}

function describe({ method, url, body }) {
  return `${method} ${url.slice(0, 400)} (${body?.length ?? 0} bytes)`;
}

function median(numbers) {
  return numbers.toSorted((left, right) => left - right)[Math.floor(numbers.length / 2)] ?? 0;
}

function mebibytes(bytes) {
  return `${(bytes / 1_048_576).toFixed(0)} MB`;
}
