import { isJsonObject, type JsonObject, type JsonValue } from '#kernel';
import type { SnapshotRecord } from '#model';
import type { RunRequest, SourceCheck, SourcePage, SourceStream } from '../../../sdk/contract.js';
import type { SourcePorts } from '../../../sdk/ports.js';
import type { ReportSettings, WorkdayConfig } from '../config.js';
import { WorkerMapper } from '../map-worker.js';
import { readShape, type Shape } from '../shape.js';
import { GroupsReport } from './groups-report.js';
import type { ReportClient } from './report-client.js';
import { expectSameReport, isStatusless, WorkersReport } from './workers-report.js';

export interface ReportParts {
  readonly client: ReportClient;
  readonly config: WorkdayConfig;
  readonly settings: ReportSettings;
  readonly ports: SourcePorts;
}

/** Their names are not those of the web service, whose ids are others. */
const WORKERS = 'workers_report';
const GROUPS = 'groups_report';
const RECORDS_PER_PAGE = 2_000;
const SAMPLES = 3;
/** What was being written while the last run began. */
const OVERLAP_MS = 10 * 60_000;

/** What the last good run has left. */
interface Cursor {
  /** When that run began. */
  readonly at: string;
  readonly idColumn: string;
  readonly shape: Shape;
}

/**
 * A report is one answer; what was read before a resume is read again. With a prompt for changes, incremental runs read
 * these only; without one they read the report as full runs do.
 */
export function reportStreams(parts: ReportParts, run: RunRequest): readonly SourceStream[] {
  const { settings } = parts;
  const since = run.mode === 'incremental' ? readCursor(run.cursors.get(WORKERS)) : null;
  if (since !== null && settings.changesPrompt !== null)
    return [{ id: WORKERS, covers: [], pages: () => readChanges(parts, since) }];
  const previous = readCursor(run.previous?.get(WORKERS));
  const lists = settings.groups !== null;
  return [
    {
      id: WORKERS,
      covers: lists ? ['users'] : ['users', 'groups', 'memberships'],
      pages: () => readWorkers(parts, previous),
    },
    ...(lists
      ? [
          {
            id: GROUPS,
            covers: ['groups', 'memberships'],
            pages: () => readGroups(parts, run.previous?.get(GROUPS)),
          } as const,
        ]
      : []),
  ];
}

async function* readWorkers(parts: ReportParts, previous: Cursor | null): AsyncGenerator<SourcePage> {
  const at = parts.ports.clock.now().toISOString();
  const report = await WorkersReport.survey(await parts.client.read(parts.settings.workers), {
    ...parts,
    isWhole: true,
  });
  const { facts } = report;
  expectSameReport(facts, previous);
  const proof = `The report was whole: all its ${facts.rows} rows were read.`;
  // Nobody has no columns: what is known of them stays.
  const cursor = facts.idColumn === null ? cursorOf(previous, at) : { ...facts, at };
  yield* paged(report.records(mapperOf(parts, facts.shape), parts.ports.clock.now()), {
    total: facts.people,
    end: { complete: true, proof, ...(cursor === undefined ? {} : { cursor: save(cursor) }) },
  });
}

async function* readChanges(parts: ReportParts, since: Cursor): AsyncGenerator<SourcePage> {
  const { client, settings, ports } = parts;
  const at = ports.clock.now().toISOString();
  const from = new Date(Date.parse(since.at) - OVERLAP_MS).toISOString();
  const prompt = { [settings.changesPrompt as string]: from.replace('Z', '-00:00') };
  const report = await WorkersReport.survey(await client.read(settings.workers, prompt), {
    ...parts,
    isWhole: false,
  });
  const { idColumn } = report.facts;
  if (idColumn !== null) expectSameReport({ ...report.facts, shape: since.shape }, since);
  const proof = `All ${report.facts.rows} rows that the report has since ${from} were read.`;
  yield* paged(report.records(mapperOf(parts, since.shape), ports.clock.now()), {
    end: { complete: true, proof, cursor: save({ ...since, at }) },
  });
}

async function* readGroups(
  { client, settings }: ReportParts,
  previous: JsonValue | undefined,
): AsyncGenerator<SourcePage> {
  if (settings.groups === null) return;
  const report = new GroupsReport(await client.read(settings.groups), settings.columns);
  report.expectMembers(previous);
  const proof = `The report of groups was whole: all its ${report.rows} rows were read.`;
  yield* paged(report.records(), { end: { complete: true, proof, cursor: { members: report.members } } });
}

/** What a connection test shows of both reports. */
export async function checkReports(parts: ReportParts): Promise<SourceCheck> {
  const { client, settings } = parts;
  const report = await WorkersReport.survey(await client.read(settings.workers), { ...parts, isWhole: true });
  const { facts } = report;
  const records = [...report.records(mapperOf(parts, facts.shape), parts.ports.clock.now())].flat();
  const people = records.filter(
    (record) => record.kind === 'user' || (record.kind === 'invalid' && record.of === 'user'),
  );
  const listed =
    settings.groups === null
      ? records
      : [...new GroupsReport(await client.read(settings.groups), settings.columns).records()].flat();
  const groups = listed.filter(({ kind }) => kind === 'group');
  const unreadable = people.filter(({ kind }) => kind === 'invalid').length;
  return {
    users: facts.people,
    groups: new Set(groups.map((record) => (record.kind === 'group' ? record.group.sourceId : ''))).size,
    samples: [...people.slice(0, SAMPLES), ...groups.slice(0, SAMPLES)],
    warnings: [
      ...report.warnings(),
      ...(unreadable === 0
        ? []
        : [
            `${unreadable} of ${people.length} people cannot be read. They stay as they were; see the samples.`,
          ]),
    ],
  };
}

function mapperOf({ config, settings }: ReportParts, shape: Shape): WorkerMapper {
  return new WorkerMapper({
    rules: config.rules,
    hasStatus: !isStatusless(shape),
    hasActive: (shape.fields['active'] ?? 0) > 0,
    derivesGroups: settings.groups === null,
  });
}

/** Cuts records into pages; the last one is the end alone. */
async function* paged(
  parts: Iterable<readonly SnapshotRecord[]>,
  last: Pick<SourcePage, 'end' | 'total'>,
): AsyncGenerator<SourcePage> {
  let records: SnapshotRecord[] = [];
  let page = 0;
  for (const part of parts) {
    records.push(...part);
    if (records.length < RECORDS_PER_PAGE) continue;
    yield { records, next: { page: ++page } };
    records = [];
  }
  if (records.length > 0) yield { records, next: { page: ++page } };
  yield { records: [], ...last };
}

function readCursor(value: JsonValue | undefined): Cursor | null {
  if (!isJsonObject(value)) return null;
  const { at, idColumn } = value;
  const shape = readShape(value['shape']);
  if (
    typeof at !== 'string' ||
    Number.isNaN(Date.parse(at)) ||
    typeof idColumn !== 'string' ||
    shape === null
  )
    return null;
  return { at, idColumn, shape };
}

function cursorOf(previous: Cursor | null, at: string): Cursor | undefined {
  return previous === null ? undefined : { ...previous, at };
}

function save({ at, idColumn, shape }: { at: string; idColumn: string | null; shape: Shape }): JsonObject {
  return { at, idColumn: idColumn ?? '', shape: { people: shape.people, fields: { ...shape.fields } } };
}
