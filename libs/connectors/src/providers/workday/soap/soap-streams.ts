import { isJsonObject, type JsonObject, type JsonValue } from '#kernel';
import type { SnapshotRecord } from '#model';
import type { RunRequest, SourceCheck, SourcePage, SourceStream, StreamEnd } from '../../../sdk/contract.js';
import { addDays, localDay } from '../../../sdk/hr/local-day.js';
import type { SourcePorts } from '../../../sdk/ports.js';
import type { SoapSettings, WorkdayConfig } from '../config.js';
import { WorkerMapper, type ReadWorker } from '../map-worker.js';
import { readShape, type Shape } from '../shape.js';
import type { AsOf, WorkerQuery } from './envelope.js';
import { expectReadable, expectSameFields, warningsOf } from './expectations.js';
import { leftGroups } from './left-groups.js';
import { readWorker, type ReadingRules } from './read-worker.js';
import type { SoapClient } from './soap-client.js';
import { beginning, readPlace, savePlace, walk, type Place, type Step } from './walk.js';

export interface SoapParts {
  readonly client: SoapClient;
  readonly config: WorkdayConfig;
  readonly settings: SoapSettings;
  readonly ports: SourcePorts;
}

const WORKERS = 'users';
const HIRES = 'future_hires';
const COVERS = ['users', 'groups', 'memberships'] as const;
const SAMPLES = 3;
/** What was being entered while the last run began. */
const OVERLAP_MS = 10 * 60_000;

/** As of when the last good run has read, and what it found. */
interface Cursor extends AsOf {
  readonly shape: Shape;
}

/** Organizations and places stand inside the workers, so that one stream says everything of those who are here. */
export function soapStreams(parts: SoapParts, run: RunRequest): readonly SourceStream[] {
  const since = run.mode === 'incremental' ? readCursor(run.cursors.get(WORKERS)) : null;
  if (since !== null) return [{ id: WORKERS, covers: [], pages: (from) => readChanges(parts, since, from) }];
  const previous = readCursor(run.previous?.get(WORKERS));
  const workers: SourceStream = {
    id: WORKERS,
    covers: COVERS,
    pages: (from) => readEverybody(parts, previous, from),
  };
  if (parts.settings.futureDays === 0) return [workers];
  return [workers, { id: HIRES, covers: COVERS, pages: (from) => readHires(parts, from) }];
}

export async function checkSoap(parts: SoapParts): Promise<SourceCheck> {
  const { config, ports } = parts;
  const place = beginning(now(parts));
  for await (const { workers, total, isLast } of steps(parts, { asOf: place }, place)) {
    expectReadable(workers);
    const mapper = mapperOf(config);
    const records = workers.flatMap((worker) => mapper.map(worker, ports.clock.now()));
    const people = records.filter(
      (record) => record.kind === 'user' || (record.kind === 'invalid' && record.of === 'user'),
    );
    const groups = records.filter(({ kind }) => kind === 'group');
    return {
      users: total,
      groups: isLast ? groups.length : null,
      samples: [...people.slice(0, SAMPLES), ...groups.slice(0, SAMPLES)],
      warnings: warningsOf(workers, people),
    };
  }
  throw new Error('unreachable: there is always a first page');
}

async function* readEverybody(
  parts: SoapParts,
  previous: Cursor | null,
  from: JsonValue | null,
): AsyncGenerator<SourcePage> {
  const start = readPlace(from) ?? beginning(now(parts));
  const mapper = mapperOf(parts.config);
  for await (const step of steps(parts, { asOf: start }, start)) {
    if (start.page === 1 && step.place.page === 2) {
      expectReadable(step.workers);
      expectSameFields(previous?.shape ?? null, step);
    }
    const records = step.workers.flatMap((worker) => mapper.map(worker, parts.ports.clock.now()));
    yield pageOf(records, step, saveCursor(step.place));
  }
}

