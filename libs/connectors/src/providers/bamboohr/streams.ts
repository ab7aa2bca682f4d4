import { isJsonObject, type JsonObject, type JsonValue } from '#kernel';
import type { RunRequest, SourcePage, SourceStream, StreamEnd } from '../../sdk/contract.js';
import { Fields } from '../../sdk/decode.js';
import { vendorPages } from '../../sdk/paged-stream.js';
import type { SourcePorts } from '../../sdk/ports.js';
import { SourceError } from '../../sdk/source-error.js';
import { IDS_PER_CALL, type BamboohrClient } from './client.js';
import type { BamboohrConfig } from './config.js';
import { GroupOptions } from './group-options.js';
import { EmployeeMapper, hiddenFields } from './map-employee.js';

export interface BamboohrParts {
  readonly client: BamboohrClient;
  readonly config: BamboohrConfig;
  readonly ports: SourcePorts;
}

const USERS = 'users';
/** Changes that were being written while the last run read the clock. */
const OVERLAP_MS = 5 * 60_000;
/** People who come and go while the pages are read. */
const TOLERANCE = { count: 2, share: 0.001 };

/** Departments, places and teams stand inside the people, so one stream says everything. */
export function bamboohrStreams(parts: BamboohrParts, run: RunRequest): readonly SourceStream[] {
  const since = run.mode === 'incremental' ? run.cursors.get(USERS) : undefined;
  if (typeof since === 'string')
    return [{ id: USERS, covers: [], pages: (from) => readChanges(parts, since, from) }];
  return [
    { id: USERS, covers: ['users', 'groups', 'memberships'], pages: (from) => readEverybody(parts, from) },
  ];
}

async function* readEverybody(
  { client, config, ports }: BamboohrParts,
  from: JsonValue | null,
): AsyncGenerator<SourcePage> {
  const start = isJsonObject(from) ? from : {};
  const mapper = new EmployeeMapper(config);
  let count = Number(start['count'] ?? 0);
  let mark = start['mark'] ?? null;
  for await (const page of vendorPages(client.employees.bind(client), textIn(start, 'token'))) {
    if (from === null && count === 0) expectReadable(page.items, config);
    count += page.items.length;
    mark ??= page.mark ?? null;
    const records = page.items.flatMap((item) => {
      const mapped = mapper.map(item, ports.clock.now());
      return mapped.placement === null ? [...mapped.records, ...mapper.unknownGroups()] : mapped.records;
    });
    const { total, next } = page;
    if (next !== null) yield { records, total, next: { token: next, count, mark } };
    else yield { records, total, end: endOf(count, total, cursorAfter(mark)) };
  }
}

/** The company's total counts also whom the key may not see, so that a lost right is no departure. */
function endOf(count: number, total: number, cursor: string | undefined): StreamEnd {
  if (total - count <= Math.max(TOLERANCE.count, total * TOLERANCE.share))
    return { complete: true, proof: `All ${total} employees that BambooHR counts were listed.`, cursor };
  return {
    complete: false,
    reason: `BambooHR counts ${total} employees and listed ${count}.`,
  };
}

/** A field that is hidden of everybody is a right that is missing, not a fault of the records. @throws SourceError */
export function expectReadable(items: readonly JsonValue[], config: BamboohrConfig): void {
  const people = items.filter(isJsonObject);
  if (people.length === 0) return;
  const hidden = config.fields.filter((name) => people.every((person) => isHidden(person, name)));
  if (hidden.length === 0) return;
  throw new SourceError(
    'insufficient_permissions',
    `The API key may not read these fields of anybody: ${hidden.join(', ')}. Let the access level of the user who made it ` +
      'see them, or name what it shall not see under "Fields that are not shared".',
  );
}

function isHidden(person: JsonObject, name: string): boolean {
  try {
    return hiddenFields(new Fields(person), [name]).length > 0;
  } catch {
    // A broken record says nothing about rights.
    return false;
  }
}

/** What happened since the last run: removals first, then the people in the order of their ids. */
async function* readChanges(
  parts: BamboohrParts,
  since: string,
  from: JsonValue | null,
): AsyncGenerator<SourcePage> {
  const { client } = parts;
  const changed = await client.changed(since);
  const start = isJsonObject(from) ? from : {};
  const after = textIn(start, 'after') ?? '';
  const mark = start['mark'] ?? changed.mark ?? null;
  if (from === null)
    yield {
      records: changed.deleted.map((id) => ({ kind: 'removed', of: 'user', id, reason: 'deleted' })),
      next: { after, mark },
    };
  const ids = changed.present.toSorted().filter((id) => id > after);
  const reader = new ChangeReader(parts);
  for (let index = 0; index < ids.length; index += IDS_PER_CALL) {
    const batch = ids.slice(index, index + IDS_PER_CALL);
    yield { records: await reader.read(batch), next: { after: batch.at(-1) as string, mark } };
  }
  const proof = 'Everything that BambooHR lists as changed was read.';
  yield { records: [], end: { complete: true, proof, cursor: cursorAfter(mark) } };
}

class ChangeReader {
  readonly #parts: BamboohrParts;
  readonly #mapper: EmployeeMapper;
  #options: GroupOptions | undefined;

  constructor(parts: BamboohrParts) {
    this.#parts = parts;
    this.#mapper = new EmployeeMapper(parts.config);
  }

  async read(ids: readonly string[]): Promise<SourcePage['records']> {
    const { client, ports } = this.#parts;
    const options = (this.#options ??= await this.#readOptions());
    return (await client.employeesById(ids)).items.flatMap((item) => {
      const { records, placement } = this.#mapper.map(item, ports.clock.now());
      return placement === null ? records : [...options.othersOf(placement), ...records];
    });
  }

  /** Without the right to read the lists, a group that somebody left is found by the next full run. */
  async #readOptions(): Promise<GroupOptions> {
    const { client, config } = this.#parts;
    const wanted = config.rules.groupTypes;
    try {
      return new GroupOptions(wanted.length === 0 ? [] : await client.optionLists(), wanted);
    } catch (error) {
      if (!(error instanceof SourceError) || error.code !== 'insufficient_permissions') throw error;
      return new GroupOptions([], wanted);
    }
  }
}

/** BambooHR's times have no fractions of a second. */
function cursorAfter(mark: JsonValue): string | undefined {
  if (typeof mark !== 'string') return undefined;
  return new Date(Date.parse(mark) - OVERLAP_MS).toISOString().replace(/[.]\d+Z$/, 'Z');
}

function textIn(object: JsonObject, key: string): string | null {
  const value = object[key];
  return typeof value === 'string' ? value : null;
}
