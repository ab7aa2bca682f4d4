import type { DirectoryRef, Search, SearchResult, UserGroup } from '#directory';
import type { JsonObject } from '#kernel';
import type { Change, ChangeResult, Directory, DirectoryGroup, DirectoryUser, GroupMember } from '#model';

/** One page of a search. */
export interface ScimSearch extends Search {
  /** The same question as `where` for one resource, for readers that do not speak SQL. */
  readonly matches?: (resource: JsonObject) => boolean;
}

/** Where changes go; DirectoryStore of `#directory`. */
export interface ScimStore {
  apply(ref: DirectoryRef, change: Change): Promise<ChangeResult>;
}

/** What the source has asserted; DirectoryReader of `#directory`. */
export interface ScimReader {
  findUser(ref: DirectoryRef, id: string): Promise<DirectoryUser | undefined>;
  findGroup(ref: DirectoryRef, id: string): Promise<DirectoryGroup | undefined>;
  searchUsers(ref: DirectoryRef, search: ScimSearch): Promise<SearchResult<DirectoryUser>>;
  searchGroups(ref: DirectoryRef, search: ScimSearch): Promise<SearchResult<DirectoryGroup>>;
  membersOf(
    ref: DirectoryRef,
    groupIds: readonly string[],
  ): Promise<ReadonlyMap<string, readonly GroupMember[]>>;
  /** Whether the source lists more people than that in the group. */
  hasMoreMembersThan(ref: DirectoryRef, groupId: string, count: number): Promise<boolean>;
  groupsOf(ref: DirectoryRef, userIds: readonly string[]): Promise<ReadonlyMap<string, readonly UserGroup[]>>;
}

/** A directory as its credential opens it. */
export interface ScimDirectory extends Directory {
  /** Requests per second of all directories of its environment together; absent or null is no limit. */
  readonly environmentScimRateLimit?: number | null;
  /** The credential that opened it; a source without credentials leaves that out. */
  readonly tokenId?: string;
}

/** Who may talk to which directory; DirectoryAccess of `#directory`. */
export interface ScimAccess {
  /** @throws NotFoundError for an unknown key, AuthenticationError for a wrong or expired token. */
  authenticate(externalKey: string, token: string): Promise<ScimDirectory>;
  markConnected(directory: Directory): Promise<unknown>;
  /** Remembers, some time, which dialect the requests of the directory look like. Never throws. */
  noteDialect(directory: Directory, dialect: string): void;
}

export interface ScimPorts {
  readonly store: ScimStore;
  readonly reader: ScimReader;
  readonly access: ScimAccess;
}
