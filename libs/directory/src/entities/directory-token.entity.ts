import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { CredentialKind } from '#model';
import { keyColumn, textColumn, timeColumn } from './columns.js';

/** Credential with which an IdP writes to one directory: a bearer token, or an OAuth client and its secret. */
@Entity({ name: 'directory_tokens' })
export class DirectoryTokenEntity {
  @PrimaryColumn(keyColumn('environment_id'))
  readonly environmentId!: string;

  @PrimaryColumn(keyColumn('directory_id'))
  readonly directoryId!: string;

  @PrimaryColumn(keyColumn('id'))
  readonly id!: string;

  @Column(textColumn('kind'))
  readonly kind!: CredentialKind;

  @Column(textColumn('name'))
  readonly name!: string;

  /** SHA-256 of the token or client secret. */
  @Column({ name: 'secret_hash', type: 'bytea' })
  readonly secretHash!: Buffer;

  /** Last characters of the secret, so that a person can tell one from another. */
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

  /** The token that a rotation made in place of this one. */
  @Column(textColumn('replaced_by', { nullable: true }))
  readonly replacedBy!: string | null;

  /** Last notice of the coming expiry that needs no repeating: 14, 7 or 1 days before, 0 for the expiry itself. */
  @Column({ name: 'expiry_notice', type: 'smallint', nullable: true })
  readonly expiryNotice!: number | null;
}
