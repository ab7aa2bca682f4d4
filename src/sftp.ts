import type { Logger } from 'pino';
import { loadHostKeys, UploadSftpServer } from '#connectors';
import type { FailedLogins } from '#kernel';
import { ConfigError, publicUrlOf, type Config } from './config/index.js';
import { freePort } from './http/free-port.js';
import type { Services } from './services.js';
import type { Sync } from './sync.js';

/** Where customers upload files by SFTP, and with what the server proves itself. */
export interface Sftp {
  readonly address: { readonly host: string; readonly port: number; readonly hostKeys: readonly string[] };
  start(): Promise<void>;
  stop(): Promise<void>;
}

interface Parts {
  readonly config: Config;
  readonly log: Logger;
  readonly services: Services;
  readonly sync: Sync;
  readonly failedLogins: FailedLogins;
}

/** The SFTP server of a process that answers requests; undefined where none is wanted. @throws ConfigError */
export async function createSftp(parts: Parts): Promise<Sftp | undefined> {
  const { config, log, services, sync, failedLogins } = parts;
  if (config.sftpPort === undefined || config.roles === 'worker') return undefined;
  const port = config.sftpPort === 0 ? await freePort(config.host) : config.sftpPort;
  const hostKeys = await loadHostKeys(services.database, services.secretBox).catch((error: unknown) => {
    throw new ConfigError([
      {
        variable: 'ROLLCALL_SECRET_KEYS',
        message: `does not open the host keys of the SFTP server (${(error as Error).message}); put the old key back behind the first one`,
      },
    ]);
  });
  const server = new UploadSftpServer({
    hostKeys,
    access: services.access,
    uploads: sync.uploads,
    failedLogins,
    log,
  });
  const shown = config.sftpAddress ?? { host: new URL(publicUrlOf(config, 0)).hostname, port };
  return {
    address: { ...shown, hostKeys: hostKeys.fingerprints },
    start: async () => {
      await server.listen(port, config.host);
      log.info({ host: config.host, port, hostKeys: hostKeys.fingerprints }, 'SFTP server ready');
    },
    stop: () => server.close(),
  };
}
