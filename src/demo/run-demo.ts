import { WorkOS } from '@workos-inc/node';
import { startRollcall } from '../rollcall.js';
import { showAccess } from './access-card.js';
import { CAST } from './cast.js';
import { createAcme, type NamedDirectory } from './create-acme.js';
import { columnHeads, deliveryLine } from './delivery-line.js';
import { demoVariables } from './demo-variables.js';
import { Inbox } from './inbox.js';
import { play } from './play.js';
import { playPolled } from './play-polled.js';
import { startPolledSource } from './polled-source.js';
import { RestClient } from './rest-client.js';
import { startReceiver } from './receiver-process.js';
import { Screen } from './screen.js';
import { judge } from './verdict.js';

export interface DemoOptions {
  /** End after the verdict instead of staying up. */
  readonly once: boolean;
  readonly env: Record<string, string | undefined>;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
}

/** The whole demo. Resolves to whether everything held; what it has started is stopped in any case. */
export async function runDemo({ once, env, signal }: DemoOptions): Promise<boolean> {
  const screen = new Screen();
  const inbox = new Inbox();
  const crashed = new AbortController();
  const end = AbortSignal.any([signal, crashed.signal]);
  await using stack = new AsyncDisposableStack();
  const started = Date.now();
  screen.line(
    screen.paint('bold', 'Rollcall demo: four identity providers, one directory sync, one day at Acme'),
  );
  screen.line();
  // First to start, last to stop: what is under way can still be delivered.
  const receiver = await startReceiver({
    onWebhook: (webhook) => inbox.add(webhook),
    onCrash: (error) => crashed.abort(error),
  });
  stack.defer(() => receiver.stop());
  const source = await startPolledSource();
  stack.defer(() => source.close());
  const variables = await demoVariables(env);
  const rollcall = await startRollcall(variables);
  stack.defer(() => rollcall.stop());
  end.throwIfAborted();
  const database = env.DATABASE_URL ? 'PostgreSQL of DATABASE_URL' : 'embedded PostgreSQL';
  screen.done('service', `${rollcall.baseUrl} with ${database}, up after ${seconds(started)}`);

  screen.done('webhook receiver', `${receiver.url}, a process of its own (pid ${receiver.pid})`);

  const { baseUrl } = rollcall;
  const instanceKey = variables.ROLLCALL_BOOTSTRAP_API_KEY;
  const acme = await createAcme({ baseUrl, instanceKey, receiverUrl: receiver.url });
  receiver.trust(acme.secret);
  screen.done('environment', `${acme.environmentName}, with the organization Acme`);
  screen.done('directories', CAST.map(({ label, type }) => `${label} (${type})`).join(', '));

  await play({ screen, inbox, baseUrl, directories: acme.directories, signal: end });
  const rest = new RestClient(baseUrl, acme.apiKey);
  const polled = await playPolled({ screen, inbox, rest, acme, source, signal: end });
  const directories = [...acme.directories, polled];
  const sdk = officialSdk(baseUrl, acme.apiKey);
  const good = await judge({ screen, inbox, sdk, directories, signal: end });
  const word = good ? screen.paint('green', 'All equal.') : screen.paint('red', 'Not as it should be.');
  screen.line(`\n  ${word} ${inbox.requests} webhooks in ${seconds(started)}.`);
  showAccess(screen, { baseUrl, instanceKey, acme, polled });
  if (!once) await stayUp({ screen, inbox, directories, signal: end });
  crashed.signal.throwIfAborted();
  return good;
}

interface Evening {
  readonly screen: Screen;
  readonly inbox: Inbox;
  readonly directories: readonly NamedDirectory[];
  readonly signal: AbortSignal;
}

/** Shows what comes until Ctrl-C. */
async function stayUp({ screen, inbox, directories, signal }: Evening): Promise<void> {
  const labels = new Map(directories.map(({ id, label }) => [id, label]));
  screen.heading('Up until Ctrl-C', 'webhooks that you cause appear here');
  screen.line(screen.paint('dim', columnHeads()));
  inbox.onDelivery = (delivery) =>
    screen.line(deliveryLine(screen, labels.get(delivery.event.directory_id ?? '') ?? '–', delivery));
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

function officialSdk(baseUrl: string, apiKey: string): WorkOS {
  const { hostname, port, protocol } = new URL(baseUrl);
  return new WorkOS(apiKey, {
    apiHostname: hostname,
    https: protocol === 'https:',
    ...(port === '' ? {} : { port: Number(port) }),
  });
}

function seconds(since: number): string {
  return `${((Date.now() - since) / 1_000).toFixed(1)} s`;
}
