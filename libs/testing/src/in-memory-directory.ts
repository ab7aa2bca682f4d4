import { AuthenticationError, ConflictError, NotFoundError, foldKey, newId, type JsonObject } from '#kernel';
import type {
  Change,
  ChangeResult,
  Directory,
  DirectoryGroup,
  DirectoryUser,
  GroupInput,
  GroupMember,
  MemberOperation,
  UserInput,
} from '#model';
import type { SearchResult, UserGroup } from '#directory';
import type { ScimAccess, ScimPorts, ScimReader, ScimSearch, ScimStore } from '#scim';

/** The only token that an InMemoryDirectory accepts. */
export const IN_MEMORY_TOKEN = 'in-memory-token';

/** What a store adds to an input. */
type Stamp = Omit<DirectoryUser, keyof UserInput | 'idpId'>;

const EPOCH = '2026-11-02T09:00:00.000Z';

/**
 * One directory without a database, for specs of the SCIM side: same contract as `#directory`, none of its guarantees
 * (no concurrency, no restore, no event bodies).
 */
export class InMemoryDirectory implements ScimPorts, ScimStore, ScimReader, ScimAccess {
  readonly users = new Map<string, DirectoryUser>();
  readonly groups = new Map<string, DirectoryGroup>();
  readonly members = new Map<string, Set<string>>();
  /** Names of the reader's methods in the order of their calls. */
  readonly reads: string[] = [];
  /** What was noted, in the order of the requests. */
  readonly detectedDialects: string[] = [];
  readonly directory: Directory;
  readonly store = this;
  readonly reader = this;
  readonly access = this;

  constructor(directory: Partial<Directory> = {}) {
    this.directory = {
      id: newId('directory'),
      environmentId: newId('environment'),
      organizationId: newId('org'),
      name: 'Acme',
      type: 'generic scim v2.0',
      dialect: null,
      provider: null,
      externalKey: 'acme',
      state: 'linked',
      config: {},
      detectedDialect: null,
      pause: null,
      createdAt: EPOCH,
      updatedAt: EPOCH,
      ...directory,
    };
  }

  async authenticate(externalKey: string, token: string): Promise<Directory> {
    if (externalKey !== this.directory.externalKey) throw new NotFoundError('There is no such directory.');
    if (token !== IN_MEMORY_TOKEN) throw new AuthenticationError('The token is wrong.');
    return this.directory;
  }

  async markConnected(): Promise<void> {}

  noteDialect(_directory: unknown, dialect: string): void {
    this.detectedDialects.push(dialect);
  }

  async apply(_ref: unknown, change: Change): Promise<ChangeResult> {
    switch (change.kind) {
      case 'create_user':
        return this.#saveUser(undefined, change.user);
      case 'update_user': {
        const current = found(this.users, change.id, change.ifMatch);
        return this.#saveUser(current, change.update(current));
      }
      case 'delete_user': {
        const user = found(this.users, change.id, change.ifMatch);
        this.users.delete(user.id);
        for (const values of this.members.values()) values.delete(user.id);
        return { user, events: [] };
      }
      case 'create_group':
        return this.#saveGroup(undefined, change.group, [{ op: 'add', values: change.members }]);
      case 'update_group': {
        const current = found(this.groups, change.id, change.ifMatch);
        const { group, members } = change.update(current);
        return this.#saveGroup(current, group, members);
      }
      case 'delete_group': {
        const group = found(this.groups, change.id, change.ifMatch);
        this.groups.delete(group.id);
        this.members.delete(group.id);
        return { group, events: [] };
      }
    }
  }

  async findUser(_ref: unknown, id: string): Promise<DirectoryUser | undefined> {
    this.reads.push('findUser');
    return this.users.get(id);
  }

  async findGroup(_ref: unknown, id: string): Promise<DirectoryGroup | undefined> {
    this.reads.push('findGroup');
    return this.groups.get(id);
  }

