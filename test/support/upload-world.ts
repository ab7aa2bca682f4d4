import { RestClient } from './rest-client.js';
import type { RunningRollcall } from './start-rollcall.js';

export interface UploadDirectory {
  readonly id: string;
  /** Below the service's own address. */
  readonly endpoint: string;
  readonly key: string;
  readonly token: string;
}

interface Created {
  readonly directory: { readonly id: string };
  readonly uploads: { readonly endpoint: string; readonly bearer_token: string };
}

interface Run {
  readonly id: string;
  readonly status: string;
  readonly error: { readonly message: string } | null;
}

/** Directories whose files are uploaded, and what becomes of them. */
export class UploadWorld {
  readonly rest: RestClient;
  readonly #rollcall: RunningRollcall;

  constructor(rollcall: RunningRollcall) {
    this.#rollcall = rollcall;
    this.rest = new RestClient(rollcall.baseUrl, rollcall.apiKey);
  }

  async directory(config: Record<string, unknown> = {}): Promise<UploadDirectory> {
    const organization = await this.rest.call<{ id: string }>('POST', '/organizations', { name: 'Acme' });
    const { directory, uploads } = await this.rest.call<Created>('POST', '/management/directories', {
      organization_id: organization.id,
      name: 'People',
      type: 'csv-sftp',
      config: { delivery: 'upload', auto_apply: true, ...config },
    });
    const { pathname } = new URL(uploads.endpoint);
    return {
      id: directory.id,
      endpoint: this.#rollcall.baseUrl + pathname,
      key: pathname.split('/').at(-1) ?? '',
      token: uploads.bearer_token,
    };
  }

  put(
    { endpoint, token }: Pick<UploadDirectory, 'endpoint' | 'token'>,
    name: string,
    request: { readonly body?: string | Buffer; readonly headers?: Record<string, string> } = {},
  ): Promise<Response> {
    return fetch(`${endpoint}/${name}`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${token}`, ...request.headers },
      body: request.body ?? '',
    });
  }

  /** Who is in the directory, once the newest run is over. */
  async people({ id }: UploadDirectory): Promise<string[]> {
    await this.lastRun(id);
    const path = `/directory_users?directory=${id}&limit=100`;
    const { data } = await this.rest.call<{ data: { idp_id: string }[] }>('GET', path);
    return data.map((user) => user.idp_id).sort();
  }

  /** The newest run, when it is over. */
  async lastRun(directoryId: string): Promise<Run> {
    for (let round = 0; round < 1_200; round += 1) {
      const { data } = await this.rest.call<{ data: Run[] }>(
        'GET',
        `/management/directories/${directoryId}/sync_runs?limit=1`,
      );
      const [run] = data;
      if (run && !['queued', 'fetching', 'planning', 'applying'].includes(run.status)) return run;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error('No run ended');
  }

  async runs(directoryId: string): Promise<Run[]> {
    const path = `/management/directories/${directoryId}/sync_runs`;
    return (await this.rest.call<{ data: Run[] }>('GET', path)).data;
  }

  async uploads(directoryId: string): Promise<{ id: string; name: string; state: string; via: string }[]> {
    const path = `/management/directories/${directoryId}/uploads?order=asc&limit=100`;
    return (
      await this.rest.call<{ data: { id: string; name: string; state: string; via: string }[] }>('GET', path)
    ).data;
  }
}

export function usersFile(...ids: readonly string[]): string {
  const rows = ids.map((id) => `${id},p${id}@example.com,Ada,Ahn,active,Kitchen`);
  return `${['id,email,first name,last name,state,department', ...rows].join('\n')}\n`;
}
