import { setImmediate } from 'node:timers/promises';
import type { JsonObject } from '#kernel';
import type { SnapshotRecord } from '#model';
import { Fields } from '../../../sdk/decode.js';
import { SourceError } from '../../../sdk/source-error.js';
import type { ReportSettings, WorkdayConfig } from '../config.js';
import { isContingent } from '../employment.js';
import { quoted } from '../errors.js';
import { RARE_FIELDS, STATUS_FIELDS } from '../fields.js';
import type { WorkerMapper } from '../map-worker.js';
import { FEW, lostFields, ShapeCount, type Shape } from '../shape.js';
import { Columns, foldAlias } from './columns.js';
import { mergeRows } from './merge-rows.js';
import { foldRow, hasSeveralManagers, idColumn, readRow, type FoldedRow } from './read-row.js';
import type { SplitReport } from './split-report.js';

/** What is known of a report before anything of it is believed. */
export interface ReportFacts {
  readonly rows: number;
  /** Workers that are wanted, each once; rows without an id count as one each. */
  readonly people: number;
  /** The column that the ids are in; null when there is no row. */
  readonly idColumn: string | null;
  readonly shape: Shape;
}

/** Columns that a report should have, whatever company it is of. */
const ADVISED: Readonly<Record<string, string>> = {
  work_email: 'Work_Email',
  hire_date: 'Hire_Date',
};

/** Aliases that are remembered to be shown. */
const MAX_ALIASES = 200;
const ROWS_AT_ONCE = 1_000;

interface ReportConfig {
  readonly config: Pick<WorkdayConfig, 'includeContingent' | 'personalEmails'>;
  readonly settings: Pick<ReportSettings, 'columns'>;
}

/**
 * A report of workers. It is surveyed before it is read: the answer is whole here, so that a column that was renamed, ids
 * of another kind, a worker in several rows are known before the first record goes out.
 */
export class WorkersReport {
  readonly #report: SplitReport;
  readonly #columns: Columns;
  readonly #config: ReportConfig['config'];
  /** Ids that stand in several rows, and these. */
  readonly #repeated = new Map<string, JsonObject[]>();
  readonly #aliases = new Map<string, string>();
  readonly #shape = new ShapeCount();
  #people = 0;
  #idColumn: string | undefined;
  #severalManagers = 0;

  private constructor(report: SplitReport, { config, settings }: ReportConfig) {
    this.#report = report;
    this.#config = config;
    this.#columns = new Columns(settings.columns);
  }

  /** @throws SourceError when there is no column for ids, or a column of the settings is not there */
  static async survey(
    report: SplitReport,
    config: ReportConfig & { readonly isWhole: boolean },
  ): Promise<WorkersReport> {
    const survey = new WorkersReport(report, config);
    await survey.#survey();
    // A handful of changes may well have nothing in a column.
    if (config.isWhole) survey.#expectColumns();
    return survey;
  }

  get facts(): ReportFacts {
    return {
      rows: this.#report.length,
      people: this.#people,
      idColumn: this.#idColumn ?? null,
      shape: this.#shape.shape(),
    };
  }

