import type { Company } from './company.js';
import type { IdpClient } from './idp-client.js';
import { forEachPaced, type Pace } from './pace.js';

/** How far an onboarding has come. */
export interface OnboardingProgress {
  readonly people: number;
  readonly groups: number;
}

export interface OnboardingOptions extends Pace {
  /** Called after every person and every group. */
  readonly onProgress?: (progress: OnboardingProgress) => void;
}

/** The first sync of a directory: test of the connection, everybody, then the groups with their members. */
export async function playOnboarding(
  client: IdpClient,
  company: Company,
  options: OnboardingOptions = {},
): Promise<void> {
  const done = { people: 0, groups: 0 };
  const advance = (kind: keyof typeof done): void => {
    done[kind] += 1;
    options.onProgress?.({ ...done });
  };
  await client.testConnection();
  await forEachPaced(company.people, options, async (person) => {
    await client.hire(person);
    advance('people');
  });
  await forEachPaced(company.groups, options, async (group) => {
    await client.createGroup(group, company.membersOf(group));
    advance('groups');
  });
}
