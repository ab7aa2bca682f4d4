import type { Receipt, Upload } from '#connectors';
import type { JsonObject } from '#kernel';

/** A received file as REST shows it, without its content. */
export function uploadWire(directoryId: string, upload: Upload): JsonObject {
  return {
    object: 'upload',
    id: upload.id,
    directory_id: directoryId,
    name: upload.name,
    bytes: upload.bytes,
    sha256: upload.sha256,
    checksum_verified: upload.isChecked,
    announced_rows: upload.rows,
    via: upload.via,
    state: upload.state,
    received_at: upload.receivedAt,
    sync_run_id: upload.runId,
  };
}

/** What the sender is told. */
export function receiptWire(directoryId: string, { upload, isNew, run }: Receipt): JsonObject {
  return {
    ...uploadWire(directoryId, upload),
    unchanged: !isNew,
    sync_run: run === null ? null : { id: run.id, state: run.state },
  };
}
