import { isJsonObject, type JsonValue } from '#kernel';
import type { SnapshotRecord } from '#model';
import type { SourcePage } from '../../sdk/contract.js';
import { vendorPages } from '../../sdk/paged-stream.js';
import type { SourcePorts } from '../../sdk/ports.js';
import { SourceError } from '../../sdk/source-error.js';
import { Catalog, type ListedType } from './catalog.js';
import type { RipplingClient } from './client.js';
import type { RipplingConfig } from './config.js';
import { WorkerMapper } from './map-worker.js';
import type { RestPage } from './pages.js';

export interface RipplingParts {
  readonly client: RipplingClient;
  readonly config: RipplingConfig;
  readonly ports: SourcePorts;
}

export const PROOF = 'Rippling sent no link to a further page.';
/** Changes that were being written while the last run read the clock. */
const OVERLAP_MS = 5 * 60_000;

/** Where the next incremental run begins; `mark` is the vendor's time of the first page. */
export function cursorAfter(mark: JsonValue): string | undefined {
  if (typeof mark !== 'string') return undefined;
  return new Date(Date.parse(mark) - OVERLAP_MS).toISOString();
}

/** Workers page by page: all of them, or those changed since an instant. */
export async function* readWorkers(
  parts: RipplingParts,
  since: string | undefined,
  from: JsonValue | null,
): AsyncGenerator<SourcePage> {
  const start = isJsonObject(from) ? from : {};
  const token = typeof start['token'] === 'string' ? start['token'] : null;
  let mark = start['mark'] ?? null;
  const reader = new WorkerReader(parts, since);
  await reader.readLists(from === null);
  let isFirst = from === null;
  for await (const page of vendorPages((next) => parts.client.workers(next, since), token)) {
    const records = await reader.read(page, isFirst);
    isFirst = false;
    mark ??= page.mark ?? null;
    if (page.next !== null) yield { records, next: { token: page.next, mark } };
    else yield { records, end: { complete: true, proof: PROOF, cursor: cursorAfter(mark) } };
  }
}

/** Makes records out of the pages of one stream. */
class WorkerReader {
  readonly #parts: RipplingParts;
  readonly #isFull: boolean;
  readonly #mapper: WorkerMapper;
  #catalog: Catalog | undefined;
  /** Records of the lists that go out with the next page. */
  #listed: readonly SnapshotRecord[] = [];
  #mayReload = true;

  constructor(parts: RipplingParts, since: string | undefined) {
    this.#parts = parts;
    this.#isFull = since === undefined;
    this.#mapper = new WorkerMapper(parts.config);
  }

  /** @param isTold whether their groups are news: in a run that goes on they are staged already. */
  async readLists(isTold: boolean): Promise<void> {
    this.#catalog = await Catalog.read(this.#parts.client, this.#parts.config);
    if (isTold && this.#isFull) this.#listed = this.#mapper.listed(this.#catalog);
  }

  async read(page: RestPage, isFirst: boolean): Promise<readonly SnapshotRecord[]> {
    if (isFirst) expectReadable(page, this.#mapper);
    await this.#keepUp(page);
    const people = page.items.flatMap((item) => this.#recordsOf(item, page));
    const records = [...this.#listed, ...people];
    this.#listed = [];
    return records;
  }

  /** Departments that are newer than our lists. What is not listed then either is hidden. */
  async #keepUp(page: RestPage): Promise<void> {
    const { config } = this.#parts;
    if (!this.#mayReload || !namesUnlisted(page, this.#catalog as Catalog, config)) return;
    this.#mayReload = false;
    await this.readLists(true);
  }

  #recordsOf(item: JsonValue, { redacted }: RestPage): readonly SnapshotRecord[] {
    const catalog = this.#catalog as Catalog;
    const now = this.#parts.ports.clock.now();
    const { records, id, groupIds } = this.#mapper.map(item, { redacted, catalog, now });
    if (this.#isFull) return records;
    // Changes tell only where somebody is now; what they left has to be said.
    if (id === null || groupIds === null) return records.slice(0, 1);
    const others = this.#mapper.groupIdsOf(catalog).filter((groupId) => !groupIds.includes(groupId));
    return [
      ...others.map((groupId) => ({
        kind: 'removed_member' as const,
        groupId,
        member: { kind: 'user' as const, id },
      })),
      ...records,
    ];
  }
}

/** A field that is hidden of everybody is a right that is missing, not a fault of the records. @throws SourceError */
export function expectReadable({ items, redacted }: RestPage, mapper: WorkerMapper): void {
  const people = items.filter(isJsonObject);
  if (people.length === 0) return;
  const [first = [], ...others] = people.map((person) => mapper.hiddenIn(person, redacted));
  const hidden = first.filter((name) => others.every((names) => names.includes(name)));
  if (hidden.length === 0) return;
  throw new SourceError(
    'insufficient_permissions',
    `Rippling hides these fields of everybody from the token: ${hidden.join(', ')}. Give it the scopes that show them, or ` +
      'name what it shall not see under "Fields that are not shared".',
  );
}

function namesUnlisted({ items }: RestPage, catalog: Catalog, { shared }: RipplingConfig): boolean {
  const isUnlisted = (type: ListedType, id: JsonValue | undefined): boolean =>
    shared.has(type) && typeof id === 'string' && id !== '' && !catalog.has(type, id);
  return items.filter(isJsonObject).some((worker) => {
    const { department_id: department, teams_id: teams, location } = worker;
    const place = isJsonObject(location) && location['type'] === 'WORK' ? location['work_location_id'] : null;
    return (
      isUnlisted('department', department) ||
      isUnlisted('location', place ?? undefined) ||
      (Array.isArray(teams) && teams.some((team) => isUnlisted('team', team)))
    );
  });
}
