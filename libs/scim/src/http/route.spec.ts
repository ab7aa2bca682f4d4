import { describe, expect, it } from '@jest/globals';
import { readAddress } from './read-address.js';
import { findRoute } from './route.js';

describe('findRoute', () => {
  it.each([
    ['/Users', 'collection', '/Users'],
    ['/users/', 'collection', '/Users'],
    ['//GROUPS//', 'collection', '/Groups'],
    ['/Users/.search', 'search', '/Users/.search'],
    ['/Users/u-1', 'resource', '/Users/{id}'],
    ['/ServiceProviderConfigs', 'service_provider_config', '/ServiceProviderConfig'],
    ['/serviceConfiguration', 'service_provider_config', '/ServiceProviderConfig'],
    ['/Schemas/urn:ietf:params:scim:schemas:core:2.0:User', 'schema', '/Schemas/{id}'],
    ['/ResourceTypes/User', 'resource_type', '/ResourceTypes/{id}'],
    ['/Me', 'me', '/Me'],
    ['/bulk', 'bulk', '/Bulk'],
    ['/.search', 'root_search', '/.search'],
    ['/', 'root', '/'],
    ['', 'root', '/'],
  ])('reads %s', (path, kind, template) => {
    expect(findRoute(path)).toMatchObject({ kind, template });
  });

  it.each(['/Users/a/b', '/Nothing', '/Me/x'])('knows nothing at %j', (path) => {
    expect(findRoute(path)).toBeUndefined();
  });

  it('keeps an encoded slash inside the id', () => {
    expect(findRoute('/Users/a%2Fb')).toMatchObject({ kind: 'resource', id: 'a/b' });
  });

  it('refuses a broken escape', () => {
    expect(() => findRoute('/Users/%E0%A4%A')).toThrow('percent sign');
  });
});

describe('readAddress', () => {
  it('takes the address apart without decoding it', () => {
    expect(readAddress('/scim/v2.0/key/Users/a%2Fb?filter=x%20y&')).toEqual({
      version: '2.0',
      externalKey: 'key',
      path: '/Users/a%2Fb',
      query: 'filter=x%20y&',
    });
  });

  it.each([
    ['/scim/v1.1/key', '1.1', 'key'],
    ['//scim//V2//key/', '2.0', 'key'],
    ['/scim/v3/key/Users', '2.0', ''],
    ['/scim', '2.0', ''],
  ])('reads version and key of %s', (url, version, externalKey) => {
    expect(readAddress(url)).toMatchObject({ version, externalKey });
  });
});
