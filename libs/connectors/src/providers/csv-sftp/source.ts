import type { SnapshotFinding, SnapshotKind, SnapshotRecord } from '#model';
import type { Source, SourceCheck, SourcePage, SourceStream, StreamEnd } from '../../sdk/contract.js';
import type { SourcePorts } from '../../sdk/ports.js';
import type { JsonValue } from '#kernel';
import type { CsvConfig } from './config.js';
import { openFiles, type OpenFiles } from './files/open-files.js';
import type { SeenSet } from './files/last-time.js';
import { readSeenSet, seenSet, shrunkFile } from './files/seen-set.js';
import { recordsOf } from './records-of.js';

const STREAM = 'files';
const SAMPLES = 3;

export function connect(config: CsvConfig, ports: SourcePorts): Source {
  const reading = new Reading(config, ports);
  return {
    streams: ({ previous }) => [
      {
        id: STREAM,
        covers: ['users', 'groups', 'memberships'],
        pages: () => reading.pages(readSeenSet(previous?.get(STREAM))),
      } satisfies SourceStream,
    ],
    check: () => reading.check(),
    lookUp: (kind, ids) => reading.lookUp(kind, ids),
    close: () => reading.close(),
  };
}

/** The files of one run: copied once, surveyed, then read. */
class Reading {
  readonly #config: CsvConfig;
  readonly #ports: SourcePorts;
  #files: OpenFiles | undefined;

  constructor(config: CsvConfig, ports: SourcePorts) {
    this.#config = config;
    this.#ports = ports;
  }

  /** A file is read from its beginning; what was read before is read again. */
  async *pages(previous: SeenSet | null): AsyncGenerator<SourcePage> {
    const files = await this.#open(previous);
    if ('noNews' in files) {
      this.#ports.log.info({}, files.noNews);
      const cursor = previous as unknown as JsonValue;
      return yield {
        records: [],
        end: { complete: true, proof: files.noNews, cursor, provesNoAbsence: true },
      };
    }
    let number = 0;
    for await (const records of this.#recordsOf(files)) yield { records, next: { page: ++number } };
    yield { records: [], end: endOf(files, previous) };
  }

  async check(): Promise<SourceCheck> {
    const files = await this.#open(null);
    if ('noNews' in files) throw new Error('unreachable: without a last time everything is news');
    const samples: SnapshotRecord[] = [];
    for await (const records of this.#recordsOf(files)) {
      samples.push(...records.filter(({ kind }) => kind === 'user').slice(0, SAMPLES - samples.length));
      if (samples.length >= SAMPLES) break;
    }
    return {
      users: files.users?.size ?? null,
      groups: files.groups?.size ?? null,
      samples,
      warnings: warningsOf(files),
    };
  }

  /** Only full files that are said to be whole prove that somebody is gone. */
  async lookUp(kind: SnapshotKind, ids: readonly string[]): Promise<ReadonlyMap<string, SnapshotFinding>> {
    const files = this.#files ?? (await this.#open(null));
    if ('noNews' in files || !files.isNew || !files.isMarked) return new Map();
    const known = kind === 'user' ? files.users : files.groups;
    return new Map(known === null ? [] : ids.map((id) => [id, known.has(id) ? 'present' : 'gone'] as const));
  }

  async close(): Promise<void> {
    await this.#files?.discard();
    this.#files = undefined;
  }

  async #open(previous: SeenSet | null): Promise<OpenFiles | { readonly noNews: string }> {
    await this.close();
    const files = await openFiles(this.#config, this.#ports, previous);
    if (!('noNews' in files)) this.#files = files;
    return files;
  }

  #recordsOf(files: OpenFiles): AsyncGenerator<SnapshotRecord[]> {
    return recordsOf(files, { config: this.#config, now: this.#ports.clock.now() });
  }
}

function endOf(files: OpenFiles, previous: SeenSet | null): StreamEnd {
  const { full, survey, plan, isMarked } = files;
  const pending = plan.pending.map(({ stamp }) => stamp);
  if (full !== null && survey !== null && files.isNew) {
    const isToReadAgain = isMarked && full.fingerprint !== previous?.fingerprint;
    const cursor = seenSet(full, survey, { deltas: pending, isToReadAgain });
    const shrunk = isMarked ? null : shrunkFile(full, previous);
    if (shrunk !== null) return { complete: true, proof: shrunk, cursor, provesNoAbsence: true };
    const proof = `All ${survey.userRows} rows of ${full.sheets.users.name} were read.`;
    return { complete: true, proof, cursor };
  }
  const { deltas, ...base } = previous as SeenSet;
  const cursor = { ...base, deltas: [...deltas, ...pending] } as unknown as JsonValue;
  if (plan.stop !== null) return { complete: false, reason: plan.stop, cursor };
  const proof = `What has changed was read: ${pending.length} delta file(s). They say nothing about anybody else.`;
  return { complete: true, proof, cursor, provesNoAbsence: true };
}

function warningsOf({ full, survey, isMarked }: OpenFiles): string[] {
  if (full === null || survey === null) return [];
  const { encoding, header, name } = full.sheets.users;
  return [
    ...(isMarked
      ? []
      : [
          `Nothing says that ${name} is whole: whoever is missing is removed only when the next file shows the same.`,
        ]),
    ...(survey.ended.has('users') ? [] : [`The last line of ${name} has no end; is it whole?`]),
    ...(encoding.isAssumed
      ? [`${name} is read as ${encoding.name}, because it is neither UTF-8 nor UTF-16.`]
      : []),
    ...(header.known.has('email') || header.known.has('username')
      ? []
      : [`${name} has neither e-mail nor user name.`]),
  ];
}
