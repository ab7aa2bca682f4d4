import { ConflictError, type JsonObject } from '#kernel';
import type { Clock } from '#kernel';
import type { Directory, DirectoryPause, EventType } from '#model';
import { ApiKeyEntity, DirectoryEntity } from '../entities/index.js';
import { badField, isStorable } from './checks.js';
import type { ControlLog } from './control-log.js';
import { loadDirectory } from './directory-store.js';

/** Who pauses a directory, and why. */
export interface PauseRequest {
  /** API key of the caller. Its name is what others see, unless `by` says who. */
  readonly apiKeyId: string;
  readonly by?: string;
  readonly reason?: string;
}

/** Stops and resumes directories. Nobody is disconnected by it: credentials, people and groups stay as they are. */
export class DirectoryPauses {
  readonly #log: ControlLog;
  readonly #clock: Clock;

  constructor(log: ControlLog, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
  }

  pause(environmentId: string, id: string, request: PauseRequest): Promise<Directory> {
    return this.#log.write<Directory>({ environmentId, directoryId: id }, async (manager) => {
      const directory = await loadDirectory(manager, environmentId, id);
      refusePaused(directory);
      checkStorable('by', request.by);
      checkStorable('reason', request.reason);
      const at = this.#clock.now().toISOString();
      const key = { environmentId, id: request.apiKeyId };
      const by = request.by ?? (await manager.findOneBy(ApiKeyEntity, key))?.name ?? 'an API key';
      const pause: DirectoryPause = { at, by, reason: request.reason ?? null };
      const values = { pausedAt: at, pausedBy: by, pauseReason: pause.reason, updatedAt: at };
      await manager.update(DirectoryEntity, { environmentId, id }, values);
      return outcome('directory.paused', { ...directory, pause, updatedAt: at }, pause);
    });
  }

  resume(environmentId: string, id: string): Promise<Directory> {
    return this.#log.write<Directory>({ environmentId, directoryId: id }, async (manager) => {
      const directory = await loadDirectory(manager, environmentId, id);
      const { pause } = directory;
      if (!pause)
        throw new ConflictError('This directory is not paused, so there is nothing to resume.', {
          reason: 'state',
        });
      const updatedAt = this.#clock.now().toISOString();
      const values = { pausedAt: null, pausedBy: null, pauseReason: null, updatedAt };
      await manager.update(DirectoryEntity, { environmentId, id }, values);
      return outcome('directory.resumed', { ...directory, pause: null, updatedAt }, pause);
    });
  }
}

function refusePaused({ pause }: Directory): void {
  if (!pause) return;
  throw new ConflictError(
    `This directory was paused by ${pause.by} at ${pause.at} already. Resume it first to pause it for another reason.`,
    { reason: 'state' },
  );
}

function checkStorable(field: string, text: string | undefined): void {
  if (text !== undefined && !isStorable(text))
    throw badField(field, `"${field}" contains the character U+0000, which cannot be stored.`);
}

function outcome(
  type: EventType,
  directory: Directory,
  pause: DirectoryPause,
): { result: Directory; organizationId: string; events: { type: EventType; data: JsonObject }[] } {
  const data = {
    object: 'directory_pause',
    directory_id: directory.id,
    organization_id: directory.organizationId,
    paused_at: pause.at,
    paused_by: pause.by,
    reason: pause.reason,
  };
  return { result: directory, organizationId: directory.organizationId, events: [{ type, data }] };
}
