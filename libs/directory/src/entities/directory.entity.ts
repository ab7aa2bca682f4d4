import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { DirectoryState } from '#model';
import { keyColumn, textColumn, timeColumn } from './columns.js';

/** One connected source of users and groups. A deleted one keeps its row until its content is purged. */
@Entity({ name: 'directories' })
export class DirectoryEntity {
  @PrimaryColumn(keyColumn('environment_id'))
  readonly environmentId!: string;

  @PrimaryColumn(keyColumn('id'))
  readonly id!: string;

  @Column(textColumn('organization_id'))
  readonly organizationId!: string;

  @Column(textColumn('name'))
  readonly name!: string;

  @Column(textColumn('type'))
  readonly type!: string;

  @Column(textColumn('dialect', { nullable: true }))
  readonly dialect!: string | null;

  @Column(textColumn('provider', { nullable: true }))
  readonly provider!: string | null;

  @Column(textColumn('external_key'))
  readonly externalKey!: string;

  @Column(textColumn('state'))
  readonly state!: DirectoryState;

  /** A JSON object; TypeORM's types of partial entities cannot take a recursive one. */
  @Column({ name: 'config', type: 'jsonb' })
  readonly config!: unknown;

  @Column(textColumn('detected_dialect', { nullable: true }))
  readonly detectedDialect!: string | null;
  @Column(timeColumn('paused_at', { nullable: true }))
  readonly pausedAt!: string | null;

  @Column(textColumn('paused_by', { nullable: true }))
  readonly pausedBy!: string | null;

  @Column(textColumn('pause_reason', { nullable: true }))
  readonly pauseReason!: string | null;

  @Column(timeColumn('created_at'))
  readonly createdAt!: string;

  @Column(timeColumn('updated_at'))
  readonly updatedAt!: string;

  @Column(timeColumn('deleted_at', { nullable: true }))
  readonly deletedAt!: string | null;
}
