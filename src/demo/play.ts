import {
  Company,
  createIdpClient,
  playOnboarding,
  playWorkingDay,
  type HttpSend,
  type IdpClient,
  type OnboardingProgress,
} from '#simulator';
import { GROUPS, PEOPLE } from './cast.js';
import type { DemoDirectory } from './create-acme.js';
import { columnHeads, deliveryLine, stepLine } from './delivery-line.js';
import type { Inbox } from './inbox.js';
import { lagText } from './lag.js';
import { openHttp } from './open-http.js';
import type { Screen } from './screen.js';
import { untilQuiet } from './until-quiet.js';

/** One IdP with its company, ready to play. */
interface Player {
  readonly directory: DemoDirectory;
  readonly company: Company;
  readonly client: IdpClient;
}

export interface Stage {
  readonly screen: Screen;
  readonly inbox: Inbox;
  readonly baseUrl: string;
  readonly directories: readonly DemoDirectory[];
  readonly signal: AbortSignal;
}

const ONBOARDING_PACE = { inFlight: 4, pauseMs: 110 };
const DAY_PACE = { pauseMs: 480 };

/** Onboards the three directories side by side, then plays their working day. */
export async function play(stage: Stage): Promise<void> {
  const http = openHttp();
  try {
    const players = stage.directories.map((directory) => player(stage, directory, http.send));
    await onboard(stage, players);
    await workingDay(stage, players);
  } finally {
    await http.close();
  }
}

/** Waits for all of them, also when one fails: nothing may be under way when the service stops. */
async function together(players: readonly Player[], act: (player: Player) => Promise<void>): Promise<void> {
  const outcomes = await Promise.allSettled(players.map(act));
  const failure = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failure) throw failure.reason;
}

function player(stage: Stage, directory: DemoDirectory, send: HttpSend): Player {
  const { style, seed, domain } = directory.role;
  // The public address need not be reachable from here; the path is the same.
  const endpoint = `${stage.baseUrl}${new URL(directory.endpoint).pathname}`;
  return {
    directory,
    company: new Company({
      seed,
      domain,
      people: PEOPLE,
      groups: GROUPS,
      ids: style === 'entra' ? 'entra' : 'okta',
    }),
    client: createIdpClient({ endpoint, token: directory.token, style, send }),
  };
}

async function onboard({ screen, inbox, signal }: Stage, players: readonly Player[]): Promise<void> {
  screen.heading(
    'Onboarding',
    `${PEOPLE} people and ${GROUPS} groups per directory, ${ONBOARDING_PACE.inFlight} at a time`,
  );
  const started = Date.now();
  const progress = new Map<Player, OnboardingProgress>();
  const show = (): string => {
    const seconds = ((Date.now() - started) / 1_000).toFixed(1).padStart(4);
    const parts = players.map((one) => {
      const { people = 0, groups = 0 } = progress.get(one) ?? {};
      return `${one.directory.label} ${people}/${groups}`;
    });
    return `  ${seconds} s  people/groups ${parts.join(' · ')} · ${inbox.deliveries.size} webhooks · ${lagText(inbox.lags)}`;
  };
  inbox.onDelivery = () => screen.live(show());
  await together(players, async (one) => {
    const onProgress = (now: OnboardingProgress): void => {
      progress.set(one, now);
      screen.live(show());
    };
    await playOnboarding(one.client, one.company, { ...ONBOARDING_PACE, signal, onProgress });
  });
  await untilQuiet(inbox, signal);
  screen.endLive(show());
}

async function workingDay({ screen, inbox, signal }: Stage, players: readonly Player[]): Promise<void> {
  const labels = new Map(players.map(({ directory }) => [directory.id, directory.label]));
  screen.heading('A working day', '› is what happens at the IdP, the rest are the webhooks it causes');
  screen.line(screen.paint('dim', columnHeads()));
  inbox.onDelivery = (delivery) => {
    const label = labels.get(delivery.event.directory_id ?? '') ?? '–';
    screen.line(deliveryLine(screen, label, delivery));
  };
  await together(players, async ({ client, company, directory }) => {
    await playWorkingDay(client, company, {
      ...DAY_PACE,
      signal,
      onStep: (step) => screen.line(stepLine(screen, directory.role, step)),
    });
  });
  await untilQuiet(inbox, signal);
}
