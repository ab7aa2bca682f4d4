import { isJsonObject, type JsonValue } from '#kernel';
import type { SnapshotRecord } from '#model';
import type { SourcePage } from '../../sdk/contract.js';
import { vendorPages } from '../../sdk/paged-stream.js';
import type { SourcePorts } from '../../sdk/ports.js';
import { SourceError } from '../../sdk/source-error.js';
import { Catalog, LISTED_TYPES, type ListedType } from './catalog.js';
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
export function cursorAfter(mark: JsonValue): string {
  return new Date(Date.parse(String(mark)) - OVERLAP_MS).toISOString();
}

/** Workers page by page: all of them, or those changed since an instant. */
export async function* readWorkers(
  { client, config, ports }: RipplingParts,
  since: string | undefined,
  from: JsonValue | null,
): AsyncGenerator<SourcePage> {
  const start = isJsonObject(from) ? from : {};
  const mapper = new WorkerMapper(config);
  let catalog = await Catalog.read(client, config);
  let mayReload = true;
  let mark = start['mark'] ?? null;
  let listed = from === null && since === undefined ? mapper.listed(catalog) : [];
  const token = typeof start['token'] === 'string' ? start['token'] : null;
  for await (const page of vendorPages((next) => client.workers(next, since), token)) {
    if (from === null && mark === null) expectReadable(page, mapper);
    // Departments that are newer than our lists. What is not there then is hidden.
    if (mayReload && namesUnlisted(page, catalog, config)) {
      mayReload = false;
      catalog = await Catalog.read(client, config);
      if (since === undefined) listed = [...listed, ...mapper.listed(catalog)];
    }
    const records = [...listed, ...recordsOf(page, { mapper, catalog, now: ports.clock.now() }, since)];
    listed = [];
    mark ??= page.mark ?? null;
    if (page.next !== null) yield { records, next: { token: page.next, mark } };
    else {
      const cursor = mark === null ? undefined : cursorAfter(mark);
      yield { records, end: { complete: true, proof: PROOF, cursor } };
    }
  }
}

interface Mapping {
  readonly mapper: WorkerMapper;
  readonly catalog: Catalog;
  readonly now: Date;
}

function recordsOf(
  page: RestPage,
  { mapper, catalog, now }: Mapping,
  since: string | undefined,
): readonly SnapshotRecord[] {
  return page.items.flatMap((item) => {
    const { records, id, groupIds } = mapper.map(item, { redacted: page.redacted, catalog, now });
    if (since === undefined) return records;
    // Changes tell only where somebody is now; what they left has to be said.
    if (id === null || groupIds === null) return records.slice(0, 1);
    return [...othersOf(id, groupIds, { mapper, catalog, now }), ...records];
  });
}

function othersOf(id: string, own: readonly string[], { mapper, catalog }: Mapping): SnapshotRecord[] {
  return mapper
    .groupIdsOf(catalog)
    .filter((groupId) => !own.includes(groupId))
    .map((groupId) => ({ kind: 'removed_member', groupId, member: { kind: 'user', id } }));
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
