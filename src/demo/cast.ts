import type { IdpStyle } from '#simulator';

/** One IdP of the demo. */
export interface Role {
  readonly style: IdpStyle;
  /** Name of the directory, and its column on the screen. */
  readonly label: string;
  readonly type: string;
  readonly domain: string;
  readonly seed: number;
}

/** Who plays. The seeds keep names the same from run to run. */
export const CAST: readonly Role[] = [
  { style: 'okta', label: 'Okta', type: 'okta scim v2.0', domain: 'acme.test', seed: 20 },
  { style: 'entra', label: 'Entra ID', type: 'azure scim v2.0', domain: 'emea.acme.test', seed: 2_016 },
  { style: 'okta-1-1', label: 'SCIM 1.1', type: 'okta scim v1.1', domain: 'labs.acme.test', seed: 11 },
];

export const PEOPLE = 200;
export const GROUPS = 12;
