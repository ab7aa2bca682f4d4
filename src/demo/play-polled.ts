import { isJsonObject } from '#kernel';
import type { Acme, NamedDirectory } from './create-acme.js';
import { columnHeads, deliveryLine } from './delivery-line.js';
import type { Inbox } from './inbox.js';
import { POLLED_LABEL, POLLED_SIZE, type PolledSource } from './polled-source.js';
import { textAt, type RestClient } from './rest-client.js';
import type { Screen } from './screen.js';
import { countsText, firstRun, followRun, type FollowOptions, type ShownRun } from './sync-run.js';
import { untilQuiet } from './until-quiet.js';

export interface PolledStage {
  readonly screen: Screen;
  readonly inbox: Inbox;
  readonly rest: RestClient;
  readonly acme: Pick<Acme, 'organizationId'>;
  readonly source: PolledSource;
  readonly signal: AbortSignal;
}

/** A directory that is asked, and the removals of it that wait for somebody. */
export interface PolledDirectory extends NamedDirectory {
  readonly holdId: string;
}

/** Connects a source that is only asked: preview, first run, an incremental one, and an accident that the guard stops. */
export async function playPolled(stage: PolledStage): Promise<PolledDirectory> {
  const { screen, rest, acme, source } = stage;
  const { users, groups } = POLLED_SIZE;
  screen.heading(
    'A source that pushes nothing',
    `Okta’s own API with ${users} people and ${groups} groups, asked page by page`,
  );
  const created = await rest.post('/management/directories', {
    organization_id: acme.organizationId,
    name: `Acme ${POLLED_LABEL}`,
    type: 'okta',
    config: source.answers,
  });
  const directory = { id: textAt(created, 'directory', 'id'), label: POLLED_LABEL };
  await firstSight(stage, directory);
  await aChange(stage, directory);
  return { ...directory, holdId: await anAccident(stage, directory) };
}

/** The first run shows what it would do, and does it when somebody has said so. */
async function firstSight(stage: PolledStage, directory: NamedDirectory): Promise<void> {
  const { screen, rest, inbox, signal } = stage;
  const following = follow(stage, directory, 'first run');
  const preview = await followRun(following, await firstRun(following));
  screen.endLive(progressLine('first run', preview));
  expectStatus(preview, 'awaiting_approval');
  screen.done('preview', `would ${countsText(preview.counts)}; nothing is written yet`);
  inbox.onDelivery = () => undefined;
  await rest.post(`${following.runs}/${preview.id}/apply`, {});
  const applied = await followRun(following, preview.id);
  screen.endLive(progressLine('first run', applied));
  expectStatus(applied, 'succeeded');
  await untilQuiet(inbox, signal);
  screen.done('approved', `applied in one run; ${inbox.deliveries.size} webhooks so far`);
}

async function aChange(stage: PolledStage, directory: NamedDirectory): Promise<void> {
  const { screen, inbox, source, signal } = stage;
  for (const text of source.changeSomething())
    screen.line(screen.paint('dim', `    › at the source: ${text}`));
  screen.line(screen.paint('dim', columnHeads()));
  inbox.onDelivery = (delivery) => screen.line(deliveryLine(screen, directory.label, delivery));
  const run = await runNow(stage, directory, 'incremental');
  expectStatus(run, 'succeeded');
  await untilQuiet(inbox, signal);
  screen.done('sync now', `incremental: ${run.records} records read, no more than what had changed`);
}

/** More removals than a normal day has: nobody loses access before a person has looked. */
async function anAccident(stage: PolledStage, directory: NamedDirectory): Promise<string> {
  const { screen, rest, inbox, source } = stage;
  const lost = source.loseMany();
  screen.line(
    screen.paint('dim', `    › at the source: a script deletes ${lost} of ${POLLED_SIZE.users} people`),
  );
  const before = inbox.deliveries.size;
  await runNow(stage, directory, 'full');
  await untilQuiet(inbox, stage.signal);
  const { data } = await rest.get(`/management/directories/${directory.id}/holds`);
  const [hold] = Array.isArray(data) ? data : [];
  if (!isJsonObject(hold)) throw new Error(`${lost} removals passed without being held.`);
  const held = isJsonObject(hold.judged) ? Number(hold.judged['users']) : 0;
  const told = inbox.deliveries.size - before;
  screen.done(
    'removal guard',
    `${held} removals wait for approval, ${told} webhooks went out: nobody is locked out by accident`,
  );
  return textAt(hold, 'id');
}

async function runNow(
  stage: PolledStage,
  directory: NamedDirectory,
  mode: 'full' | 'incremental',
): Promise<ShownRun> {
  const following = follow(stage, directory, mode);
  const asked = await stage.rest.post(following.runs, { mode });
  const run = await followRun(following, textAt(asked, 'id'));
  stage.screen.endLive(progressLine(mode, run));
  return run;
}

function follow({ screen, rest, signal }: PolledStage, { id }: NamedDirectory, title: string): FollowOptions {
  return {
    rest,
    signal,
    runs: `/management/directories/${id}/sync_runs`,
    onProgress: (run) => screen.live(progressLine(title, run)),
  };
}

function progressLine(title: string, { status, pages, records, applied }: ShownRun): string {
  const changes = applied === null ? '' : ` · ${applied.done} of ${applied.total} changes`;
  return `    ${title.padEnd(12)} ${status.replaceAll('_', ' ').padEnd(18)} ${pages} pages · ${records} records${changes}`;
}

function expectStatus({ status, problem }: ShownRun, wanted: string): void {
  if (status !== wanted)
    throw new Error(`A run of the polled directory is ${status}: ${problem ?? 'no reason given'}`);
}
