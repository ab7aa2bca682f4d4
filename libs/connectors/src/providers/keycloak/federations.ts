import { isJsonObject, type JsonValue } from '#kernel';
import type { SnapshotRecord } from '#model';
import type { SourcePage, SourceStream, StreamEnd } from '../../sdk/contract.js';

/** The federation that keeps a user to itself: its component's id in `f:<component>:<its own id>`; null for all others. */
export function federationIn(userId: string): string | null {
  return /^f:([^:]+):/.exec(userId)?.[1] ?? null;
}

export interface FederationMemory {
  /** The cursor that the last run has saved. */
  readonly previous: JsonValue | undefined;
  /** Whether Keycloak says that a federation was removed. */
  readonly isGone: (federation: string) => Promise<boolean>;
}

/**
 * Users of a federation that are not imported vanish from lists, without a word, while it cannot be reached or is switched
 * off. So a list that shows nobody of a federation that it showed people of before is whole only if the federation itself
 * was removed from Keycloak.
 */
export function watchingFederations(
  stream: SourceStream,
  { previous, isGone }: FederationMemory,
): SourceStream {
  async function* pages(from: JsonValue | null): AsyncGenerator<SourcePage> {
    const seen = new Set(federationsIn(from));
    for await (const page of stream.pages(isJsonObject(from) ? (from['at'] ?? null) : null)) {
      for (const federation of page.records.map(federationOf)) if (federation !== null) seen.add(federation);
      if (page.next !== undefined) yield { ...page, next: { at: page.next, ...stateOf(seen) } };
      else yield { ...page, end: page.end && (await judgeEnd(page.end, seen)) };
    }
  }

  async function judgeEnd(end: StreamEnd, seen: ReadonlySet<string>): Promise<StreamEnd> {
    const silent: string[] = [];
    for (const federation of federationsIn(previous))
      if (!seen.has(federation) && !(await isGone(federation))) silent.push(federation);
    const cursor = stateOf([...seen, ...silent]);
    if (!end.complete || silent.length === 0) return { ...end, cursor };
    return {
      complete: false,
      reason:
        `Keycloak shows nobody of the user federation ${silent.join(', ').slice(0, 300)}, of which it showed people before: it ` +
        'may be away or switched off. If it was removed, assign the role "view-realm" of "realm-management", so that ' +
        'Keycloak can say so; if nobody is left in it, remove it.',
      cursor,
    };
  }

  return { ...stream, pages };
}

function federationOf(record: SnapshotRecord): string | null {
  if (record.kind === 'user') return federationIn(record.user.sourceId);
  return record.kind === 'invalid' && record.id !== null ? federationIn(record.id) : null;
}

function stateOf(federations: Iterable<string>): { readonly federations: string[] } {
  return { federations: [...federations].sort() };
}

function federationsIn(state: JsonValue | undefined): readonly string[] {
  const list = isJsonObject(state ?? null) ? (state as Record<string, JsonValue>)['federations'] : undefined;
  return Array.isArray(list) ? list.filter((item) => typeof item === 'string') : [];
}
