import type { Clock } from '#kernel';
import type { AddressGuard } from '#outbound';
import type { SourceHttp, SourceHttpOptions } from '../sdk/http/source-http.js';
import type { SourceLog, SourcePorts } from '../sdk/ports.js';
import type { UploadedFiles } from '../sdk/uploads.js';
import { connectTcp } from './connect-tcp.js';
import type { DirectoryKey } from './connection-settings.js';
import type { PortsFactory } from './executor-parts.js';

/** Makes the HTTP client of one origin; it ends with the signal. */
export type HttpFactory = (
  options: SourceHttpOptions,
  run: { readonly signal: AbortSignal; readonly log: SourceLog; readonly clock: Clock },
) => SourceHttp;

export interface PortsParts {
  readonly guard: AddressGuard;
  readonly http: HttpFactory;
  /** What was uploaded for a directory. */
  readonly uploads: (directory: DirectoryKey) => UploadedFiles;
}

/** The ways out that a source gets: guarded, and ended with its run. */
export function createPortsFactory({ guard, http, uploads }: PortsParts): PortsFactory {
  return ({ directory, stagedIds, signal, secrets, clock, log }): SourcePorts => ({
    clock,
    signal,
    log,
    secrets,
    http: (options) => http(options, { signal, log, clock }),
    connectTcp: (host, port, { secure }) => connectTcp({ host, port, secure }, guard, signal),
    uploads: uploads(directory),
    stagedIds,
  });
}
