import { randomFillSync } from 'node:crypto';
import { monotonicFactory, decodeTime } from 'ulid';

/** Prefixes of every id we hand out; an id is `<prefix>_<ULID>` (26 characters, Crockford base32). */
export type IdPrefix =
  | 'environment'
  | 'api_key'
  | 'org'
  | 'org_domain'
  | 'directory'
  | 'directory_token'
  | 'oauth_client'
  | 'access_token'
  | 'directory_user'
  | 'directory_group'
  | 'event'
  | 'we'
  | 'webhook_secret'
  | 'attempt'
  | 'run'
  | 'run_item'
  | 'upload'
  | 'scim_request'
  | 'removal_hold'
  | 'hold_item';

/** Drawn in advance: ulid asks for sixteen numbers per id, and each call of the generator costs more than the id. */
const randoms = new Uint32Array(1_024);
let drawn = randoms.length;

function random(): number {
  if (drawn === randoms.length) {
    randomFillSync(randoms);
    drawn = 0;
  }
  return (randoms[drawn++] as number) / 2 ** 32;
}

const nextUlid = monotonicFactory(random);

/** A new id. Ids made by one process are strictly increasing, so sorting by id is sorting by creation. */
export function newId(prefix: IdPrefix): string {
  return `${prefix}_${nextUlid()}`;
}

/** Creation time of an id in Unix milliseconds, or undefined when the text is no id of that prefix. */
export function idTime(prefix: IdPrefix, id: string): number | undefined {
  return isId(prefix, id) ? decodeTime(id.slice(prefix.length + 1)) : undefined;
}

/** Whether the text is an id of that prefix, of something that exists or not. */
export function isId(prefix: IdPrefix, text: string): boolean {
  return text.startsWith(`${prefix}_`) && /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/.test(text.slice(prefix.length + 1));
}
