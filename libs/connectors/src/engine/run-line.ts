import { isJsonObject, type JsonObject, type JsonValue } from '#kernel';
import type { Execution } from './executor-parts.js';
import type { EngineLog } from './log.js';
import type { SyncRun } from './sync-run.js';

/** What the log tells about one worker's turn at one run. */
export interface RunLine {
  readonly level: keyof EngineLog;
  /** Ids, numbers and reasons; never a person. */
  readonly facts: JsonObject;
  readonly message: string;
}

/** Outcomes somebody has to look at. */
const BAD: readonly Execution['outcome'][] = ['failed', 'partial', 'lost'];

/**
 * One line per turn: which run, how it ended and why, how much was read, what changed. `warn` where somebody has to do
 * something, held removals included; `debug` for a scheduled run without news, of which there are thousands.
 */
export function runLine(execution: Execution): RunLine {
  const { outcome, run } = execution;
  const holdId = run?.counts['hold_id'] ?? null;
  const facts = factsOf(execution);
  const isBad = BAD.includes(outcome) || holdId !== null;
  const isNews = NEWS.some((name) => name in facts) || run?.trigger === 'manual';
  return { level: isBad ? 'warn' : isNews ? 'info' : 'debug', facts, message: messageOf(outcome, holdId) };
}

/** What makes a line worth reading. */
const NEWS = ['changes', 'invalid', 'code'];

function factsOf({ provider, error, pages, seconds, run }: Execution): JsonObject {
  return {
    provider,
    ...(run !== null && { runId: run.id, mode: run.mode, trigger: run.trigger, records: run.records }),
    pages,
    seconds: Math.round(seconds * 10) / 10,
    ...(run !== null && findingsOf(run)),
    ...(error !== null && { code: error.code, reason: error.message }),
  };
}

function findingsOf({ invalid, counts }: SyncRun): JsonObject {
  const { hold_id: holdId = null, warnings } = counts;
  const changes = changesOf(counts);
  return {
    ...(invalid > 0 && { invalid }),
    ...(Object.keys(changes).length > 0 && { changes }),
    ...(holdId !== null && { holdId }),
    ...(Array.isArray(warnings) && warnings.length > 0 && { warnings: warnings.length }),
  };
}

function messageOf(outcome: Execution['outcome'], holdId: JsonValue): string {
  if (outcome === 'lost') return 'sync run was taken over by another worker';
  return holdId === null ? `sync run ${outcome}` : `sync run ${outcome}, removals are held`;
}

/** `users.create`, `memberships.removals` …: only what is not zero. How far applying was is no change. */
function changesOf(counts: JsonObject): JsonObject {
  const told = Object.entries(counts).filter(([kind]) => kind !== 'progress');
  const numbers = told.flatMap<[string, JsonValue]>(([kind, value]) =>
    isJsonObject(value)
      ? Object.entries(value).map<[string, JsonValue]>(([action, count]) => [`${kind}.${action}`, count])
      : [[kind, value]],
  );
  return Object.fromEntries(numbers.filter(([, count]) => typeof count === 'number' && count > 0));
}
