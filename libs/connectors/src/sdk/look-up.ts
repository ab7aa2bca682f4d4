import { isJsonObject, type JsonObject, type JsonValue } from '#kernel';
import type { SnapshotFinding, SnapshotKind, SnapshotMember, SnapshotMembership } from '#model';
import { Fields } from './decode.js';
import { vendorPages, type VendorPage } from './paged-stream.js';
import { SourceError, type SourceErrorCode } from './source-error.js';

/** Failures that a single question does not have alone: all others would meet them too. */
const NOT_OF_ONE_QUESTION: readonly SourceErrorCode[] = [
  'invalid_credentials',
  'wrong_host',
  'tls_failed',
  'rate_limited',
  'source_unavailable',
];

/** @throws the error, when it is not about what was asked */
export function unanswered(error: unknown): 'unanswered' {
  if (error instanceof SourceError && !NOT_OF_ONE_QUESTION.includes(error.code)) return 'unanswered';
  throw error;
}

/**
 * Asks for records or memberships one by one. `exists` answers undefined when the vendor has not said clearly that
 * there is none: a 404 that a proxy gave, for example. Such ids are left out, and nobody counts as gone because of them.
 */
export async function lookUpEach<Asked = string>(
  ids: readonly Asked[],
  exists: (id: Asked) => Promise<boolean | 'unanswered' | undefined>,
): Promise<ReadonlyMap<Asked, SnapshotFinding>> {
  const found = new Map<Asked, SnapshotFinding>();
  for (const id of ids) {
    const isThere = await exists(id).catch(unanswered);
    if (isThere !== undefined) found.set(id, toFound(isThere));
  }
  return found;
}

/**
 * What the answer to a question for one object says of it. `isDenied`: the vendor says in its own words that there is
 * none. A 404 in other words is left to two complete listings; what is no answer to the question at all is not even that.
 */
export function existenceIn(
  { status, body }: { readonly status: number; readonly body: JsonValue },
  { isDenied, isIt }: { readonly isDenied: boolean; readonly isIt: (object: JsonObject) => boolean },
): boolean | 'unanswered' | undefined {
  if (status === 404 && isDenied) return false;
  if (!isJsonObject(body)) return 'unanswered';
  if (status === 404) return undefined;
  return isIt(body) ? true : 'unanswered';
}

/** Of a yes or no. */
export function toFound(isThere: boolean | 'unanswered'): SnapshotFinding {
  if (isThere === 'unanswered') return isThere;
  return isThere ? 'present' : 'gone';
}

/** Which of the groups that were asked about list a member directly; undefined when the vendor has not said clearly. */
export type GroupsOf = (
  member: SnapshotMember,
  groupIds: readonly string[],
) => Promise<ReadonlySet<string> | undefined>;

/** Asks once per member, which of the groups list it. */
export async function lookUpByMember(
  asked: readonly SnapshotMembership[],
  groupsOf: GroupsOf,
): Promise<ReadonlyMap<SnapshotMembership, SnapshotFinding>> {
  const found = new Map<SnapshotMembership, SnapshotFinding>();
  const byMember = Map.groupBy(asked, ({ member: { kind, id } }) => `${kind}:${id}`);
  for (const memberships of byMember.values()) {
    const [{ member }] = memberships as [SnapshotMembership];
    const groups = await groupsOf(
      member,
      memberships.map(({ groupId }) => groupId),
    ).catch(unanswered);
    if (groups === undefined) continue;
    for (const one of memberships)
      found.set(one, toFound(groups === 'unanswered' ? groups : groups.has(one.groupId)));
  }
  return found;
}

/**
 * Ids of all that is listed; undefined when a page is null because the vendor knows nobody whose list it would be.
 * @throws SourceError also when something has no id: it may be what was asked about
 */
export async function listedIds(
  fetch: (token: string | null) => Promise<VendorPage | null>,
): Promise<ReadonlySet<string> | undefined> {
  const ids = new Set<string>();
  const known = async (token: string | null): Promise<VendorPage> => {
    const page = await fetch(token);
    if (page === null) throw new NotThere();
    return page;
  };
  try {
    for await (const { items } of vendorPages(known))
      for (const item of items) ids.add(new Fields(isJsonObject(item) ? item : {}).text('id'));
    return ids;
  } catch (error) {
    if (error instanceof NotThere) return undefined;
    throw error;
  }
}

class NotThere extends Error {}

/** What a vendor calls a kind in its addresses. */
export function plural(kind: SnapshotKind): 'users' | 'groups' {
  return kind === 'user' ? 'users' : 'groups';
}

/** A 404 that the vendor's own words do not explain: it may come from anything between us and the vendor. */
export function strange404(vendor: string): SourceError {
  return new SourceError(
    'source_changed_shape',
    `Something answered "404 Not Found" that is not ${vendor}: a proxy, or another service at this address.`,
  );
}
