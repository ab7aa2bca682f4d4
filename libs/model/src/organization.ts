/** Our customer's customer. Times are ISO 8601 in UTC with milliseconds. */
export interface Organization {
  readonly id: string;
  readonly environmentId: string;
  readonly name: string;
  readonly externalId: string | null;
  readonly stripeCustomerId: string | null;
  readonly metadata: Readonly<Record<string, string>>;
  readonly domains: readonly OrganizationDomain[];
  readonly createdAt: string;
  readonly updatedAt: string;
}

export interface OrganizationDomain {
  readonly id: string;
  readonly environmentId: string;
  readonly organizationId: string;
  readonly domain: string;
  readonly state: 'pending' | 'verified' | 'failed' | 'legacy_verified' | 'unverified';
  readonly verificationStrategy: 'dns' | 'manual';
  readonly verificationToken: string | null;
  readonly createdAt: string;
  readonly updatedAt: string;
}
