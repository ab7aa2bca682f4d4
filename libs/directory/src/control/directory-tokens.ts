import type { DataSource } from 'typeorm';
import { ConflictError, type Clock } from '#kernel';
import { DirectoryTokenEntity } from '../entities/index.js';
import { badField } from './checks.js';
import { ControlLog } from './control-log.js';
import {
  Credentials,
  findCredential,
  refuseMore,
  type CredentialInput,
  type CredentialOptions,
} from './credentials.js';
import { loadDirectory } from './directory-store.js';
import { noticeFor } from './expiry-stages.js';
import { insertToken, type CreatedDirectoryToken } from './issue-token.js';

/** A token as lists show it. Times are ISO 8601 in UTC with milliseconds. */
export interface DirectoryToken extends Omit<CreatedDirectoryToken, 'secret'> {
  readonly lastUsedAt: string | null;
  /** The token that a rotation made in place of this one. */
  readonly replacedBy: string | null;
}

/** How a token is replaced. */
export interface Rotation {
  readonly environmentId: string;
  readonly directoryId: string;
  readonly tokenId: string;
  /** How long the old token goes on working beside the new one, in hours; 0 ends it at once. */
  readonly overlapHours: number;
  /** End of the new token. Absent: it lives as long as the old one was meant to. */
  readonly expiresAt?: string | null;
}

export interface RotatedToken {
  readonly created: CreatedDirectoryToken;
  readonly old: DirectoryToken;
}

const HOUR_MS = 3_600_000;
/** Thirty days: whoever needs longer needs a second token, not a rotation. */
export const LONGEST_OVERLAP_HOURS = 720;

/** Bearer tokens with which an IdP writes to a directory, or files are uploaded for it. Only the SHA-256 of a token is stored. */
export class DirectoryTokens {
  readonly #credentials: Credentials;
  readonly #clock: Clock;
  readonly #log: ControlLog;

  constructor(dataSource: DataSource, clock: Clock, options: CredentialOptions = {}) {
    this.#credentials = new Credentials('bearer', dataSource, { clock, options });
    this.#clock = clock;
    this.#log = new ControlLog(dataSource, options);
  }

  /** @throws InvalidInputError code `too_many_credentials` when the directory has as many live ones as it may. */
  create(
    environmentId: string,
    directoryId: string,
    input: CredentialInput = {},
  ): Promise<CreatedDirectoryToken> {
    return this.#credentials.create(environmentId, directoryId, input);
  }

  /** The tokens that were not revoked, oldest first; among them expired ones. */
  async list(environmentId: string, directoryId: string): Promise<DirectoryToken[]> {
    return (await this.#credentials.list(environmentId, directoryId)).map(toToken);
  }

  async revoke(environmentId: string, directoryId: string, tokenId: string): Promise<void> {
    await this.#credentials.revoke({ environmentId, directoryId, id: tokenId });
  }

  /**
   * Makes a new token with the name of the old one, which expires at the end of the overlap (sooner if it was going to).
   * @throws ConflictError reason `state` when it was replaced before; InvalidInputError when three are live.
   */
  rotate(rotation: Rotation): Promise<RotatedToken> {
    const { environmentId, directoryId } = rotation;
    const key = { environmentId, directoryId, id: rotation.tokenId };
    return this.#log.write<RotatedToken>({ environmentId, directoryId }, async (manager) => {
      const now = this.#clock.now();
      const overlapMs = checkOverlap(rotation.overlapHours) * HOUR_MS;
      const directory = await loadDirectory(manager, environmentId, directoryId);
      const old = await findCredential(manager, 'bearer', key);
      refuseReplaced(old);
      const end = earlier(old.expiresAt, new Date(now.getTime() + overlapMs).toISOString());
      const ended = { expiresAt: end, expiryNotice: noticeFor(end, now) };
      await manager.update(DirectoryTokenEntity, key, ended);
      // After the old one has got its end: with an overlap of 0 it makes room for the new one.
      await refuseMore(manager, directory, now);
      const expiresAt = rotation.expiresAt === undefined ? sameLifetime(old, now) : rotation.expiresAt;
      const input = { kind: 'bearer', name: old.name, expiresAt, now } as const;
      const { token, event } = await insertToken(manager, directory, input);
      await manager.update(DirectoryTokenEntity, key, { replacedBy: token.id });
      return {
        result: { created: token, old: { ...toToken(old), expiresAt: end, replacedBy: token.id } },
        organizationId: directory.organizationId,
        events: [event],
      };
    });
  }
}

function toToken(token: DirectoryTokenEntity): DirectoryToken {
  const { id, name, suffix, createdAt, expiresAt, lastUsedAt, replacedBy } = token;
  return { id, name, suffix, createdAt, expiresAt, lastUsedAt, replacedBy };
}

function checkOverlap(hours: number): number {
  if (Number.isFinite(hours) && hours >= 0 && hours <= LONGEST_OVERLAP_HOURS) return hours;
  throw badField('overlap_hours', `overlap_hours must be from 0 to ${LONGEST_OVERLAP_HOURS}.`);
}

function refuseReplaced(token: DirectoryTokenEntity): void {
  if (token.replacedBy === null) return;
  throw new ConflictError(
    `This token was replaced by "${token.replacedBy}" already. Rotate that one, or revoke this one.`,
    { reason: 'state' },
  );
}

function earlier(expiresAt: string | null, other: string): string {
  return expiresAt !== null && expiresAt < other ? expiresAt : other;
}

/** A token that was made for 90 days is replaced by one for 90 days. */
function sameLifetime(old: DirectoryTokenEntity, now: Date): string | null {
  if (old.expiresAt === null) return null;
  const lifetime = Date.parse(old.expiresAt) - Date.parse(old.createdAt);
  return new Date(now.getTime() + lifetime).toISOString();
}
