import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { OrganizationDomain } from '#model';
import { keyColumn, textColumn, timeColumn } from './columns.js';

/** A domain of an organization; unique within its environment. */
@Entity({ name: 'organization_domains' })
export class OrganizationDomainEntity {
  @PrimaryColumn(keyColumn('environment_id'))
  readonly environmentId!: string;

  @PrimaryColumn(keyColumn('id'))
  readonly id!: string;

  @Column(textColumn('organization_id'))
  readonly organizationId!: string;

  @Column(textColumn('domain'))
  readonly domain!: string;

  @Column(textColumn('state'))
  readonly state!: OrganizationDomain['state'];

  @Column(textColumn('verification_strategy'))
  readonly verificationStrategy!: OrganizationDomain['verificationStrategy'];

  @Column(textColumn('verification_token', { nullable: true }))
  readonly verificationToken!: string | null;

  @Column(timeColumn('created_at'))
  readonly createdAt!: string;

  @Column(timeColumn('updated_at'))
  readonly updatedAt!: string;
}
