import {
  connectTcp,
  createSourceHttp,
  type SourceLog,
  type SourcePorts,
  type UploadedFiles,
} from '#connectors';
import { createAddressPolicy, NameResolutionError } from '#outbound';
import type { FakeTime } from '../fake-time.js';

export interface FakePortsOptions {
  readonly time: FakeTime;
  /** Vendor origin → origin of its fake, for vendors whose address is no setting. */
  readonly hosts?: Readonly<Record<string, string>>;
  /** Staged ids per kind, ordered or not. */
  readonly staged?: SourcePorts['stagedIds'];
  /** What was uploaded for the directory; nothing unless told. */
  readonly uploads?: UploadedFiles;
}

export interface FakePorts {
  readonly ports: SourcePorts;
  /** All that was logged, as text. */
  readonly logged: () => string;
  /** Ends the run. */
  readonly end: () => void;
}

const NO_UPLOADS: UploadedFiles = {
  list: () => Promise.resolve([]),
  read: () => {
    throw new Error('nothing was uploaded');
  },
};

/** The ports of a run that may talk to loopback only; names lead nowhere. Waiting takes no time. */
export function fakePorts({ time, hosts = {}, staged, uploads }: FakePortsOptions): FakePorts {
  const ending = new AbortController();
  const lines: string[] = [];
  const note = (facts: unknown, message: string): void =>
    void lines.push(`${message} ${JSON.stringify(facts)}`);
  const log: SourceLog = { debug: note, info: note, warn: note };
  const guard = {
    policy: createAddressPolicy('127.0.0.0/8'),
    resolver: {
      resolve: (name: string) => Promise.reject(new NameResolutionError(name, { isTimeout: false })),
    },
  };
  const ports: SourcePorts = {
    clock: time.clock,
    signal: ending.signal,
    log,
    http: (options) =>
      createSourceHttp(
        {
          ...options,
          baseUrl: moved(options.baseUrl, hosts),
          alsoAllowed: options.alsoAllowed?.map((origin) => moved(origin, hosts)),
        },
        { clock: time.clock, sleep: time.sleep, random: () => 0.5, signal: ending.signal, log, guard },
      ),
    connectTcp: (host, port, { secure }) => connectTcp({ host, port, secure }, guard, ending.signal),
    uploads: uploads ?? NO_UPLOADS,
    stagedIds: staged ?? (() => Promise.resolve([])),
  };
  return { ports, logged: () => lines.join('\n'), end: () => ending.abort(new Error('the run ended')) };
}

function moved(url: string, hosts: Readonly<Record<string, string>>): string {
  const { origin } = new URL(url);
  const target = hosts[origin];
  return target === undefined ? url : url.replace(origin, target);
}
