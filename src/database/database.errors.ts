import { RollcallError } from '#kernel';

/** What is wrong with the database. */
export type DatabaseProblem =
  | 'unreachable'
  | 'refused'
  | 'missing'
  | 'unsupported'
  | 'privilege'
  | 'half_migrated'
  | 'migration_failed'
  | 'newer';

/** The database cannot be used: the message is one line that says why and what to do about it. */
export class DatabaseError extends RollcallError {
  declare readonly code: DatabaseProblem;

  constructor(code: DatabaseProblem, message: string, options: { readonly cause?: unknown } = {}) {
    super(message.replaceAll(/\s*\n\s*/g, ' '), { code, cause: options.cause });
  }
}

/** Turns what happened while connecting into a DatabaseError; never shows the password of `url`. */
export function connectError(url: string, error: unknown): Error {
  const { code = '', message } = error as Error & { code?: string };
  const target = targetOf(url);
  const problem = problemOf(code, message);
  if (problem === undefined) return error as Error;
  const advice: Record<typeof problem, string> = {
    unreachable: `PostgreSQL at ${target.server} cannot be reached (${message || code}). Check DATABASE_URL and that the server is running.`,
    refused: `PostgreSQL at ${target.server} refused the user "${target.user}" (${message}). Check user and password in DATABASE_URL.`,
    missing: `PostgreSQL at ${target.server} has no database "${target.database}". Create it, or correct DATABASE_URL.`,
    privilege: `PostgreSQL at ${target.server}: ${message}. Make "${target.user}" the owner of the database "${target.database}".`,
  };
  return new DatabaseError(problem, advice[problem], { cause: error });
}

type ConnectProblem = 'unreachable' | 'refused' | 'missing' | 'privilege';

const BY_CODE: Record<string, ConnectProblem> = {
  ECONNREFUSED: 'unreachable',
  ECONNRESET: 'unreachable',
  ENOTFOUND: 'unreachable',
  EAI_AGAIN: 'unreachable',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
  ETIMEDOUT: 'unreachable',
  ENOENT: 'unreachable',
  '53300': 'unreachable',
  '57P03': 'unreachable',
  '28P01': 'refused',
  '28000': 'refused',
  '3D000': 'missing',
  '42501': 'privilege',
};

function problemOf(code: string, message: string): ConnectProblem | undefined {
  if (code !== '') return BY_CODE[code];
  // pg reports some of them by words only.
  if (/timeout|terminated unexpectedly|does not support SSL/i.test(message)) return 'unreachable';
  return /password|SASL|SCRAM/i.test(message) ? 'refused' : undefined;
}

function targetOf(url: string): { server: string; user: string; database: string } {
  if (!URL.canParse(url)) return { server: 'DATABASE_URL', user: '', database: '' };
  const { host, hostname, port, username, pathname } = new URL(url);
  return {
    server: port === '' ? hostname : host,
    user: decodeURIComponent(username),
    database: decodeURIComponent(pathname.slice(1)),
  };
}
