import type { DataSource, EntityManager } from 'typeorm';

const EPOCH_LOCK = 7_265_742_003;

interface Epoch {
  readonly epoch: number;
  readonly cluster_identity: string;
}

/**
 * The log's order is (epoch, transaction id, sequence), and transaction ids mean something only inside one cluster.
 * Starts a new epoch when the database has come to another cluster or to another timeline of it (dump and restore,
 * point-in-time recovery), or when ids are being given out that the log has already seen. Resolves to the epoch.
 */
export async function ensureEpoch(owner: DataSource): Promise<number> {
  const identity = await clusterIdentity(owner);
  return owner.transaction(async (tx) => {
    await tx.query(`SELECT pg_advisory_xact_lock(${EPOCH_LOCK})`);
    const [current] = await tx.query<Epoch[]>(
      'SELECT epoch, cluster_identity FROM log_epochs ORDER BY epoch DESC LIMIT 1',
    );
    const isCurrent = current?.cluster_identity === identity && !(await hasSeenLaterIds(tx, current.epoch));
    if (isCurrent) return current.epoch;
    const next = (current?.epoch ?? 0) + 1;
    await tx.query('INSERT INTO log_epochs (epoch, cluster_identity) VALUES ($1, $2)', [next, identity]);
    return next;
  });
}

async function hasSeenLaterIds(tx: EntityManager, epoch: number): Promise<boolean> {
  // One index look-up per environment and partition; max(xid) over all of them would read the whole log.
  const [row] = await tx.query<{ later: boolean }[]>(
    `SELECT EXISTS (
       SELECT FROM environments e, LATERAL (
         SELECT xid FROM events WHERE environment_id = e.id AND epoch = $1 ORDER BY xid DESC LIMIT 1
       ) latest
       WHERE latest.xid > pg_current_xact_id()
     ) AS later`,
    [epoch],
  );
  return row?.later === true;
}

/** System identifier and timeline. A service that hides one of them is still told apart by its transaction ids. */
async function clusterIdentity(owner: DataSource): Promise<string> {
  const system = await readText(owner, 'SELECT system_identifier::text AS value FROM pg_control_system()');
  const timeline = await readText(
    owner,
    'SELECT left(pg_walfile_name(pg_current_wal_lsn()), 8) AS value WHERE NOT pg_is_in_recovery()',
  );
  return `${system}/${timeline}`;
}

async function readText(owner: DataSource, sql: string): Promise<string> {
  try {
    const [row] = await owner.query<{ value: string }[]>(sql);
    return row?.value ?? 'unknown';
  } catch {
    return 'unknown';
  }
}
