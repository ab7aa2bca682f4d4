import { isJsonObject, type JsonObject, type JsonValue } from '#kernel';
import type { Filter } from 'ldapts';
import type { LdapClient, LdapSession } from '../client.js';
import { SourceError } from '../../../sdk/source-error.js';

/** Whose changes are asked for. */
export interface Tracked {
  /** Memberships change with their groups. */
  readonly of: 'user' | 'group' | 'membership';
  readonly bases: readonly string[];
  readonly filter: Filter;
  /** Attributes whose changes matter. */
  readonly attributes: readonly string[];
}

export interface TrackerParts {
  readonly client: LdapClient;
  readonly session: LdapSession;
  readonly tracked: Tracked;
  readonly now: Date;
}

/** What the server said of an entry: that it changed, that it also got another name or place, that it was deleted. */
export type ChangeKind = 'changed' | 'moved' | 'deleted';

export interface Changes {
  /** By id. */
  readonly ids: ReadonlyMap<string, ChangeKind>;
  /** Where the next run goes on. */
  readonly cursor: JsonObject;
  /** Whether a deletion would be among them for certain. If not, the roll tells whether somebody is missing. */
  readonly statesRemovals: boolean;
  /** Ids of the roll that are known to be gone, where the server shows some of its deletions. */
  readonly departed?: readonly string[];
}

/** Where the changes after now begin, before everything is read. */
export interface Mark {
  readonly cursor: JsonObject;
  /** The cursor needs the roll of who was there. */
  readonly needsRoll: boolean;
}

/** One way in which servers tell what has changed. */
export interface ChangeTracker {
  /** `previous` is the cursor of the last good run. Null: it cannot be had from this server. @throws SourceError */
  mark(parts: TrackerParts, previous: JsonObject): Promise<Mark | null>;
  /** Whether the cursor came from this way. */
  owns(cursor: JsonObject): boolean;
  /** @throws SourceError `cursor_expired` when only reading everything helps */
  since(parts: TrackerParts, cursor: JsonObject): Promise<Changes>;
  /** Why it cannot be had, for the admin; null when it can. */
  obstacle(parts: TrackerParts): Promise<string | null>;
}

export function cursorObject(cursor: JsonValue | undefined): JsonObject {
  return isJsonObject(cursor) ? cursor : {};
}

/** Makes the engine read the stream whole. */
export function expired(message: string): SourceError {
  return new SourceError('cursor_expired', message);
}
