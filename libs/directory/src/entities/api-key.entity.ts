import { Column, Entity, PrimaryColumn } from 'typeorm';
import { keyColumn, textColumn, timeColumn } from './columns.js';

/** Credential of an API caller. */
@Entity({ name: 'api_keys' })
export class ApiKeyEntity {
  @PrimaryColumn(keyColumn('environment_id'))
  readonly environmentId!: string;

  @PrimaryColumn(keyColumn('id'))
  readonly id!: string;

  @Column(textColumn('name'))
  readonly name!: string;

  /** SHA-256 of the key. */
  @Column({ name: 'secret_hash', type: 'bytea' })
  readonly secretHash!: Buffer;

  @Column({ name: 'scopes', type: 'text', array: true })
  readonly scopes!: string[];

  @Column(timeColumn('created_at'))
  readonly createdAt!: string;

  @Column(timeColumn('expires_at', { nullable: true }))
  readonly expiresAt!: string | null;

  @Column(timeColumn('last_used_at', { nullable: true }))
  readonly lastUsedAt!: string | null;

  @Column(timeColumn('revoked_at', { nullable: true }))
  readonly revokedAt!: string | null;
}
