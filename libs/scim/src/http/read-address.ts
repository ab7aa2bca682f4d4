import { getOwn } from '#kernel';
import type { ScimVersion } from '../dialects/contract.js';
import type { ScimRequest } from './messages.js';

/** Spellings of the version in the address; the first of each is the one that we hand out. */
const VERSIONS: Readonly<Record<string, ScimVersion>> = {
  'v2.0': '2.0',
  v2: '2.0',
  'v1.1': '1.1',
  v1: '1.1',
};

/**
 * Takes `/scim/<version>/<key>/<path>?<query>` apart without decoding it. An unknown version is read as 2.0 with an
 * empty key, which no directory has, so that the refusal is a SCIM body too.
 */
export function readAddress(url: string): Pick<ScimRequest, 'version' | 'externalKey' | 'path' | 'query'> {
  const mark = url.indexOf('?');
  const pathname = mark === -1 ? url : url.slice(0, mark);
  const [, version = '', externalKey = '', ...rest] = pathname.split('/').filter((segment) => segment !== '');
  const spelling = version.toLowerCase();
  const known = getOwn(VERSIONS, spelling);
  return {
    version: known ?? '2.0',
    externalKey: known === undefined ? '' : externalKey,
    path: `/${rest.join('/')}`,
    query: mark === -1 ? '' : url.slice(mark + 1),
  };
}
