import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkOS } from '@workos-inc/node';
import { compareWithRest, foldEvents, readRest } from '#simulator';
import { WEBHOOK_EVENTS, type NamedDirectory } from './create-acme.js';
import type { Inbox } from './inbox.js';
import { summarizeLag } from './lag.js';
import type { Screen } from './screen.js';

export interface Trial {
  readonly screen: Screen;
  readonly inbox: Inbox;
  /** The official SDK, pointed at this Rollcall. */
  readonly sdk: Pick<WorkOS, 'events' | 'directorySync'>;
  readonly directories: readonly NamedDirectory[];
  readonly signal: AbortSignal;
  /** How long late webhooks are waited for; half a minute when absent. */
  readonly patienceMs?: number;
}

const PATIENCE_MS = 30_000;
const SHOWN = 20;

/** Whether everything came, everything was signed, and the webhooks alone rebuild what the REST API shows. */
export async function judge(trial: Trial): Promise<boolean> {
  trial.screen.heading('Verdict');
  const complete = await everyEventReceived(trial);
  const signed = everySignatureVerified(trial);
  const equal = await stateEqualsRest(trial);
  return complete && signed && equal;
}

/** The feed is the log; every event in it must have come as a webhook. Retries get half a minute. */
async function everyEventReceived({ screen, inbox, sdk, signal, patienceMs }: Trial): Promise<boolean> {
  const deadline = Date.now() + (patienceMs ?? PATIENCE_MS);
  const feed = new Feed(sdk);
  let missing: string[];
  do {
    await feed.readOn();
    missing = feed.ids.filter((id) => !inbox.deliveries.has(id));
    if (missing.length > 0) await sleep(250, undefined, { signal });
  } while (missing.length > 0 && Date.now() < deadline);
  const strangers = [...inbox.deliveries.keys()].filter((id) => !feed.known.has(id));
  const lag = summarizeLag(inbox.lags);
  const detail = lag ? `; lag p50 ${lag.p50} ms, p95 ${lag.p95} ms, slowest ${lag.max} ms` : '';
  return report(screen, {
    good: missing.length === 0 && strangers.length === 0 && feed.ids.length > 0,
    what: 'every event came',
    detail: `${inbox.deliveries.size} of ${feed.ids.length} events of the log, ${inbox.duplicates} twice${detail}`,
    problems: [
      ...missing.map((id) => `${id} is in the log, but no webhook came`),
      ...strangers.map((id) => `${id} came as a webhook, but is not in the log`),
    ],
  });
}

function everySignatureVerified({ screen, inbox }: Trial): boolean {
  return report(screen, {
    good: inbox.refused.length === 0 && inbox.requests > 0,
    what: 'signatures',
    detail: `${inbox.requests - inbox.refused.length} of ${inbox.requests} requests verified with @workos-inc/node and with standardwebhooks`,
    problems: inbox.refused,
  });
}

async function stateEqualsRest({ screen, inbox, sdk, directories }: Trial): Promise<boolean> {
  const folded = foldEvents(inbox.events());
  let equal = true;
  for (const { id, label } of directories) {
    const state = folded.get(id) ?? {
      users: new Map(),
      groups: new Map(),
      memberships: new Set(),
      deleted: false,
    };
    const result = compareWithRest(state, await readRest(sdk.directorySync, id));
    const counts = `${result.users} users, ${result.groups} groups, ${result.memberships} memberships`;
    const good = report(screen, {
      good: result.equal && result.users > 0,
      what: label,
      detail: result.equal
        ? `the state rebuilt from webhooks equals the REST API: ${counts}`
        : `the state rebuilt from webhooks DIFFERS from the REST API (${counts}) in ${result.differences.length} points`,
      problems: result.differences,
    });
    equal &&= good;
  }
  return equal;
}

interface Finding {
  readonly good: boolean;
  readonly what: string;
  readonly detail: string;
  readonly problems: readonly string[];
}

function report(screen: Screen, { good, what, detail, problems }: Finding): boolean {
  if (good) screen.done(what, detail);
  else screen.line(`  ${screen.paint('red', '✗')} ${what.padEnd(17)} ${detail}`);
  for (const problem of problems.slice(0, SHOWN)) screen.line(`      ${problem}`);
  if (problems.length > SHOWN) screen.line(`      … and ${problems.length - SHOWN} more`);
  return good;
}

/** Follows the event feed of the environment with a cursor. */
class Feed {
  readonly ids: string[] = [];
  readonly known = new Set<string>();
  readonly #sdk: Trial['sdk'];

  constructor(sdk: Trial['sdk']) {
    this.#sdk = sdk;
  }

  async readOn(): Promise<void> {
    for (;;) {
      const after = this.ids.at(-1);
      const page = await this.#sdk.events.listEvents({
        events: [...WEBHOOK_EVENTS] as Parameters<WorkOS['events']['listEvents']>[0]['events'],
        limit: 100,
        ...(after === undefined ? {} : { after }),
      });
      for (const { id } of page.data) {
        this.ids.push(id);
        this.known.add(id);
      }
      if (!page.listMetadata.after) return;
    }
  }
}