/**
 * Whom Workday does not list as of today yet: workers of whom something comes into force within the next days, as of the
 * last of these. Those who begin after today are the hires; the day counts, whatever Workday says that they will be.
 */
async function* readHires(parts: SoapParts, from: JsonValue | null): AsyncGenerator<SourcePage> {
  const start = readPlace(from) ?? beginning(horizonOf(now(parts), parts));
  const today = addDays(start.effective, -parts.settings.futureDays);
  const effective = { from: dayBegins(addDays(today, 1)), through: dayEnds(start.effective) };
  const mapper = mapperOf(parts.config);
  for await (const step of steps(parts, { asOf: start, effective }, start)) {
    const hires = step.workers.filter((worker) => beginsAfter(worker, today));
    const records = hires.flatMap((worker) => mapper.map(worker, parts.ports.clock.now()));
    yield pageOf(records, step);
  }
}

function pageOf(records: SourcePage['records'], step: Step, cursor?: JsonObject): SourcePage {
  const { total, place, isLast } = step;
  return isLast ? { records, end: endOf(step, cursor) } : { records, next: savePlace({ ...place, total }) };
}

/** As many different workers as were announced. */
function endOf({ place: { count }, total }: Step, cursor: JsonObject | undefined): StreamEnd {
  if (count >= total)
    return { complete: true, proof: `All ${total} workers that Workday counts were listed.`, cursor };
  return {
    complete: false,
    reason: `Workday counts ${total} workers and listed ${count}, some of them on several pages.`,
  };
}

interface Phase {
  readonly query: WorkerQuery;
  /** As they stood when the last run read them; null where that run has not read them like this. */
  readonly before: AsOf | null;
  readonly isWanted: (worker: ReadWorker) => boolean;
}

/** Where an incremental run stands; `place` is null at the beginning of a phase. */
interface ChangesPlace {
  readonly run: AsOf;
  readonly phase: number;
  readonly place: Place | null;
}

/** What was entered since the last run, what came into force since, and who was hired for later. */
async function* readChanges(
  parts: SoapParts,
  since: Cursor,
  from: JsonValue | null,
): AsyncGenerator<SourcePage> {
  const start = readChangesPlace(from) ?? { run: now(parts), phase: 0, place: null };
  const { run } = start;
  const phases = phasesOf(parts, since, run);
  const mapper = mapperOf(parts.config);
  // Said once: two pages with the same content would pass for a circle.
  const told = new Set<string>();
  for (let { phase, place } = start; phase < phases.length; phase++, place = null) {
    const { query, before, isWanted } = phases[phase] as Phase;
    for await (const step of steps(parts, query, place ?? beginning(query.asOf))) {
      expectReadable(step.workers);
      const wanted = step.workers.filter((worker) => isWanted(worker) && isNew(worker, told));
      const records = [
        ...(before === null ? [] : await leftBy(parts, wanted, before)),
        ...wanted.flatMap((worker) => mapper.map(worker, parts.ports.clock.now())),
      ];
      const next = step.isLast ? { run, phase: phase + 1, place: null } : { run, phase, place: step.place };
      if (next.phase < phases.length) yield { records, next: saveChangesPlace(next) };
      else
        yield { records, end: { complete: true, proof: CHANGES, cursor: saveCursor({ ...since, ...run }) } };
    }
  }
}

function leftBy(
  parts: SoapParts,
  workers: readonly ReadWorker[],
  asOf: AsOf,
): Promise<readonly SnapshotRecord[]> {
  return leftGroups(workers, parts.config.rules.groupTypes, async (ids) => {
    const page = await parts.client.page({ asOf, ids }, 1);
    return page.workers.map((worker) => readWorker(worker, readingRules(parts)));
  });
}

function readChangesPlace(value: JsonValue | null): ChangesPlace | null {
  if (!isJsonObject(value) || typeof value['phase'] !== 'number') return null;
  const run = readAsOf(value['run']);
  return run === null ? null : { run, phase: value['phase'], place: readPlace(value['place'] ?? null) };
}

