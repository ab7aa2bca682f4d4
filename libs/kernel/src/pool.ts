import pg, { type ClientConfig, type CustomTypesConfig, type Pool, type PoolConfig } from 'pg';

/** `owner` owns the tables and migrates them; `app` is all the running service ever is, and owns nothing. */
export type DatabaseRole = 'owner' | 'app';

/** How a pool of connections shall be. */
export interface PoolSettings {
  readonly role: DatabaseRole;
  /** Connections at most; 10 when absent. */
  readonly poolSize?: number;
  /** Shown by the server in pg_stat_activity; `rollcall` when absent. */
  readonly applicationName?: string;
  /** Statements started together share a round trip (`Database.pipelined`). Rules out COPY and cursors. */
  readonly pipeline?: boolean;
}

/** Spread into `new DataSource({ … })`. */
export interface DataSourceSettings {
  readonly type: 'postgres';
  readonly url: string;
  readonly synchronize: false;
  readonly installExtensions: false;
  readonly extra: PoolConfig;
}

const INT8 = 20;
const INT8_ARRAY = 1016;
const TEXT_ARRAY = 1009;
const TIMESTAMPTZ = 1184;
const TIMESTAMPTZ_ARRAY = 1185;
const CONNECT_TIMEOUT_MS = 10_000;

/*
 * A statement, a transaction or a lock that outlives these belongs to a caller who is long gone, and would hold back
 * every other one. The owner has none of them: a migration may take its time.
 */
const APP_SETTINGS = {
  role: 'rollcall_app',
  statement_timeout: '30s',
  idle_in_transaction_session_timeout: '30s',
  lock_timeout: '15s',
};
/*
 * Hot look-ups go by whole keys, whatever their values: one plan serves all. Left to itself the server made a new plan
 * for nine of ten, at twice the price of running it.
 */
const ONE_PLAN = { plan_cache_mode: 'force_generic_plan' };
const EVERY_SETTING = { timezone: 'UTC', datestyle: 'ISO', intervalstyle: 'iso_8601' };

/**
 * The options of every pool we open, ours and TypeORM's. Settings go into the start packet, so they cost no round
 * trip and RESET cannot undo them. `int8` is read as number, `timestamptz` as ISO 8601 text (see isoTimestamp).
 */
export function poolOptions(url: string, settings: PoolSettings): PoolConfig {
  const server = {
    ...EVERY_SETTING,
    ...(settings.role === 'app' ? APP_SETTINGS : {}),
    ...(settings.pipeline === true ? ONE_PLAN : {}),
  };
  const { connectionString, options } = splitOptions(url);
  return {
    connectionString,
    // Ours come last: for a setting named twice the server takes the last one.
    options: [options, ...Object.entries(server).map(([name, value]) => `-c ${name}=${value}`)]
      .filter((part) => part !== '')
      .join(' '),
    max: settings.poolSize ?? 10,
    application_name: settings.applicationName ?? 'rollcall',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    idleTimeoutMillis: 60_000,
    keepAlive: true,
    types: TYPES,
    Client: SteadyClient,
    ...(settings.pipeline === true ? { pipeline: true } : {}),
  };
}

/**
 * A connection that is lost while somebody holds it (server restarted, transaction idle for too long) emits `error`,
 * and an `error` that nobody listens to ends the process. Whoever holds it learns of it by the next statement.
 */
class SteadyClient extends pg.Client {
  constructor(config?: string | ClientConfig) {
    super(config);
    this.on('error', () => undefined);
  }
}

/** The part of TypeORM's DataSource options that is the same wherever one is made. */
export function dataSourceOptions(url: string, settings: PoolSettings): DataSourceSettings {
  return {
    type: 'postgres',
    url,
    synchronize: false,
    // The service may not create extensions, and needs none.
    installExtensions: false,
    extra: poolOptions(url, settings),
  };
}

/** The pool that a TypeORM DataSource works with; hand-written SQL shares it. */
export function poolOf(dataSource: { readonly driver: object }): Pool {
  const { master } = dataSource.driver as { master?: Pool };
  if (master === undefined) throw new Error('poolOf needs an initialized PostgreSQL data source');
  return master;
}

/**
 * `2026-11-23 22:00:00.12+00`, what PostgreSQL sends in a UTC session, as `2026-11-23T22:00:00.120Z`. Done with
 * slices, because a Date per timestamp cost half of a list request. What has another form (infinity, years beyond
 * 9999 or before 1) stays as it is.
 */
export function isoTimestamp(text: string): string {
  if (text.charCodeAt(10) !== 0x20 || !text.endsWith('+00')) return text;
  const day = text.slice(0, 10);
  const time = text.slice(11, 19);
  const fraction = text.length === 22 ? '000' : text.slice(20, -3);
  return `${day}T${time}.${fraction.length < 3 ? fraction.padEnd(3, '0') : fraction.slice(0, 3)}Z`;
}

const PARSERS: Readonly<Record<number, (text: string) => unknown>> = {
  [INT8]: Number,
  [INT8_ARRAY]: (text) => readArray(text).map((item) => (item === null ? null : Number(item))),
  [TIMESTAMPTZ]: isoTimestamp,
  [TIMESTAMPTZ_ARRAY]: (text) => readArray(text).map((item) => (item === null ? null : isoTimestamp(item))),
};

// Per pool and not by pg.types.setTypeParser, which would change every user of pg in the process.
const TYPES: CustomTypesConfig = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') =>
    (format === 'binary' ? undefined : PARSERS[oid]) ?? pg.types.getTypeParser(oid, format),
};

function readArray(text: string): (string | null)[] {
  const parse = pg.types.getTypeParser(TEXT_ARRAY as number, 'text') as (text: string) => (string | null)[];
  return parse(text);
}

/** `options` inside a connection string would replace ours, and with them the role. */
function splitOptions(url: string): { connectionString: string; options: string } {
  if (!URL.canParse(url)) return { connectionString: url, options: '' };
  const parsed = new URL(url);
  const options = parsed.searchParams.get('options') ?? '';
  if (options !== '') parsed.searchParams.delete('options');
  return { connectionString: options === '' ? url : parsed.href, options };
}
