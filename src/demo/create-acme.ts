import { EVENT_TYPES } from '#model';
import { CAST, type Role } from './cast.js';
import { RestClient, textAt } from './rest-client.js';

export interface NamedDirectory {
  readonly id: string;
  /** Its column on the screen. */
  readonly label: string;
}

/** A directory of the demo with what its IdP needs to know. */
export interface DemoDirectory extends NamedDirectory {
  readonly role: Role;
  readonly endpoint: string;
  readonly token: string;
}

/** Everything that one run creates. */
export interface Acme {
  readonly environmentId: string;
  readonly environmentName: string;
  readonly apiKey: string;
  readonly organizationId: string;
  readonly endpointId: string;
  readonly secret: string;
  readonly directories: readonly DemoDirectory[];
}

export interface AcmeOptions {
  readonly baseUrl: string;
  /** May make environments. */
  readonly instanceKey: string;
  readonly receiverUrl: string;
}

/** What a webhook endpoint may ask for; tokens are told in the feed only. */
export const WEBHOOK_EVENTS = EVENT_TYPES.filter(
  (type) => type.startsWith('dsync.') && !type.startsWith('dsync.token.'),
);

/** Sets the stage through the public API only: a fresh environment, so that every run begins with nothing. */
export async function createAcme(options: AcmeOptions): Promise<Acme> {
  const instance = new RestClient(options.baseUrl, options.instanceKey);
  const environmentName = `Demo ${new Date().toISOString().slice(0, 19).replace('T', ' ')}`;
  const environment = await instance.post('/management/environments', { name: environmentName });
  const environmentId = textAt(environment, 'id');
  const keys = `/management/environments/${environmentId}/api_keys`;
  const apiKey = textAt(await instance.post(keys, { name: 'demo' }), 'key');
  const rest = new RestClient(options.baseUrl, apiKey);
  const organizationId = textAt(await rest.post('/organizations', { name: 'Acme' }), 'id');
  const endpoint = await rest.post('/webhook_endpoints', {
    endpoint_url: options.receiverUrl,
    events: [...WEBHOOK_EVENTS],
  });
  const directories: DemoDirectory[] = [];
  for (const role of CAST) directories.push(await createDirectory(rest, organizationId, role));
  return {
    environmentId,
    environmentName,
    apiKey,
    organizationId,
    endpointId: textAt(endpoint, 'id'),
    secret: textAt(endpoint, 'secret'),
    directories,
  };
}

async function createDirectory(rest: RestClient, organizationId: string, role: Role): Promise<DemoDirectory> {
  const answer = await rest.post('/management/directories', {
    organization_id: organizationId,
    name: `Acme ${role.label}`,
    type: role.type,
  });
  return {
    role,
    label: role.label,
    id: textAt(answer, 'directory', 'id'),
    endpoint: textAt(answer, 'scim', 'endpoint'),
    token: textAt(answer, 'scim', 'bearer_token'),
  };
}
