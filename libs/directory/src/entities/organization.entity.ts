import { Column, Entity, PrimaryColumn } from 'typeorm';
import { keyColumn, textColumn, timeColumn } from './columns.js';

/** Our customer's customer. Its domains stand in `organization_domains`. */
@Entity({ name: 'organizations' })
export class OrganizationEntity {
  @PrimaryColumn(keyColumn('environment_id'))
  readonly environmentId!: string;

  @PrimaryColumn(keyColumn('id'))
  readonly id!: string;

  @Column(textColumn('name'))
  readonly name!: string;

  @Column(textColumn('external_id', { nullable: true }))
  readonly externalId!: string | null;

  @Column(textColumn('stripe_customer_id', { nullable: true }))
  readonly stripeCustomerId!: string | null;

  @Column({ name: 'metadata', type: 'jsonb' })
  readonly metadata!: Record<string, string>;

  @Column(timeColumn('created_at'))
  readonly createdAt!: string;

  @Column(timeColumn('updated_at'))
  readonly updatedAt!: string;
}
