import { Column, Entity, PrimaryColumn } from 'typeorm';
import { keyColumn, textColumn, timeColumn } from './columns.js';

/** Bearer token with which an IdP writes to one directory. */
@Entity({ name: 'directory_tokens' })
export class DirectoryTokenEntity {
  @PrimaryColumn(keyColumn('environment_id'))
  readonly environmentId!: string;

  @PrimaryColumn(keyColumn('directory_id'))
  readonly directoryId!: string;

  @PrimaryColumn(keyColumn('id'))
  readonly id!: string;

  @Column(textColumn('name'))
  readonly name!: string;

  /** SHA-256 of the token. */
  @Column({ name: 'secret_hash', type: 'bytea' })
  readonly secretHash!: Buffer;

  /** Last characters of the token, so that a person can tell one from another. */
  @Column(textColumn('suffix'))
  readonly suffix!: string;

  @Column(timeColumn('created_at'))
  readonly createdAt!: string;

  @Column(timeColumn('expires_at', { nullable: true }))
  readonly expiresAt!: string | null;

  @Column(timeColumn('last_used_at', { nullable: true }))
  readonly lastUsedAt!: string | null;

  @Column(timeColumn('revoked_at', { nullable: true }))
  readonly revokedAt!: string | null;
}
