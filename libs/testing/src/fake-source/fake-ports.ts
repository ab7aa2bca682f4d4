import {
  connectTcp,
  createSourceHttp,
  type RotatingSecrets,
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
  /** What earlier runs have replaced; nothing yet when absent. */
  readonly secrets?: RotatingSecrets;
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
export function fakePorts({ time, hosts = {}, staged, secrets, uploads }: FakePortsOptions): FakePorts {
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
    secrets: secrets ?? inMemorySecrets(),
    http: (options) =>
      createSourceHttp(options, {
        clock: time.clock,
        sleep: time.sleep,
        random: () => 0.5,
        signal: ending.signal,
        log,
        guard,
        origins: new Map(Object.entries(hosts)),
      }),
    connectTcp: (host, port, { secure }) => connectTcp({ host, port, secure }, guard, ending.signal),
    uploads: uploads ?? NO_UPLOADS,
    stagedIds: staged ?? (() => Promise.resolve([])),
  };
  return { ports, logged: () => lines.join('\n'), end: () => ending.abort(new Error('the run ended')) };
}

/** Secrets that the vendor has replaced, kept as long as the value. */
export function inMemorySecrets(): RotatingSecrets {
  const newest = new Map<string, string>();
  return {
    current: (field) => Promise.resolve(newest.get(field) ?? null),
    replace: (field, { from, to }) => {
      if ((newest.get(field) ?? from) !== from) return Promise.resolve(false);
      newest.set(field, to);
      return Promise.resolve(true);
    },
  };
}
