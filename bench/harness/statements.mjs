/* What the statements of one database cost the server, for `--profile`. Foreign keys and whatever else runs inside another statement count, too. */
export const STATEMENT_SETTINGS = {
  shared_preload_libraries: 'pg_stat_statements',
  'pg_stat_statements.track': 'all',
  'pg_stat_statements.max': '2000',
};

const TOP = 15;
const SHOWN_CHARACTERS = 90;

export async function startCounting(admin) {
  await admin.query('CREATE EXTENSION IF NOT EXISTS pg_stat_statements');
}

/** Forgets what was counted so far. */
export async function forgetStatements(admin) {
  await admin.query('SELECT pg_stat_statements_reset()');
}

/** How often each statement was sent to one database by the service, BEGIN and COMMIT too. */
export async function statementCalls(admin, database) {
  const { rows } = await admin.query(
    `SELECT sum(s.calls)::float8 AS calls, s.query FROM pg_stat_statements s
      JOIN pg_database d ON d.oid = s.dbid JOIN pg_roles r ON r.oid = s.userid
      WHERE d.datname = $1 AND r.rolname = 'rollcall_app' AND s.toplevel GROUP BY s.query ORDER BY 1 DESC`,
    [database],
  );
  return rows;
}

/** The statements that took longest, one line each. */
export async function topStatements(admin, database) {
  const { rows } = await admin.query(
    `SELECT total_exec_time::float8 AS ms, calls::float8 AS calls, rows::float8 AS rows, toplevel,
        (shared_blks_hit + shared_blks_read)::float8 AS blocks, temp_blks_written::float8 AS temp,
        wal_bytes::float8 AS wal, query
      FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid
      WHERE d.datname = $1 ORDER BY total_exec_time DESC LIMIT ${TOP}`,
    [database],
  );
  return rows.map(line);
}

function line({ ms, calls, rows, toplevel, blocks, temp, wal, query }) {
  const numbers = [ms.toFixed(0), calls, rows, blocks, temp, (wal / 2 ** 20).toFixed(1)];
  const widths = [8, 7, 8, 10, 7, 7];
  const text = query.replaceAll(/\s+/g, ' ').trim().slice(0, SHOWN_CHARACTERS);
  return `${numbers.map((number, index) => String(number).padStart(widths[index])).join(' ')}  ${toplevel ? '' : '(inside) '}${text}`;
}

export const STATEMENTS_HEAD = `${['ms', 'calls', 'rows', 'blocks', 'temp', 'WAL MB'].map((name, index) => name.padStart([8, 7, 8, 10, 7, 7][index])).join(' ')}  statement`;
