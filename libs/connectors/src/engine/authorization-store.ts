import { hashSecret, type Database, type Queryable } from '#kernel';
import type { DirectoryKey } from './connection-settings.js';
import type { ConsentProblem } from './consent-words.js';

/** A link to a consent page, as it is stored: never its state, only the digest. Times are ISO 8601 in UTC. */
export interface StoredAuthorization {
  readonly key: DirectoryKey;
  readonly digest: string;
  /** Sealed; null without a proof key. */
  readonly verifier: string | null;
  readonly redirectUri: string;
  readonly requestedAt: string;
  readonly expiresAt: string;
  readonly completedAt: string | null;
  readonly problem: ConsentProblem | null;
  readonly missingScopes: readonly string[];
  readonly isExpired: boolean;
  /** A callback is exchanging a code right now. */
  readonly isClaimed: boolean;
  readonly tries: number;
  /** The directory was deleted. */
  readonly isGone: boolean;
}

interface Row {
  readonly environment_id: string;
  readonly directory_id: string;
  readonly state_digest: string;
  readonly verifier: string | null;
  readonly redirect_uri: string;
  readonly requested_at: string;
  readonly expires_at: string;
  readonly completed_at: string | null;
  readonly problem: ConsentProblem | null;
  readonly missing_scopes: string[];
  readonly is_expired: boolean;
  readonly is_claimed: boolean;
  readonly tries: number;
  readonly is_gone: boolean;
}

const COLUMNS = `a.environment_id, a.directory_id, a.state_digest, a.verifier, a.redirect_uri, a.requested_at, a.expires_at,
  a.completed_at, a.problem, a.missing_scopes, a.tries, a.expires_at <= now() AS is_expired,
  a.claimed_until > now() AS is_claimed`;

/** How often one link may send a code to the vendor. */
export const MAX_TRIES = 10;
/** Longer than an exchange may take; a process that dies in it leaves a link that can be used again after that. */
const CLAIM = `interval '60 seconds'`;

/** Links to consent pages, one per directory. Only the clock of the database counts. */
export class AuthorizationStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Replaces the link that the directory had. @returns when it ends */
  async issue(
    tx: Queryable,
    key: DirectoryKey,
    link: {
      readonly state: string;
      readonly verifier: string | null;
      readonly redirectUri: string;
      readonly seconds: number;
    },
  ): Promise<string> {
    const [row] = await tx.query<{ expires_at: string }>({
      text: `INSERT INTO directory_authorizations AS a (environment_id, directory_id, state_digest, verifier, redirect_uri,
          requested_at, expires_at)
        VALUES ($1, $2, $3, $4, $5, now(), now() + $6::int * interval '1 second')
        ON CONFLICT (environment_id, directory_id) DO UPDATE SET state_digest = excluded.state_digest,
          verifier = excluded.verifier, redirect_uri = excluded.redirect_uri, requested_at = excluded.requested_at,
          expires_at = excluded.expires_at, claimed_until = '-infinity', tries = 0, problem = NULL,
          missing_scopes = '{}', completed_at = NULL
        RETURNING expires_at`,
      values: [
        key.environmentId,
        key.directoryId,
        digestOfState(link.state),
        link.verifier,
        link.redirectUri,
        link.seconds,
      ],
    });
    return (row as { expires_at: string }).expires_at;
  }

  /** The link that a state belongs to, in whatever condition; undefined when it was replaced or nobody made it. */
  async find(state: string): Promise<StoredAuthorization | undefined> {
    return this.#one('a.state_digest = $1', [digestOfState(state)]);
  }

  /** The newest link of a directory. */
  async of(key: DirectoryKey): Promise<StoredAuthorization | undefined> {
    return this.#one('a.environment_id = $1 AND a.directory_id = $2', [key.environmentId, key.directoryId]);
  }

  /**
   * Takes the right to exchange a code; of two callbacks at once one gets it, and the link only while it is good.
   * @returns the number of the try, which `release` wants again; null for whoever does not get it
   */
  async claim({ digest }: StoredAuthorization): Promise<number | null> {
    const [row] = await this.#database.query<{ tries: number }>({
      text: `UPDATE directory_authorizations SET claimed_until = now() + ${CLAIM}, tries = tries + 1
        WHERE state_digest = $1 AND completed_at IS NULL AND expires_at > now() AND claimed_until <= now()
          AND tries < ${MAX_TRIES} RETURNING tries`,
      values: [digest],
    });
    return row?.tries ?? null;
  }

  /**
   * Notes why it came to nothing; the link can be used again until it ends. A claim ends with it only while it is the one
   * of that try (null: of none).
   */
  async release(
    { digest }: StoredAuthorization,
    end: {
      readonly claim: number | null;
      readonly problem: ConsentProblem;
      readonly missingScopes?: readonly string[];
    },
  ): Promise<void> {
    await this.#database.query({
      text: `UPDATE directory_authorizations SET problem = $2, missing_scopes = $3,
          claimed_until = CASE WHEN tries = $4::int THEN '-infinity' ELSE claimed_until END
        WHERE state_digest = $1 AND completed_at IS NULL`,
      values: [digest, end.problem, [...(end.missingScopes ?? [])], end.claim],
    });
  }

  /** Uses the link up. @returns false when it was replaced or used meanwhile: nothing may be stored then */
  async complete(tx: Queryable, { digest }: StoredAuthorization): Promise<boolean> {
    const rows = await tx.query({
      text: `UPDATE directory_authorizations SET completed_at = now(), claimed_until = '-infinity', verifier = NULL,
          problem = NULL, missing_scopes = '{}'
        WHERE state_digest = $1 AND completed_at IS NULL RETURNING state_digest`,
      values: [digest],
    });
    return rows.length > 0;
  }

  async #one(condition: string, values: readonly string[]): Promise<StoredAuthorization | undefined> {
    const [row] = await this.#database.query<Row>({
      text: `SELECT ${COLUMNS}, d.deleted_at IS NOT NULL AS is_gone
        FROM directory_authorizations a JOIN directories d
          ON d.environment_id = a.environment_id AND d.id = a.directory_id
        WHERE ${condition}`,
      values,
    });
    return row && toAuthorization(row);
  }
}

function digestOfState(state: string): string {
  return hashSecret(state).toString('hex');
}

function toAuthorization(row: Row): StoredAuthorization {
  return {
    key: { environmentId: row.environment_id, directoryId: row.directory_id },
    digest: row.state_digest,
    verifier: row.verifier,
    redirectUri: row.redirect_uri,
    requestedAt: row.requested_at,
    expiresAt: row.expires_at,
    completedAt: row.completed_at,
    problem: row.problem,
    missingScopes: row.missing_scopes,
    isExpired: row.is_expired,
    isClaimed: row.is_claimed,
    tries: row.tries,
    isGone: row.is_gone,
  };
}