  async searchUsers(_ref: unknown, search: ScimSearch): Promise<SearchResult<DirectoryUser>> {
    this.reads.push('searchUsers');
    const result = page([...this.users.values()], search, (user) => ({
      ...user.raw,
      ...serverSide(user, user.updatedAt),
    }));
    const ids = result.items.map(({ id }) => id);
    return search.withGroups ? { ...result, groups: this.#groupsOf(ids) } : result;
  }

  async searchGroups(_ref: unknown, search: ScimSearch): Promise<{ total: number; items: DirectoryGroup[] }> {
    this.reads.push('searchGroups');
    return page([...this.groups.values()], search, (group) => ({
      ...group.raw,
      ...serverSide(group, group.lastModified),
      members: this.#membersOf(group.id).map(({ value }) => ({ value })),
    }));
  }

  async membersOf(_ref: unknown, groupIds: readonly string[]): Promise<Map<string, GroupMember[]>> {
    this.reads.push('membersOf');
    return new Map(groupIds.map((id) => [id, this.#membersOf(id)]));
  }

  async hasMoreMembersThan(_ref: unknown, groupId: string, count: number): Promise<boolean> {
    this.reads.push('hasMoreMembersThan');
    return (this.members.get(groupId)?.size ?? 0) > count;
  }

  async groupsOf(_ref: unknown, userIds: readonly string[]): Promise<Map<string, UserGroup[]>> {
    this.reads.push('groupsOf');
    return this.#groupsOf(userIds);
  }

  #groupsOf(userIds: readonly string[]): Map<string, UserGroup[]> {
    const groups = [...this.groups.values()];
    const has = (groupId: string, userId: string): boolean => this.members.get(groupId)?.has(userId) === true;
    return new Map(
      userIds.map((userId) => [
        userId,
        groups.filter(({ id }) => has(id, userId)).map(({ id, name }) => ({ id, name, direct: true })),
      ]),
    );
  }

  #membersOf(groupId: string): GroupMember[] {
    return [...(this.members.get(groupId) ?? [])].map((value) => {
      const user = this.users.get(value);
      const group = this.groups.get(value);
      if (user !== undefined) return { value, type: 'User', display: user.userName, pending: false };
      if (group !== undefined) return { value, type: 'Group', display: group.name, pending: false };
      return { value, type: 'User', pending: true };
    });
  }

  #saveUser(current: DirectoryUser | undefined, input: UserInput): ChangeResult {
    const key = foldKey(input.userName);
    for (const other of this.users.values())
      if (other.id !== current?.id && foldKey(other.userName) === key)
        throw new ConflictError(`userName "${input.userName}" is taken.`, { code: 'user_name_taken' });
    const id = current?.id ?? newId('directory_user');
    const stamp = this.#stamp(id, current, isEqual(current?.raw, input.raw));
    const user: DirectoryUser = { ...stamp, ...input, idpId: input.externalId ?? id };
    this.users.set(id, user);
    return { user, events: [] };
  }

  #saveGroup(
    current: DirectoryGroup | undefined,
    input: GroupInput,
    steps: readonly MemberOperation[],
  ): ChangeResult {
    for (const other of this.groups.values())
      if (other.id !== current?.id && foldKey(other.name) === foldKey(input.name))
        throw new ConflictError(`displayName "${input.name}" is taken.`, { code: 'group_name_taken' });
    const id = current?.id ?? newId('directory_group');
    const before = this.members.get(id) ?? new Set();
    const members = steps.reduce(step, before);
    const isSame = isEqual([current?.raw, [...before].sort()], [input.raw, [...members].sort()]);
    const stamp = this.#stamp(id, current, isSame);
    const group: DirectoryGroup = { ...stamp, ...input, idpId: input.externalId ?? id, lastModified: EPOCH };
    this.members.set(id, members);
    this.groups.set(id, group);
    return { group, events: [] };
  }

  #stamp(id: string, current: { readonly version: number } | undefined, isSame: boolean): Stamp {
    const { environmentId, organizationId, id: directoryId } = this.directory;
    return {
      id,
      environmentId,
      organizationId,
      directoryId,
      createdAt: EPOCH,
      updatedAt: EPOCH,
      version: (current?.version ?? 0) + (isSame ? 0 : 1),
      pendingRemoval: false,
    };
  }
}

function isEqual(left: unknown, right: unknown): boolean {
  return JSON.stringify(left) === JSON.stringify(right);
}

function found<T extends { readonly version: number }>(
  items: ReadonlyMap<string, T>,
  id: string,
  ifMatch: readonly number[] | undefined,
): T {
  const item = items.get(id);
  if (item === undefined) throw new NotFoundError(`Not found: '${id}'.`);
  if (ifMatch !== undefined && !ifMatch.includes(item.version))
    throw new ConflictError('Stale version.', { reason: 'version' });
  return item;
}

function step(members: ReadonlySet<string>, operation: MemberOperation): Set<string> {
  switch (operation.op) {
    case 'add':
      return new Set([...members, ...operation.values]);
    case 'remove':
      return new Set([...members].filter((value) => !operation.values.includes(value)));
    case 'replace':
      return new Set(operation.values);
    case 'remove_all':
      return new Set();
  }
}

function serverSide(
  item: { readonly id: string; readonly createdAt: string },
  lastModified: string,
): JsonObject {
  return { id: item.id, meta: { created: item.createdAt, lastModified } };
}

function page<T extends { readonly id: string }>(
  all: T[],
  search: ScimSearch,
  toResource: (item: T) => JsonObject,
): { total: number; items: T[] } {
  const { matches, after } = search;
  const hits = matches === undefined ? all : all.filter((item) => matches(toResource(item)));
  const behind =
    after === undefined
      ? hits
      : hits.filter((item) => item.id > after).toSorted((left, right) => (left.id < right.id ? -1 : 1));
  return { total: hits.length, items: behind.slice(search.offset, search.offset + search.limit) };
}