  /** The records of one worker after another; those in several rows come last. */
  *records(mapper: WorkerMapper, now: Date): Generator<readonly SnapshotRecord[]> {
    for (const { fields } of this.#workers())
      if (!this.#repeated.has(idIn(fields))) yield mapper.map({ fields, hidden: [] }, now);
    for (const rows of this.#repeated.values()) {
      const { fields, isOne } = mergeRows(rows);
      yield isOne
        ? mapper.map({ fields, hidden: [] }, now)
        : mapper.setAside(
            fields,
            'This worker stands in several rows of the report that contradict each other. Let it have one row per worker.',
          );
    }
  }

  /** What works and will surprise. */
  warnings(): string[] {
    const { people, shape } = this.facts;
    if (people === 0)
      return ['The report has no rows: its filter, its prompts, or what the user may see leave nobody over.'];
    const absent = Object.keys(ADVISED).filter((field) => (shape.fields[field] ?? 0) === 0);
    return [
      ...(isStatusless(shape)
        ? [
            'The report says of nobody whether they work here: everybody in it counts as active, and who is not in it any ' +
              'more as gone. Better let it list active and terminated workers, with Active_Status, Hire_Date and Termination_Date.',
          ]
        : []),
      ...absent.map((field) => `The report has no column ${ADVISED[field]}, or it is empty of everybody.`),
      ...(this.#severalManagers === 0
        ? []
        : [`${this.#severalManagers} workers have several managers; the first one counts.`]),
    ];
  }

  async #survey(): Promise<void> {
    const seen = new Set<string>();
    let rows = 0;
    for (const { fields, row } of this.#workers()) {
      // Others have their turn in between: a large report takes a second or two.
      if (++rows % ROWS_AT_ONCE === 0) await setImmediate();
      if (hasSeveralManagers(row, this.#columns)) this.#severalManagers++;
      const id = idIn(fields);
      if (id !== '' && seen.has(id)) this.#repeated.set(id, []);
      else {
        seen.add(id);
        this.#people++;
        this.#shape.add(fields);
      }
    }
    if (this.#repeated.size === 0) return;
    for (const { fields } of this.#workers()) this.#repeated.get(idIn(fields))?.push(fields);
  }

  /** Wanted workers by our names, and their rows. @throws SourceError when nobody can say what the ids are */
  *#workers(): Generator<{ readonly fields: JsonObject; readonly row: FoldedRow }> {
    const { includeContingent, personalEmails } = this.#config;
    for (const object of this.#report.rows()) {
      const row = foldRow(object);
      this.#noteAliases(object);
      this.#idColumn ??= idColumn(row, this.#columns);
      if (this.#idColumn === undefined) throw this.#noIds();
      const fields = readRow(row, this.#columns, this.#idColumn);
      if (!personalEmails) delete fields['home_email'];
      if (includeContingent || !isContingent(new Fields(fields))) yield { fields, row };
    }
  }

  #noteAliases(row: JsonObject): void {
    if (this.#aliases.size >= MAX_ALIASES) return;
    for (const alias of Object.keys(row)) this.#aliases.set(foldAlias(alias), alias);
  }

  #noIds(): SourceError {
    const wanted = this.#columns.mapped.get('id') ?? 'Workday_ID or Employee_ID';
    return new SourceError(
      'config_error',
      `The first row of the report has no column ${quoted(wanted)}, so nobody can say who is who. It has: ${this.#given()}.`,
    );
  }

  /** A column that the settings name, and that nobody has, was renamed. */
  #expectColumns(): void {
    if (this.#people < FEW) return;
    const lost = [...this.#columns.mapped].filter(
      ([field, alias]) => isUsual(field) && !this.#aliases.has(foldAlias(alias)),
    );
    if (lost.length === 0) return;
    const names = lost.map(([field, alias]) => `"${quoted(alias)}" (${field})`).join(', ');
    throw new SourceError(
      'config_error',
      `The report has no column ${names}, or it is empty of everybody. It has: ${this.#given()}. Correct "Columns of the report", or the report.`,
    );
  }

  #given(): string {
    return quoted([...this.#aliases.values()].sort().join(', '), 600);
  }
}

/** Nothing in the whole report says whether somebody works here. */
export function isStatusless(shape: Shape): boolean {
  return STATUS_FIELDS.every((field) => (shape.fields[field] ?? 0) === 0);
}

/**
 * A report whose ids come from another column, or that has lost a column, would change everybody at once.
 * @throws SourceError
 */
export function expectSameReport(
  { idColumn: column, shape }: ReportFacts,
  previous: { readonly idColumn: string; readonly shape: Shape } | null,
): void {
  if (previous === null || column === null) return;
  if (column !== previous.idColumn)
    throw changed(
      `The ids of the report stood in "${previous.idColumn}" the last time, and stand in "${column}" now.`,
    );
  const lost = lostFields(previous.shape, shape, { isWhole: true });
  if (lost.length > 0)
    throw changed(
      `The report had ${lost.join(', ')} the last time, and has nothing there of anybody now: columns were removed or renamed.`,
    );
}

function changed(what: string): SourceError {
  return new SourceError(
    'source_changed_shape',
    `${what} Correct the report; or, if it is meant so, save the settings again. The last state stays.`,
  );
}

function isUsual(field: string): boolean {
  return !RARE_FIELDS.includes(field.replace(/_id$/, '')) && !/^(group_|member_id)/.test(field);
}

function idIn(fields: JsonObject): string {
  return typeof fields['id'] === 'string' ? fields['id'].trim() : '';
}