function saveChangesPlace({ run, phase, place }: ChangesPlace): JsonObject {
  return { run: { ...run }, phase, place: place === null ? null : savePlace(place) };
}

const CHANGES = 'Everything that the transaction log has since the last run was read.';

function phasesOf(parts: SoapParts, since: Cursor, run: AsOf): readonly Phase[] {
  const from = new Date(Date.parse(since.entry) - OVERLAP_MS).toISOString();
  const updated = { from, through: run.entry };
  const before = { entry: since.entry, effective: since.effective };
  const horizon = horizonOf(run, parts);
  const looksAhead = parts.settings.futureDays > 0;
  const isHire = (worker: ReadWorker): boolean => beginsAfter(worker, run.effective);
  // As of today there is next to nothing of them.
  const isHere = (worker: ReadWorker): boolean =>
    !looksAhead || !isHire(worker) || beginsAfter(worker, horizon.effective);
  const effective = { from: dayBegins(since.effective), through: dayEnds(run.effective) };
  return [
    { query: { asOf: run, updated }, before, isWanted: isHere },
    ...(run.effective > since.effective
      ? [{ query: { asOf: run, effective }, before, isWanted: isHere }]
      : []),
    ...(looksAhead ? [{ query: { asOf: horizon, updated }, before: null, isWanted: isHire }] : []),
  ];
}

function isNew({ fields: { id } }: ReadWorker, told: Set<string>): boolean {
  if (typeof id !== 'string') return true;
  if (told.has(id)) return false;
  told.add(id);
  return true;
}

function beginsAfter({ fields: { hire_date: start } }: ReadWorker, day: string): boolean {
  return typeof start === 'string' && /^\d{4}-\d{2}-\d{2}$/.test(start) && start > day;
}

function steps(parts: SoapParts, query: WorkerQuery, from: Place): AsyncGenerator<Step> {
  const { entry, effective } = query.asOf;
  const rules = readingRules(parts);
  const pages = parts.client.pages({ ...query, asOf: { entry, effective } }, from.page);
  return walk(pages, from, (worker) => readWorker(worker, rules));
}

function readingRules({ config, settings }: SoapParts): ReadingRules {
  return { personalEmails: config.personalEmails, organizationTypes: settings.organizationTypes };
}

function mapperOf({ rules }: WorkdayConfig): WorkerMapper {
  return new WorkerMapper({ rules, hasStatus: true, hasActive: true, derivesGroups: true });
}

/** Whole seconds: a moment that is not over yet is refused. */
function now({ ports, config }: SoapParts): AsOf {
  const at = Math.floor(ports.clock.now().getTime() / 1_000) * 1_000;
  return { entry: new Date(at).toISOString(), effective: localDay(new Date(at), config.rules.timeZone) };
}

function horizonOf({ entry, effective }: AsOf, { settings }: SoapParts): AsOf {
  return { entry, effective: addDays(effective, settings.futureDays) };
}

/** Days of the tenant: without a zone, Workday takes its own. */
function dayBegins(day: string): string {
  return `${day}T00:00:00.000`;
}

function dayEnds(day: string): string {
  return `${day}T23:59:59.999`;
}

function readCursor(value: JsonValue | undefined): Cursor | null {
  const asOf = readAsOf(value);
  const shape = readShape(isJsonObject(value) ? value['shape'] : undefined);
  return asOf === null || shape === null ? null : { ...asOf, shape };
}

function readAsOf(value: JsonValue | undefined): AsOf | null {
  if (!isJsonObject(value)) return null;
  const { entry, effective } = value;
  if (typeof entry !== 'string' || typeof effective !== 'string') return null;
  return Number.isNaN(Date.parse(entry)) || Number.isNaN(Date.parse(effective)) ? null : { entry, effective };
}

function saveCursor({ entry, effective, shape }: Cursor): JsonObject {
  return { entry, effective, shape: { people: shape.people, fields: { ...shape.fields } } };
}
