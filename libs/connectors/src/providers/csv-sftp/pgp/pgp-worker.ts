import { parentPort, workerData } from 'node:worker_threads';
import { SourceError, type SourceErrorCode } from '../../../sdk/source-error.ts';
import { loadKeys } from './keys.ts';
import { openPgpFile, type Opened, type PgpFile } from './open-pgp-file.ts';
import type { PgpSettings } from './settings.ts';

// Imports of what runs here end in .ts: uncompiled, as in tests, it is Node itself that loads it.

export type PgpTask =
  { readonly kind: 'check-keys' } | { readonly kind: 'open'; readonly file: PgpFile; readonly now: Date };

export type PgpAnswer =
  | { readonly kind: 'keys-checked' }
  | { readonly kind: 'opened'; readonly opened: Opened }
  | { readonly kind: 'refused'; readonly code: SourceErrorCode; readonly message: string };

const keys = loadKeys(workerData as PgpSettings);
// Who asks hears of it.
keys.catch(() => undefined);

parentPort?.on('message', (task: PgpTask) => {
  // Anything unforeseen ends this thread, which whoever asked is told.
  void answerTo(task).then((answer) => parentPort?.postMessage(answer, []));
});

async function answerTo(task: PgpTask): Promise<PgpAnswer> {
  try {
    const loaded = await keys;
    if (task.kind === 'check-keys') return { kind: 'keys-checked' };
    return { kind: 'opened', opened: await openPgpFile(task.file, loaded, task.now) };
  } catch (error) {
    if (error instanceof SourceError) return { kind: 'refused', code: error.code, message: error.message };
    throw error;
  }
}
