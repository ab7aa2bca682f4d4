import { Column, Entity, PrimaryColumn } from 'typeorm';
import { keyColumn, textColumn, timeColumn } from './columns.js';

/** An isolated data set with its own keys; the tenant that every other key starts with. */
@Entity({ name: 'environments' })
export class EnvironmentEntity {
  @PrimaryColumn(keyColumn('id'))
  readonly id!: string;

  @Column(textColumn('name'))
  readonly name!: string;

  /** SCIM requests per second of all its directories together; null is no limit. */
  @Column({ name: 'scim_rate_limit', type: 'integer', nullable: true })
  readonly scimRateLimit!: number | null;

  @Column(timeColumn('created_at'))
  readonly createdAt!: string;
}
