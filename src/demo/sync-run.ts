import { setTimeout as sleep } from 'node:timers/promises';
import { isJsonObject, type JsonObject } from '#kernel';
import { textAt, type RestClient } from './rest-client.js';

/** A run of a polled directory as the API shows it. */
export interface ShownRun {
  readonly id: string;
  readonly status: string;
  readonly pages: number;
  readonly records: number;
  /** Changes that have been applied, of how many; null while nothing is, or it takes no second. */
  readonly applied: { readonly done: number; readonly total: number } | null;
  /** By kind and action: `{users: {create: 400}}`. */
  readonly counts: JsonObject;
  readonly problem: string | null;
}

export interface FollowOptions {
  readonly rest: RestClient;
  /** Path of the runs: `/management/directories/:id/sync_runs`. */
  readonly runs: string;
  readonly signal: AbortSignal;
  readonly onProgress: (run: ShownRun) => void;
}

const EVERY_MS = 100;
const AT_MOST_MS = 120_000;
const UNDER_WAY = ['queued', 'fetching', 'planning', 'applying'];

/** The first run begins by itself; here it is waited for. */
export async function firstRun({ rest, runs, signal }: FollowOptions): Promise<string> {
  for (const deadline = Date.now() + AT_MOST_MS; Date.now() < deadline;) {
    const { data } = await rest.get(runs);
    const [run] = Array.isArray(data) ? data : [];
    if (isJsonObject(run)) return textAt(run, 'id');
    await sleep(EVERY_MS, undefined, { signal });
  }
  throw new Error('The polled directory did not begin its first run.');
}

/** Follows a run until it has ended or waits for somebody. */
export async function followRun(
  { rest, runs, signal, onProgress }: FollowOptions,
  id: string,
): Promise<ShownRun> {
  for (const deadline = Date.now() + AT_MOST_MS; Date.now() < deadline;) {
    const run = shownRun(await rest.get(`${runs}/${id}`));
    onProgress(run);
    if (!UNDER_WAY.includes(run.status)) return run;
    await sleep(EVERY_MS, undefined, { signal });
  }
  throw new Error(`Run ${id} of the polled directory did not end.`);
}

/** `400 users created, 20 groups created`; `nothing` when there is nothing. */
export function countsText(counts: JsonObject): string {
  const parts = Object.entries(counts).flatMap(([kind, actions]) =>
    Object.entries(isJsonObject(actions) ? actions : {}).flatMap(([action, count]) =>
      typeof count === 'number' && count > 0 ? [`${action} ${count} ${kind}`] : [],
    ),
  );
  return parts.length === 0 ? 'nothing' : parts.join(', ');
}

function shownRun(answer: JsonObject): ShownRun {
  const { pages, records, counts, error, applied_changes: done, total_changes: total } = answer;
  return {
    id: textAt(answer, 'id'),
    status: textAt(answer, 'status'),
    pages: Number(pages),
    records: Number(records),
    applied: typeof done === 'number' && typeof total === 'number' ? { done, total } : null,
    counts: isJsonObject(counts) ? counts : {},
    problem: isJsonObject(error) ? textAt(error, 'message') : null,
  };
}
