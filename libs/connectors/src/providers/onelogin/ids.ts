import type { SnapshotKind } from '#model';

/** Roles and groups are numbered apart from each other, so each id says what it is of. */
export function roleId(id: string): string {
  return `role:${id}`;
}

export function groupId(id: string): string {
  return `group:${id}`;
}

/** OneLogin's own id of a role; null for anything else. */
export function roleIn(id: string): string | null {
  return /^role:(\d+)$/.exec(id)?.[1] ?? null;
}

/** Where a record can be asked for; null for groups, of which version 1 says too little when there is none. */
export function addressOf(kind: SnapshotKind, id: string): { kind: 'users' | 'roles'; id: string } | null {
  if (kind === 'user') return { kind: 'users', id };
  const role = roleIn(id);
  return role === null ? null : { kind: 'roles', id: role };
}
