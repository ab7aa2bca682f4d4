import { isDeepStrictEqual } from 'node:util';
import { foldKey, type JsonObject } from '#kernel';
import type { DirectoryUser } from '#model';

/** What of a user the source has removed while it stays in effect. */
export interface PendingUser {
  readonly removal: 'deactivate' | 'delete' | undefined;
  readonly identity: boolean;
}

export const NOTHING_PENDING: PendingUser = { removal: undefined, identity: false };

/** Attributes of the source's document that say the same as the held ones. */
const ACTIVE_KEYS = ['active'];
const IDENTITY_KEYS = ['userName', 'externalId', 'emails'];
const IDENTITY_ATTRIBUTES = ['username', 'emails'];

/** Whether an identity key that was there is another one now, or none. One that is new takes nothing away. */
export function losesIdentity(before: DirectoryUser, after: DirectoryUser): boolean {
  return (
    foldKey(before.userName) !== foldKey(after.userName) ||
    (before.externalId !== null && before.externalId !== after.externalId) ||
    (before.email !== null && (after.email === null || foldKey(before.email) !== foldKey(after.email)))
  );
}

export function pendingOf(
  asserted: DirectoryUser,
  isDeleted: boolean,
  effective: DirectoryUser | undefined,
): PendingUser {
  if (!effective || (effective === asserted && !isDeleted)) return NOTHING_PENDING;
  if (isDeleted) return { removal: 'delete', identity: false };
  const removal = effective.active && !asserted.active ? 'deactivate' : undefined;
  return { removal, identity: losesIdentity(effective, asserted) };
}

/** What is in effect of what a source asserts, while some of it is held back: that part stays as it was. */
export function effectiveUser(
  asserted: DirectoryUser,
  before: DirectoryUser,
  held: { readonly removal: boolean; readonly identity: boolean },
): DirectoryUser {
  let user = asserted;
  if (held.removal)
    user = {
      ...user,
      active: before.active,
      stateReason: before.stateReason,
      raw: withKeys(user.raw, before.raw, ACTIVE_KEYS),
    };
  if (held.identity)
    user = {
      ...user,
      userName: before.userName,
      email: before.email,
      emails: before.emails,
      externalId: before.externalId,
      idpId: before.idpId,
      raw: withKeys(user.raw, before.raw, IDENTITY_KEYS),
      customAttributes: withKeys(user.customAttributes, before.customAttributes, IDENTITY_ATTRIBUTES),
    };
  return user;
}

/** What is stored of the effective user: attributes in which it differs from what the source asserts. */
export function effectiveAttributes(
  asserted: DirectoryUser,
  effective: DirectoryUser,
): JsonObject | undefined {
  if (asserted === effective) return undefined;
  const differing = STORED.filter((name) => !isDeepStrictEqual(asserted[name], effective[name]));
  if (differing.length === 0) return undefined;
  const attributes = Object.fromEntries(differing.map((name) => [name, effective[name]])) as JsonObject;
  if (!differing.includes('email')) return attributes;
  return { ...attributes, emailKey: effective.email === null ? null : foldKey(effective.email) };
}

/** The effective user of what `effectiveAttributes` kept. */
export function withEffectiveAttributes(asserted: DirectoryUser, attributes: JsonObject): DirectoryUser {
  const { emailKey: _, ...kept } = attributes;
  const user: DirectoryUser = { ...asserted, ...(kept as Partial<DirectoryUser>) };
  return { ...user, idpId: user.externalId ?? user.id };
}

const STORED = [
  'externalId',
  'userName',
  'email',
  'emails',
  'stateReason',
  'raw',
  'customAttributes',
  'updatedAt',
] as const satisfies readonly (keyof DirectoryUser)[];

function withKeys(raw: JsonObject, before: JsonObject, keys: readonly string[]): JsonObject {
  const rest = Object.entries(raw).filter(([name]) => !keys.includes(name));
  return Object.fromEntries([...rest, ...Object.entries(before).filter(([name]) => keys.includes(name))]);
}
