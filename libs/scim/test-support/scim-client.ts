import {
  CONTROL_ENTITIES,
  Directories,
  DirectoryAccess,
  DirectoryReader,
  DirectoryStore,
  Environments,
  Organizations,
} from '#directory';
import { systemClock, type JsonObject } from '#kernel';
import { createTestDatabase, type TestDatabase } from '#testing';
import type { ScimVersion } from '../src/dialects/contract.js';
import { ScimServer } from '../src/http/scim-server.js';

/** An answer with its body read. */
export interface ClientAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: JsonObject;
}

export interface Sent {
  readonly json?: unknown;
  /** Instead of `json`. */
  readonly raw?: string | Buffer;
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly version?: ScimVersion;
}

/** Talks to one directory of the real server over a real database, without HTTP between them. */
export class ScimClient {
  readonly directoryId: string;
  readonly #server: ScimServer;
  readonly #externalKey: string;
  readonly #token: string;

  constructor(server: ScimServer, directory: { id: string; externalKey: string }, token: string) {
    this.#server = server;
    this.directoryId = directory.id;
    this.#externalKey = directory.externalKey;
    this.#token = token;
  }

  async send(
    method: string,
    address: string,
    { json, raw, headers, version }: Sent = {},
  ): Promise<ClientAnswer> {
    const mark = address.indexOf('?');
    const body = raw ?? (json === undefined ? undefined : JSON.stringify(json));
    const response = await this.#server.handle({
      version: version ?? '2.0',
      externalKey: this.#externalKey,
      method,
      path: mark === -1 ? address : address.slice(0, mark),
      query: mark === -1 ? '' : address.slice(mark + 1),
      headers: { authorization: `Bearer ${this.#token}`, ...headers },
      body: body === undefined ? undefined : Buffer.from(body),
      requestId: 'request-1',
    });
    const read = JSON.parse(response.body ?? '{}') as JsonObject;
    return { status: response.status, headers: response.headers, body: read };
  }

  /** @throws Error when it is not created */
  async create(path: '/Users' | '/Groups', json: JsonObject): Promise<string> {
    const { status, body } = await this.send('POST', path, { json });
    if (status !== 201) throw new Error(`POST ${path}: ${status} ${JSON.stringify(body)}`);
    return body['id'] as string;
  }

  /** Ids that a list finds, in its order. */
  async find(path: string, parameters: Readonly<Record<string, string>>): Promise<string[]> {
    const { status, body } = await this.send('GET', `${path}?${new URLSearchParams(parameters).toString()}`);
    if (status !== 200) throw new Error(`GET ${path}: ${status} ${JSON.stringify(body)}`);
    return (body['Resources'] as JsonObject[]).map((resource) => resource['id'] as string);
  }
}

/** A server over a database of its own. */
export interface ScimWorld {
  readonly db: TestDatabase;
  connect(config: JsonObject, dialect?: string): Promise<ScimClient>;
}

export async function createScimWorld(): Promise<ScimWorld> {
  const db = await createTestDatabase({ entities: CONTROL_ENTITIES });
  const { id: environmentId } = await new Environments(db.dataSource, systemClock).create('test');
  const organizations = new Organizations(db.dataSource, systemClock);
  const { id: organizationId } = await organizations.create(environmentId, { name: 'Acme' });
  const directories = new Directories(db.dataSource, systemClock);
  const ports = {
    store: new DirectoryStore({ database: db.database, clock: systemClock }),
    reader: new DirectoryReader(db.database),
    access: new DirectoryAccess(db.dataSource, systemClock),
  };
  const server = new ScimServer(ports, { publicUrl: 'https://rollcall.example.com' });
  const connect = async (config: JsonObject, dialect = 'generic'): Promise<ScimClient> => {
    const input = { organizationId, name: 'D', type: 'generic scim v2.0', dialect, provider: null, config };
    const { directory, token } = await directories.create(environmentId, input);
    return new ScimClient(server, directory, token?.secret ?? '');
  };
  return { db, connect };
}
