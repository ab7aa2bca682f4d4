export { Company, type CompanyGroup, type CompanyOptions, type Person } from './company.js';
export { createRandom, type Random } from './random.js';
export { createIdpClient, type IdpClientOptions } from './create-idp-client.js';
export type { IdpClient, IdpGroup, IdpStyle, PersonName } from './idp-client.js';
export { IdpRequestError } from './scim-transport.js';
export type { HttpAnswer, HttpRequest, HttpSend } from './http-send.js';
export type { Pace } from './pace.js';
export { playOnboarding, type OnboardingOptions, type OnboardingProgress } from './play-onboarding.js';
export { planWorkingDay, type DayStep } from './plan-working-day.js';
export { playWorkingDay, type WorkingDayOptions } from './play-working-day.js';
export { foldEvents, membershipKey, type FoldedDirectory, type ReceivedEvent } from './fold-events.js';
export {
  readRest,
  type DirectorySyncReader,
  type RestDirectory,
  type SdkGroup,
  type SdkUser,
} from './read-rest.js';
export { compareWithRest, type Comparison } from './compare-with-rest.js';
