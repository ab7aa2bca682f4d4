import { EqualityFilter } from 'ldapts';
import type { JsonObject } from '#kernel';
import { dnKey } from '../dn.js';
import { RawControl } from '../wire/raw-control.js';
import { SourceError } from '../../../sdk/source-error.js';
import type { TrackerParts } from './tracker.js';

/** The name that a deleted object gets (MS-ADTS 3.1.1.5.5.1.1). */
export const TOMBSTONE = /\\0ADEL:/i;
/** MS-ADTS 3.1.1.3.4.1.14; without a value. */
const SHOW_DELETED = '1.2.840.113556.1.4.417';

export function showDeleted(): RawControl {
  return new RawControl(SHOW_DELETED, Buffer.alloc(0));
}

/** The naming context in which all bases lie; undefined when there is not exactly one. */
export function contextOf({
  session,
  tracked,
}: Pick<TrackerParts, 'session' | 'tracked'>): string | undefined {
  const contexts = session.facts.contexts.map((context) => ({ context, key: dnKey(context) }));
  const found = new Set(
    tracked.bases.map((base) => {
      const key = dnKey(base);
      const above = contexts.filter((other) => key === other.key || key.endsWith(`,${other.key}`));
      return above.sort((one, other) => other.key.length - one.key.length)[0]?.context;
    }),
  );
  return found.size === 1 ? [...found][0] : undefined;
}

/** How far this domain controller is. */
export function positionOf({ session }: TrackerParts): JsonObject {
  const { usn } = session.facts;
  return usn === null ? {} : { server: usn.server, invocation: usn.invocation, usn: usn.highest };
}

/** Its change numbers mean nothing at another one, nor after it was restored. */
export function sameController({ session }: TrackerParts, cursor: JsonObject): boolean {
  const { usn } = session.facts;
  const { server, invocation, usn: last } = cursor;
  if (usn === null || typeof last !== 'number') return false;
  return server === usn.server && invocation === usn.invocation && last <= usn.highest;
}

/** Whether the account may see who was deleted, beside the folder for them. */
export async function seesDeleted(parts: TrackerParts): Promise<boolean> {
  const context = contextOf(parts);
  if (context === undefined) return false;
  const filter = new EqualityFilter({ attribute: 'isDeleted', value: 'TRUE' });
  const search = {
    bases: [context],
    filter,
    attributes: ['isDeleted'],
    pageSize: 2,
    controls: [showDeleted()],
  };
  try {
    for await (const { entries } of parts.client.entries(search, parts.session))
      if (entries.some(({ dn }) => TOMBSTONE.test(dn))) return true;
  } catch (error) {
    if (!(error instanceof SourceError) || error.code === 'source_unavailable') throw error;
  }
  return false;
}
