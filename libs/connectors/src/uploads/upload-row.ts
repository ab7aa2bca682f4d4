/** A file that was received. */
export interface Upload {
  readonly id: string;
  readonly name: string;
  readonly bytes: number;
  readonly sha256: string;
  /** The sender has named the checksum. */
  readonly isChecked: boolean;
  /** Rows that the sender has announced. */
  readonly rows: number | null;
  readonly via: 'https' | 'sftp';
  /** Only of a `stored` one the content is still there. */
  readonly state: 'stored' | 'replaced' | 'deleted' | 'expired';
  /** ISO 8601 in UTC. */
  readonly receivedAt: string;
  /** Others that belong to it are waited for. */
  readonly isResting: boolean;
  /** It came within the last six hours: the same content now is the same delivery, sent again. */
  readonly isRecent: boolean;
  /** The run that its arrival has caused. */
  readonly runId: string | null;
}

export interface UploadRow {
  readonly [column: string]: unknown;
  readonly id: string;
  readonly name: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly is_checked: boolean;
  readonly announced_rows: number | null;
  readonly via: Upload['via'];
  readonly state: Upload['state'];
  readonly received_at: string;
  readonly is_resting: boolean;
  readonly is_recent: boolean;
  readonly run_id: string | null;
}

export const COLUMNS = `id, name, bytes::float8 AS bytes, sha256, is_checked, announced_rows, via, state, received_at,
  rests_until > now() AS is_resting, received_at > now() - interval '6 hours' AS is_recent, run_id`;

export function toUpload(row: UploadRow): Upload {
  return {
    id: row.id,
    name: row.name,
    bytes: row.bytes,
    sha256: row.sha256,
    isChecked: row.is_checked,
    rows: row.announced_rows,
    via: row.via,
    state: row.state,
    receivedAt: row.received_at,
    isResting: row.is_resting,
    isRecent: row.is_recent,
    runId: row.run_id,
  };
}
