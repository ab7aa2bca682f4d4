import { WorkOS } from '@workos-inc/node';
import { WorkOS as WorkOS8 } from 'workos-node-8';
import type { RunningRollcall } from '../support/start-rollcall.js';

/** What both SDK versions offer under the same names. */
export type Sdk = Pick<WorkOS, 'directorySync' | 'events' | 'organizations'>;

interface Target {
  readonly baseUrl: string;
  readonly apiKey: string;
}

function optionsOf({ baseUrl, apiKey }: Target): {
  apiKey: string;
  apiHostname: string;
  https: boolean;
  port: number;
} {
  const { hostname, port } = new URL(baseUrl);
  return { apiKey, apiHostname: hostname, https: false, port: Number(port) };
}

export function sdk11(target: Target): WorkOS {
  return new WorkOS({ ...optionsOf(target), maxRetries: 0 });
}

export function sdk8(target: Target): WorkOS8 {
  return new WorkOS8(optionsOf(target));
}

/** The two versions by name; version 8 has what `Sdk` names, with types of its own. */
export const SDK_VERSIONS: readonly (readonly [string, (target: Target) => Sdk])[] = [
  ['11', sdk11],
  ['8', (target) => sdk8(target) as unknown as Sdk],
];

/** A request that no SDK offers. */
export async function request(
  target: Target,
  path: string,
  options: { method?: string; body?: unknown; headers?: Record<string, string> } = {},
): Promise<{ status: number; headers: Headers; text: string; json: Record<string, unknown> }> {
  const response = await fetch(new URL(path, target.baseUrl), {
    method: options.method ?? (options.body === undefined ? 'GET' : 'POST'),
    headers: {
      authorization: `Bearer ${target.apiKey}`,
      'content-type': 'application/json',
      ...options.headers,
    },
    ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
  });
  const text = await response.text();
  const json = text.startsWith('{') ? (JSON.parse(text) as Record<string, unknown>) : {};
  return { status: response.status, headers: response.headers, text, json };
}

/** A directory with three people and a group of two of them, filled by SCIM as an IdP would. */
export interface FilledDirectory {
  readonly organizationId: string;
  readonly directoryId: string;
  readonly endpoint: string;
  readonly token: string;
}

export async function fillDirectory(rollcall: RunningRollcall, name: string): Promise<FilledDirectory> {
  const organization = await sdk11(rollcall).organizations.createOrganization({
    name,
    domainData: [{ domain: `${name}.test`, state: 'verified' as never }],
  });
  const created = await request(rollcall, '/management/directories', {
    body: { organization_id: organization.id, name: `${name} people`, type: 'generic scim v2.0' },
  });
  const { directory, scim } = created.json as unknown as {
    directory: { id: string };
    scim: { endpoint: string; bearer_token: string };
  };
  const ids: string[] = [];
  for (const person of ['ada', 'bob', 'cleo'])
    ids.push(await scimCreate(scim, 'Users', userResource(person, person !== 'cleo')));
  await scimCreate(scim, 'Groups', {
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:Group'],
    displayName: 'Engineering',
    externalId: 'g-1',
    members: ids.slice(0, 2).map((value) => ({ value })),
  });
  await untilFeedShows(rollcall, `organization_id=${organization.id}&events=dsync.group.user_added`, 2);
  return {
    organizationId: organization.id,
    directoryId: directory.id,
    endpoint: scim.endpoint,
    token: scim.bearer_token,
  };
}

/** The feed shows an event once no older transaction of the whole server is under way, so a moment after it was written. */
export async function untilFeedShows(target: Target, query: string, count: number): Promise<void> {
  for (let round = 0; round < 400; round += 1) {
    const { json } = await request(target, `/events?${query}&limit=100`);
    if ((json['data'] as unknown[]).length >= count) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`The feed never showed ${count} events of ${query}`);
}

function userResource(person: string, active: boolean): object {
  return {
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
    userName: `${person}@people.test`,
    externalId: `ext-${person}`,
    active,
    name: { givenName: person, familyName: 'Test' },
    emails: [{ value: `${person}@people.test`, type: 'work', primary: true }],
  };
}

async function scimCreate(
  scim: { endpoint: string; bearer_token: string },
  kind: string,
  resource: object,
): Promise<string> {
  const response = await fetch(`${scim.endpoint}/${kind}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${scim.bearer_token}`, 'content-type': 'application/scim+json' },
    body: JSON.stringify(resource),
  });
  if (response.status !== 201) throw new Error(`SCIM ${kind}: ${response.status} ${await response.text()}`);
  return ((await response.json()) as { id: string }).id;
}
