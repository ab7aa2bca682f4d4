import type { JsonObject } from '#kernel';
import type { Directory, DirectoryState } from './directory.js';
import type { DirectoryGroup } from './group.js';
import type { Organization, OrganizationDomain } from './organization.js';
import type { DirectoryUser } from './user.js';

/*
 * The wire forms of the uniform API. REST and events use the same functions, so a consumer who folds the events
 * of a directory gets exactly what the lists show.
 */

/** A directory user as events carry it; REST adds `groups`. */
export function directoryUserWire(user: DirectoryUser): JsonObject {
  return {
    object: 'directory_user',
    id: user.id,
    directory_id: user.directoryId,
    organization_id: user.organizationId,
    idp_id: user.idpId,
    email: user.email,
    first_name: user.firstName,
    last_name: user.lastName,
    name: user.name,
    emails: user.emails as unknown as JsonObject[],
    job_title: user.jobTitle,
    username: user.userName,
    state: user.active ? 'active' : 'inactive',
    ...(user.stateReason === null ? {} : { state_reason: user.stateReason }),
    ...(user.pendingRemoval ? { pending_removal: true } : {}),
    raw_attributes: user.raw,
    custom_attributes: user.customAttributes,
    created_at: user.createdAt,
    updated_at: user.updatedAt,
  };
}

export function directoryGroupWire(group: DirectoryGroup): JsonObject {
  return {
    object: 'directory_group',
    id: group.id,
    idp_id: group.idpId,
    directory_id: group.directoryId,
    organization_id: group.organizationId,
    name: group.name,
    ...(group.pendingRemoval ? { pending_removal: true } : {}),
    raw_attributes: group.raw,
    created_at: group.createdAt,
    updated_at: group.updatedAt,
  };
}

/** The wire form of a user as JSON. */
export type DirectoryUserText = string;

const userTexts = new WeakMap<DirectoryUser, DirectoryUserText>();
const groupTexts = new WeakMap<DirectoryGroup, string>();

/** The same user is put into words once. */
export function directoryUserText(user: DirectoryUser): DirectoryUserText {
  return textOf(userTexts, user, directoryUserWire);
}

/** What an event says about a membership, as JSON; the same group is put into words once. */
export function membershipText(membership: {
  readonly user: DirectoryUser | DirectoryUserText;
  readonly group: DirectoryGroup;
}): string {
  const { user, group } = membership;
  const userText = typeof user === 'string' ? user : directoryUserText(user);
  const groupText = textOf(groupTexts, group, directoryGroupWire);
  return `{"directory_id":${JSON.stringify(group.directoryId)},"user":${userText},"group":${groupText}}`;
}

function textOf<T extends object>(
  texts: WeakMap<T, string>,
  entity: T,
  wire: (entity: T) => JsonObject,
): string {
  const known = texts.get(entity);
  if (known !== undefined) return known;
  const text = JSON.stringify(wire(entity));
  texts.set(entity, text);
  return text;
}

const EVENT_STATE: Record<DirectoryState, string> = {
  unlinked: 'inactive',
  linked: 'active',
  validating: 'validating',
  invalid_credentials: 'invalid_credentials',
  deleting: 'deleting',
};

/** A directory as REST shows it. */
export function directoryWire(directory: Directory, domain?: string): JsonObject {
  return {
    object: 'directory',
    id: directory.id,
    organization_id: directory.organizationId,
    external_key: directory.externalKey,
    type: directory.type,
    state: directory.state,
    name: directory.name,
    ...(domain === undefined ? {} : { domain }),
    dialect: directory.dialect,
    provider: directory.provider,
    detected_dialect: directory.detectedDialect,
    suggested_dialect: suggestedDialect(directory),
    paused_at: directory.pause?.at ?? null,
    created_at: directory.createdAt,
    updated_at: directory.updatedAt,
  };
}

/** Null when there is nothing to change. */
function suggestedDialect({ dialect, detectedDialect }: Directory): string | null {
  return dialect === null || detectedDialect === dialect ? null : detectedDialect;
}

/** A directory as `dsync.deleted` carries it; note the other spelling of `state`. */
export function eventDirectoryWire(directory: Directory): JsonObject {
  return {
    object: 'directory',
    id: directory.id,
    organization_id: directory.organizationId,
    type: directory.type,
    state: EVENT_STATE[directory.state],
    name: directory.name,
    created_at: directory.createdAt,
    updated_at: directory.updatedAt,
  };
}

/** A directory as `dsync.activated` carries it. */
export function activatedDirectoryWire(
  directory: Directory,
  domains: readonly OrganizationDomain[],
): JsonObject {
  return {
    ...eventDirectoryWire(directory),
    external_key: directory.externalKey,
    domains: domains.map((domain) => ({
      object: 'organization_domain',
      id: domain.id,
      domain: domain.domain,
      organization_id: domain.organizationId,
    })),
  };
}

export function organizationDomainWire(domain: OrganizationDomain): JsonObject {
  return {
    object: 'organization_domain',
    id: domain.id,
    organization_id: domain.organizationId,
    domain: domain.domain,
    state: domain.state,
    verification_strategy: domain.verificationStrategy,
    ...(domain.verificationToken === null ? {} : { verification_token: domain.verificationToken }),
    created_at: domain.createdAt,
    updated_at: domain.updatedAt,
  };
}

export function organizationWire(organization: Organization): JsonObject {
  return {
    object: 'organization',
    id: organization.id,
    name: organization.name,
    domains: organization.domains.map(organizationDomainWire),
    metadata: { ...organization.metadata },
    external_id: organization.externalId,
    ...(organization.stripeCustomerId === null ? {} : { stripe_customer_id: organization.stripeCustomerId }),
    allow_profiles_outside_organization: false,
    created_at: organization.createdAt,
    updated_at: organization.updatedAt,
  };
}
