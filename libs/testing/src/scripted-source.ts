import type { JsonObject, JsonValue } from '#kernel';
import type { SnapshotFinding, SnapshotKind, SnapshotRecord, SnapshotUser } from '#model';
import {
  defineConnector,
  type Connector,
  type ConnectorManifest,
  type RunRequest,
  type Source,
  type SourceCheck,
  type SourcePage,
  type SourcePorts,
  type SourceStream,
} from '#connectors';

/** A person as a source shows them. */
export function aSourceUser(sourceId: string, fields: Partial<SnapshotUser> = {}): SnapshotRecord {
  const email = `${sourceId}@example.com`;
  return {
    kind: 'user',
    user: {
      sourceId,
      userName: email,
      email,
      emails: [{ primary: true, type: 'work', value: email }],
      firstName: sourceId,
      lastName: 'Example',
      name: `${sourceId} Example`,
      jobTitle: null,
      active: true,
      stateReason: null,
      raw: { id: sourceId },
      customAttributes: {},
      ...fields,
    },
  };
}

/** What happens instead of, or before, a page. Addressed by stream and page number, never by time. */
export type Fault = (place: { readonly stream: string; readonly page: number }) => void | Promise<void>;

/** What the scripted source holds; a test changes it between runs. */
export interface Script {
  /** Stream id → pages of records. */
  streams: Record<string, readonly (readonly SnapshotRecord[])[]>;
  /** Pages of an incremental run, by stream; absent: an incremental run sees no change. */
  changes?: Record<string, readonly (readonly SnapshotRecord[])[]>;
  fault?: Fault;
  /** Replaces a page, for ends that are missing or wrong. */
  alter?: (page: SourcePage, place: { readonly stream: string; readonly page: number }) => SourcePage;
  check?: () => Promise<SourceCheck>;
  lookUp?: (kind: SnapshotKind, ids: readonly string[]) => ReadonlyMap<string, SnapshotFinding>;
  lookUpMembers?: NonNullable<Source['lookUpMembers']>;
}

const COVERS: Readonly<Record<string, SourceStream['covers']>> = {
  users: ['users'],
  groups: ['groups', 'memberships'],
};

/** A source in memory: pages, cursors and faults as a test scripts them, and a record of what was asked. */
export class ScriptedSource {
  script: Script;
  /** `users 0 full`, in the order in which pages were read. */
  readonly read: string[] = [];
  readonly configs: JsonObject[] = [];
  readonly #id: string;
  readonly #manifest: Partial<ConnectorManifest>;

  constructor(
    script: Script,
    options: { readonly id?: string; readonly manifest?: Partial<ConnectorManifest> } = {},
  ) {
    this.script = script;
    this.#id = options.id ?? 'scripted';
    this.#manifest = options.manifest ?? {};
  }

  connector(): Connector {
    return defineConnector<JsonObject>({
      manifest: { ...manifestOf(this.#id), ...this.#manifest },
      readConfig: (answers) => answers,
      connect: (config, ports) => {
        this.configs.push(config);
        return this.#source(ports);
      },
    }) as Connector;
  }

  #source(ports: SourcePorts): Source {
    const { lookUp, lookUpMembers } = this.script;
    return {
      streams: (run) => Object.keys(this.script.streams).map((id) => this.#stream(id, run, ports)),
      check: () =>
        this.script.check?.() ??
        Promise.resolve({
          users: null,
          groups: null,
          samples: this.script.streams['users']?.[0] ?? [],
          warnings: [],
        }),
      ...(lookUp && {
        lookUp: (kind: SnapshotKind, ids: readonly string[]) => Promise.resolve(lookUp(kind, ids)),
      }),
      ...(lookUpMembers && { lookUpMembers }),
    };
  }

  #stream(id: string, run: RunRequest, ports: SourcePorts): SourceStream {
    const isIncremental = run.mode === 'incremental' && run.cursors.has(id);
    const pages = isIncremental ? (this.script.changes?.[id] ?? [[]]) : (this.script.streams[id] ?? [[]]);
    const told = isIncremental ? `since ${JSON.stringify(run.cursors.get(id))}` : 'full';
    return {
      id,
      covers: isIncremental ? [] : (COVERS[id] ?? []),
      pages: (from) => this.#pages({ id, pages, told }, from, ports),
    };
  }

  async *#pages(
    stream: {
      readonly id: string;
      readonly pages: readonly (readonly SnapshotRecord[])[];
      readonly told: string;
    },
    from: JsonValue | null,
    ports: SourcePorts,
  ): AsyncGenerator<SourcePage> {
    const { id, pages, told } = stream;
    for (let page = Number(from ?? 0); page < pages.length; page += 1) {
      ports.signal.throwIfAborted();
      await this.script.fault?.({ stream: id, page });
      this.read.push(`${id} ${page} ${told}`);
      const isLast = page === pages.length - 1;
      const answer: SourcePage = {
        records: pages[page] ?? [],
        ...(isLast
          ? { end: { complete: true, proof: 'last page', cursor: `${id}-cursor` } }
          : { next: page + 1 }),
      };
      yield this.script.alter?.(answer, { stream: id, page }) ?? answer;
    }
  }
}

function manifestOf(id: string): ConnectorManifest {
  return {
    id,
    label: 'Scripted',
    directoryType: 'bamboohr',
    docsUrl: 'https://docs.example.com',
    kind: 'idp',
    form: [
      {
        key: 'domain',
        label: 'Domain',
        type: 'string',
        required: true,
        secret: false,
        help: 'In the console, under Account.',
        pattern: '[a-z.]+',
      },
      {
        key: 'api_token',
        label: 'API token',
        type: 'string',
        required: true,
        secret: true,
        help: 'In the console, under Security.',
      },
    ],
    scopes: [],
    capabilities: {
      groups: true,
      nestedGroups: false,
      incremental: true,
      lookUp: false,
      listsInactive: false,
      listsFuture: false,
    },
    limits: { requestsPerSecond: 10, burst: 10, concurrency: 1, pageSize: 100 },
    intervals: { incremental: 900, full: 86_400 },
  };
}
