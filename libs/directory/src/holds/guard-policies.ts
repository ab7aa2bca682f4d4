import { NotFoundError, type Clock, type Database, type JsonObject } from '#kernel';
import type { DirectoryRef } from '../apply/head.js';
import { readPolicy, type GuardPolicy } from '../guard/policy.js';

/** A policy to set. What is missing has its default; `relaxedPercent` starts a time of 24 hours, null ends it. */
export interface PolicyInput extends Partial<
  Pick<GuardPolicy, 'action' | 'pull' | 'push' | 'releaseAfterHours'>
> {
  readonly relaxedPercent?: number | null;
}

/** The policies of directories, kept in `config.guard`. */
export class GuardPolicies {
  readonly #database: Database;
  readonly #clock: Clock;

  constructor(database: Database, clock: Clock) {
    this.#database = database;
    this.#clock = clock;
  }

  /** @throws NotFoundError for an unknown directory. */
  async get(ref: DirectoryRef): Promise<GuardPolicy> {
    const rows = await this.#database.query<{ config: JsonObject }>({
      name: 'guard_policy_get',
      text: 'SELECT config FROM directories WHERE environment_id = $1 AND id = $2 AND deleted_at IS NULL',
      values: [ref.environmentId, ref.directoryId],
    });
    if (!rows[0])
      throw new NotFoundError(`Directory not found: '${ref.directoryId}'.`, { entityId: ref.directoryId });
    return readPolicy(rows[0].config, this.#clock.now());
  }

  /** Replaces the policy. Out of bounds counts as the bound. @throws NotFoundError for an unknown directory. */
  async set(ref: DirectoryRef, input: PolicyInput): Promise<GuardPolicy> {
    const since = this.#clock.now().toISOString();
    const guard = {
      action: input.action,
      pull: input.pull,
      push: input.push,
      release_after_hours: input.releaseAfterHours,
      relaxed:
        typeof input.relaxedPercent === 'number' ? { percent: input.relaxedPercent, since } : undefined,
    };
    await this.#database.query({
      name: 'guard_policy_set',
      text: `UPDATE directories SET config = config || jsonb_build_object('guard', $3::jsonb)
        WHERE environment_id = $1 AND id = $2 AND deleted_at IS NULL`,
      values: [ref.environmentId, ref.directoryId, JSON.stringify(guard)],
    });
    return this.get(ref);
  }
}
