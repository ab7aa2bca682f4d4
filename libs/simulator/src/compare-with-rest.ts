import { isDeepStrictEqual } from 'node:util';
import type { JsonObject } from '#kernel';
import { membershipKey, type FoldedDirectory } from './fold-events.js';
import type { RestDirectory, SdkGroup, SdkUser } from './read-rest.js';

/** What two views of a directory hold, and in what they differ. */
export interface Comparison {
  readonly equal: boolean;
  readonly users: number;
  readonly groups: number;
  readonly memberships: number;
  /** One sentence each. */
  readonly differences: readonly string[];
}

/** Names in the SDK → names on the wire. */
const SHARED = {
  idpId: 'idp_id',
  directoryId: 'directory_id',
  organizationId: 'organization_id',
  rawAttributes: 'raw_attributes',
  createdAt: 'created_at',
  updatedAt: 'updated_at',
} as const;
const USER_ATTRIBUTES: Partial<Record<keyof SdkUser, string>> = {
  ...SHARED,
  email: 'email',
  firstName: 'first_name',
  lastName: 'last_name',
  state: 'state',
  customAttributes: 'custom_attributes',
};
const GROUP_ATTRIBUTES: Partial<Record<keyof SdkGroup, string>> = { ...SHARED, name: 'name' };

/** Compares what the events told with what the REST API shows, attribute by attribute. */
export function compareWithRest(folded: FoldedDirectory, rest: RestDirectory): Comparison {
  const restMemberships = new Set(
    rest.users.flatMap((user) => user.groups.map((group) => membershipKey(group.id, user.id))),
  );
  const differences = [
    ...compareAll('user', folded.users, { items: rest.users, attributes: USER_ATTRIBUTES }),
    ...compareAll('group', folded.groups, { items: rest.groups, attributes: GROUP_ATTRIBUTES }),
    ...compareMemberships(folded.memberships, restMemberships),
  ];
  return {
    equal: differences.length === 0,
    users: rest.users.length,
    groups: rest.groups.length,
    memberships: restMemberships.size,
    differences,
  };
}

interface RestItems<T> {
  readonly items: readonly T[];
  readonly attributes: Partial<Record<keyof T, string>>;
}

function compareAll<T extends { readonly id: string }>(
  kind: string,
  folded: ReadonlyMap<string, JsonObject>,
  { items, attributes }: RestItems<T>,
): string[] {
  const differences: string[] = [];
  const shown = new Set(items.map(({ id }) => id));
  if (shown.size < items.length) differences.push(`REST lists a ${kind} twice`);
  for (const id of folded.keys()) if (!shown.has(id)) differences.push(`${kind} ${id} is missing in REST`);
  for (const item of items) {
    const known = folded.get(item.id);
    if (!known) differences.push(`${kind} ${item.id} is missing in the events`);
    else
      differences.push(...compareOne(known, item, attributes).map((text) => `${kind} ${item.id}: ${text}`));
  }
  return differences;
}

function compareOne<T>(known: JsonObject, item: T, attributes: Partial<Record<keyof T, string>>): string[] {
  return (Object.entries(attributes) as [keyof T, string][])
    .filter(([name, wire]) => !isDeepStrictEqual(item[name], known[wire]))
    .map(([name, wire]) => `${wire} is ${show(known[wire])} in the events, ${show(item[name])} in REST`);
}

function compareMemberships(folded: ReadonlySet<string>, rest: ReadonlySet<string>): string[] {
  return [
    ...[...folded.difference(rest)].map((key) => `membership ${key} is missing in REST`),
    ...[...rest.difference(folded)].map((key) => `membership ${key} is missing in the events`),
  ];
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? 'absent';
  return text.length > 120 ? `${text.slice(0, 119)}…` : text;
}
