import {
  apiKey,
  databaseUrl,
  hostAndPort,
  integer,
  networks,
  oneOf,
  originMap,
  publicUrl,
  secretKeys,
} from './parse-variable.js';

/** One environment variable: what the program makes of it and what the reference page says about it. */
export interface Variable<T> {
  readonly name: string;
  /** What the page shows as default. */
  readonly shownDefault: string;
  readonly description: string;
  /** Never repeated in messages or logs. */
  readonly isSecret?: true;
  /** @throws VariableProblem */
  readonly parse: (text: string) => T;
}

const ROLES = ['all', 'api', 'worker'] as const;
const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
const LOG_FORMATS = ['pretty', 'json'] as const;

/** Every variable that Rollcall reads. docs/configuration.md is made from this table. */
export const VARIABLES = {
  port: {
    name: 'PORT',
    shownDefault: '`3000`',
    description: 'Port that the HTTP server listens on. `0` takes a free one.',
    parse: (text: string) => integer(text, 0, 65_535),
  },
  host: {
    name: 'HOST',
    shownDefault: '`127.0.0.1` (image: `0.0.0.0`)',
    description: 'Address that the HTTP server listens on.',
    parse: (text: string) => text,
  },
  databaseUrl: {
    name: 'DATABASE_URL',
    shownDefault: 'absent: embedded PostgreSQL',
    description:
      'PostgreSQL 15 or newer, as the owner of the database. The service itself works as the role `rollcall_app`, which the first migration makes.',
    isSecret: true,
    parse: databaseUrl,
  },
  dataDir: {
    name: 'ROLLCALL_DATA_DIR',
    shownDefault: '`.rollcall`',
    description:
      'Folder of the embedded PostgreSQL and of generated keys. Started by root, the database itself lies in `/var/lib/rollcall-embedded` and belongs to the system user `rollcall-pg`.',
    parse: (text: string) => text,
  },
  roles: {
    name: 'ROLLCALL_ROLES',
    shownDefault: '`all`',
    description:
      '`api` answers requests, `worker` sends webhooks, polls sources and keeps house, `all` does both in one process. `api` and `worker` need `DATABASE_URL`.',
    parse: (text: string) => oneOf(text, ROLES),
  },
  publicUrl: {
    name: 'ROLLCALL_PUBLIC_URL',
    shownDefault: 'from host and port',
    description:
      'Address under which Rollcall is reached from outside; stands in SCIM endpoints and links. Vendors send admins who have consented back to `<public URL>/connections/oauth/callback`, and take `http` for localhost at most.',
    parse: publicUrl,
  },
  secretKeys: {
    name: 'ROLLCALL_SECRET_KEYS',
    shownDefault: 'generated when embedded, required otherwise',
    description:
      '`id:base64-of-32-bytes[,older…]`. The first key encrypts stored secrets, all of them decrypt. To rotate, put a new one in front.',
    isSecret: true,
    parse: secretKeys,
  },
  bootstrapApiKey: {
    name: 'ROLLCALL_BOOTSTRAP_API_KEY',
    shownDefault: 'random, printed once',
    description: 'API key with all scopes for the environment `default`, at least 24 characters.',
    isSecret: true,
    parse: apiKey,
  },
  outboundAllow: {
    name: 'ROLLCALL_OUTBOUND_ALLOW',
    shownDefault: 'empty; `npm run demo` and tests: loopback',
    description:
      'Comma-separated networks (CIDR) that webhooks and connectors may reach although they are private. Endpoints with `http://` are accepted exactly when every address of theirs lies in one of them.',
    parse: networks,
  },
  sourceOrigins: {
    name: 'ROLLCALL_SOURCE_ORIGINS',
    shownDefault: 'empty',
    description:
      'Comma-separated pairs `origin=origin`: connectors send what is meant for the first one, credentials included, to the second one. For an egress gateway, or to try a connector against an emulator: `https://graph.microsoft.com=http://127.0.0.1:4000`.',
    parse: originMap,
  },
  scimRateLimit: {
    name: 'ROLLCALL_SCIM_RATE_LIMIT',
    shownDefault: '`5000`',
    description:
      'SCIM requests per second that one directory may send to one process, five seconds’ worth at once; then 429. `0` is off.',
    parse: (text: string) => integer(text, 0, 1_000_000),
  },
  failedLogins: {
    name: 'ROLLCALL_FAILED_LOGINS',
    shownDefault: '`300`',
    description:
      'Wrong credentials that one address may send per minute to one directory, by SCIM or as passwords of SFTP; then 429, or no sign-in. Credentials that have worked are not affected. `0` is off.',
    parse: (text: string) => integer(text, 0, 1_000_000),
  },
  trustedProxies: {
    name: 'ROLLCALL_TRUSTED_PROXIES',
    shownDefault: 'empty',
    description:
      'Comma-separated networks (CIDR) of your load balancers. Only from them is `X-Forwarded-For` believed; without it, everybody behind a load balancer has its address.',
    parse: networks,
  },
  syncConcurrency: {
    name: 'ROLLCALL_SYNC_CONCURRENCY',
    shownDefault: '`4`',
    description: 'Polled directories that one worker reads at the same time.',
    parse: (text: string) => integer(text, 1, 256),
  },
  syncPerEnvironment: {
    name: 'ROLLCALL_SYNC_PER_ENVIRONMENT',
    shownDefault: '`16`',
    description: 'Polled directories of one environment that all workers together read at the same time.',
    parse: (text: string) => integer(text, 1, 10_000),
  },
  syncDeadline: {
    name: 'ROLLCALL_SYNC_DEADLINE',
    shownDefault: '`21600`',
    description:
      'Seconds that reading one source may take. What was read by then is applied, and nothing is removed.',
    parse: (text: string) => integer(text, 60, 604_800),
  },
  sftpPort: {
    name: 'ROLLCALL_SFTP_PORT',
    shownDefault: 'absent: no SFTP',
    description:
      'Port of the SFTP server to which customers upload CSV files, on the address `HOST`, in processes that answer requests. `0` takes a free one. Its host keys are made once and kept in the database, sealed, so that every process shows the same.',
    parse: (text: string) => integer(text, 0, 65_535),
  },
  sftpAddress: {
    name: 'ROLLCALL_SFTP_ADDRESS',
    shownDefault: 'host of the public URL, port of `ROLLCALL_SFTP_PORT`',
    description: '`host:port` under which customers reach the SFTP server; is shown to them.',
    parse: hostAndPort,
  },
  uploadDays: {
    name: 'ROLLCALL_UPLOAD_DAYS',
    shownDefault: '`30`',
    description:
      'How long uploaded files are kept, in days from 2. What was read from them stays; delta files can only be applied while the full file before them is there.',
    parse: (text: string) => integer(text, 2, 3_650),
  },
  requestLogDays: {
    name: 'ROLLCALL_REQUEST_LOG_DAYS',
    shownDefault: '`30`',
    description:
      'How long SCIM requests and runs of polled directories are kept, in days from 1. Whole weeks are dropped at once, so up to a week longer.',
    parse: (text: string) => integer(text, 1, 3_650),
  },
  attemptDays: {
    name: 'ROLLCALL_ATTEMPT_DAYS',
    shownDefault: '`30`',
    description: 'How long webhook attempts are kept, from 1; up to a week longer.',
    parse: (text: string) => integer(text, 1, 3_650),
  },
  eventDays: {
    name: 'ROLLCALL_EVENT_DAYS',
    shownDefault: '`90`',
    description:
      'How long events stay in the log, from 7 (retries take three days); up to a week longer. Older cursors are answered with `cursor_expired`.',
    parse: (text: string) => integer(text, 7, 3_650),
  },
  logLevel: {
    name: 'LOG_LEVEL',
    shownDefault: '`info`',
    description: `One of ${LOG_LEVELS.map((level) => `\`${level}\``).join(', ')}.`,
    parse: (text: string) => oneOf(text, LOG_LEVELS),
  },
  logFormat: {
    name: 'LOG_FORMAT',
    shownDefault: '`pretty` on a terminal, else `json`',
    description: '`pretty` for people, `json` for machines.',
    parse: (text: string) => oneOf(text, LOG_FORMATS),
  },
} as const satisfies Record<string, Variable<unknown>>;

/** Which processes this one is. */
export type Roles = (typeof ROLES)[number];
export type LogLevel = (typeof LOG_LEVELS)[number];
export type LogFormat = (typeof LOG_FORMATS)[number];
