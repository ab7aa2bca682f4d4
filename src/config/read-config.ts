import { resolve } from 'node:path';

import { ConfigError, type ConfigProblem } from './config.errors.js';
import { VariableProblem } from './parse-variable.js';
import { VARIABLES, type LogFormat, type LogLevel, type Roles, type Variable } from './variables.js';

/** What the environment variables say, checked. */
export interface Config {
  /** 0: a free one. */
  readonly port: number;
  readonly host: string;
  /** Undefined: the embedded PostgreSQL. Contains a password. */
  readonly databaseUrl: string | undefined;
  /** Absolute path. */
  readonly dataDir: string;
  readonly roles: Roles;
  /** Without slash at the end. Undefined: see publicUrlOf(). */
  readonly publicUrl: string | undefined;
  /** Undefined only with the embedded PostgreSQL: see loadSecretKeys(). */
  readonly secretKeys: string | undefined;
  /** Undefined: a random one is made. */
  readonly bootstrapApiKey: string | undefined;
  /** CIDRs. */
  readonly outboundAllow: readonly string[];
  /** Vendor origin → where requests for it are sent instead. */
  readonly sourceOrigins: ReadonlyMap<string, string>;
  /** Requests per second and directory; 0 is off. */
  readonly scimRateLimit: number;
  /** Wrong credentials per minute, address and directory; 0 is off. */
  readonly failedLogins: number;
  /** CIDRs of load balancers. */
  readonly trustedProxies: readonly string[];
  /** Runs at the same time in this process. */
  readonly syncConcurrency: number;
  /** Runs at the same time per environment. */
  readonly syncPerEnvironment: number;
  /** Seconds. */
  readonly syncDeadline: number;
  /** Undefined: no SFTP server. 0: a free one. */
  readonly sftpPort: number | undefined;
  /** Undefined: as the public URL says. */
  readonly sftpAddress: { readonly host: string; readonly port: number } | undefined;
  /** How long what grows is kept. */
  readonly uploadDays: number;
  readonly requestLogDays: number;
  readonly attemptDays: number;
  readonly eventDays: number;
  readonly logLevel: LogLevel;
  readonly logFormat: LogFormat;
}

/**
 * Reads the environment; a variable that is empty counts as absent.
 * @throws ConfigError with everything that is wrong.
 */
export function readConfig(
  env: NodeJS.ProcessEnv,
  isTerminal: boolean = process.stdout.isTTY ?? false,
): Config {
  const problems: ConfigProblem[] = [];
  const read = <T>(variable: Variable<T>): T | undefined => parse(variable, env, problems);
  const readOr = <T>(variable: Variable<T>, fallback: T): T => read(variable) ?? fallback;
  const config: Config = {
    port: readOr(VARIABLES.port, 3000),
    host: readOr(VARIABLES.host, '127.0.0.1'),
    databaseUrl: read(VARIABLES.databaseUrl),
    dataDir: resolve(readOr(VARIABLES.dataDir, '.rollcall')),
    roles: readOr(VARIABLES.roles, 'all'),
    publicUrl: read(VARIABLES.publicUrl),
    secretKeys: read(VARIABLES.secretKeys),
    bootstrapApiKey: read(VARIABLES.bootstrapApiKey),
    outboundAllow: readOr(VARIABLES.outboundAllow, []),
    sourceOrigins: readOr(VARIABLES.sourceOrigins, new Map()),
    scimRateLimit: readOr(VARIABLES.scimRateLimit, 5_000),
    failedLogins: readOr(VARIABLES.failedLogins, 300),
    trustedProxies: readOr(VARIABLES.trustedProxies, []),
    syncConcurrency: readOr(VARIABLES.syncConcurrency, 4),
    syncPerEnvironment: readOr(VARIABLES.syncPerEnvironment, 16),
    syncDeadline: readOr(VARIABLES.syncDeadline, 21_600),
    sftpPort: read(VARIABLES.sftpPort),
    sftpAddress: read(VARIABLES.sftpAddress),
    uploadDays: readOr(VARIABLES.uploadDays, 30),
    requestLogDays: readOr(VARIABLES.requestLogDays, 30),
    attemptDays: readOr(VARIABLES.attemptDays, 30),
    eventDays: readOr(VARIABLES.eventDays, 90),
    logLevel: readOr(VARIABLES.logLevel, 'info'),
    logFormat: readOr(VARIABLES.logFormat, isTerminal ? 'pretty' : 'json'),
  };
  problems.push(...contradictions(env));
  if (problems.length > 0) throw new ConfigError(problems);
  return config;
}

/** The address that Rollcall is reached by; `port` is the one that the server got. */
export function publicUrlOf(config: Pick<Config, 'publicUrl' | 'host'>, port: number): string {
  if (config.publicUrl !== undefined) return config.publicUrl;
  // An address that means "all of them" is none that anybody can call.
  const host = ['0.0.0.0', '::'].includes(config.host) ? 'localhost' : config.host;
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

function parse<T>(variable: Variable<T>, env: NodeJS.ProcessEnv, problems: ConfigProblem[]): T | undefined {
  const text = env[variable.name]?.trim() ?? '';
  if (text === '') return undefined;
  try {
    return variable.parse(text);
  } catch (error) {
    if (!(error instanceof VariableProblem)) throw error;
    problems.push({ variable: variable.name, message: error.message });
    return undefined;
  }
}

/** What is wrong only together with something else. Looks at what is set, so that one mistake is one line. */
function contradictions(env: NodeJS.ProcessEnv): ConfigProblem[] {
  const isSet = (variable: Variable<unknown>): boolean => (env[variable.name]?.trim() ?? '') !== '';
  const problems: ConfigProblem[] = [];
  if (isSet(VARIABLES.databaseUrl) && !isSet(VARIABLES.secretKeys)) {
    problems.push({
      variable: VARIABLES.secretKeys.name,
      message:
        'is required with DATABASE_URL, because every process needs the same keys; set it to "k1:" followed by the output of "openssl rand -base64 32", and keep it',
    });
  }
  const roles = env[VARIABLES.roles.name]?.trim();
  if (!isSet(VARIABLES.databaseUrl) && (roles === 'api' || roles === 'worker')) {
    problems.push({
      variable: VARIABLES.roles.name,
      message: `"${roles}" needs DATABASE_URL: the embedded PostgreSQL serves one process, which has to do everything`,
    });
  }
  return problems;
}
