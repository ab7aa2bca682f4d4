import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  directoryGroupWire,
  directoryUserWire,
  directoryWire,
  organizationDomainWire,
  organizationWire,
} from '#model';
import type { JsonObject } from '#kernel';
import { aDirectory, aDomain, aGroup, anOrganization, aUser } from '../../test-support/builders.js';
import { apiUnderTest, type ApiUnderTest } from '../../test-support/api-under-test.js';
import { buildOpenApi } from './build-openapi.js';

const document = buildOpenApi({ version: '1.2.3', publicUrl: 'https://sync.example.com' });
const schemas = (document.components as { schemas: Record<string, JsonObject> }).schemas;

function operations(): [string, JsonObject][] {
  return Object.entries(document.paths as Record<string, JsonObject>).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]): [string, JsonObject] => [
      `${method} ${path}`,
      operation as JsonObject,
    ]),
  );
}

describe('the OpenAPI document', () => {
  let api: ApiUnderTest;

  beforeAll(async () => {
    api = await apiUnderTest();
  });
  afterAll(() => api.app.close());

  it('is served, and shown as a page that loads nothing', async () => {
    const json = await api.ask('GET', '/openapi.json', { scopes: null });
    expect(json.json()).toMatchObject({ openapi: '3.1.0', info: { version: '0.0.0' } });
    const page = await api.ask('GET', '/docs', { scopes: null });
    expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
    expect(page.text).toContain('/directory_users/{id}');
    expect(page.text).not.toMatch(/<script|<link|<img|src=/);
  });

  it('has the routes of the contract', () => {
    const names = operations().map(([name]) => name);
    expect(names).toEqual(expect.arrayContaining(CONTRACT));
  });

  it('gives every operation a name of its own', () => {
    const ids = operations().map(([, operation]) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('refers to nothing that is not there, and defines nothing that nobody refers to', () => {
    const used = [...JSON.stringify(document).matchAll(/#\/components\/schemas\/(\w+)/g)].map(
      ([, name]) => name,
    );
    expect(new Set(used)).toEqual(new Set(Object.keys(schemas)));
  });

  it('describes success and refusal of every guarded route', () => {
    const incomplete = operations().filter(([, operation]) => {
      const statuses = Object.keys(operation.responses as JsonObject);
      const isPublic = !JSON.stringify(operation.security).includes('apiKey');
      const isPortal = operation.operationId === 'generatePortalLink';
      const succeeds = isPortal || statuses.some((status) => status.startsWith('2'));
      return !succeeds || (!isPublic && !(statuses.includes('401') && statuses.includes('403')));
    });
    expect(incomplete.map(([name]) => name)).toEqual([]);
  });

  it('describes parameters and bodies by what reads them', () => {
    const paths = document.paths as Record<string, Record<string, JsonObject>>;
    const list = paths['/directory_users']?.get?.parameters as { name: string }[];
    expect(list.map((parameter) => parameter.name)).toEqual([
      'limit',
      'order',
      'before',
      'after',
      'directory',
      'group',
      'idp_id',
      'email',
    ]);
    expect(paths['/organizations']?.post?.requestBody).toMatchObject({
      required: true,
      content: { 'application/json': { schema: { required: ['name'] } } },
    });
  });

  it.each<[string, JsonObject]>([
    [
      'DirectoryUser',
      { ...directoryUserWire(aUser({ stateReason: 'pending', pendingRemoval: true })), groups: [] },
    ],
    ['DirectoryUser', { ...directoryUserWire(aUser()), groups: [] }],
    ['DirectoryGroup', directoryGroupWire(aGroup({ pendingRemoval: true }))],
    ['Directory', { ...directoryWire(aDirectory(), 'acme.test'), metadata: {} }],
    ['Directory', directoryWire(aDirectory())],
    ['Organization', organizationWire(anOrganization({ stripeCustomerId: 'cus_1' }))],
    ['OrganizationDomain', organizationDomainWire(aDomain())],
  ])('has every field that a %s has on the wire', (name, wire) => {
    const { properties, required } = schemas[name] as { properties: object; required: string[] };
    expect(Object.keys(properties)).toEqual(expect.arrayContaining(Object.keys(wire)));
    expect(Object.keys(wire)).toEqual(expect.arrayContaining(required));
  });
});

const CONTRACT = [
  'get /directories',
  'get /directories/{id}',
  'delete /directories/{id}',
  'get /directory_users',
  'get /directory_users/{id}',
  'get /directory_groups',
  'get /directory_groups/{id}',
  'get /events',
  'get /organizations',
  'post /organizations',
  'get /organizations/{id}',
  'get /organizations/external_id/{external_id}',
  'put /organizations/{id}',
  'delete /organizations/{id}',
  'post /organization_domains',
  'get /organization_domains/{id}',
  'post /organization_domains/{id}/verify',
  'delete /organization_domains/{id}',
  'get /webhook_endpoints',
  'post /webhook_endpoints',
  'get /webhook_endpoints/{id}',
  'patch /webhook_endpoints/{id}',
  'delete /webhook_endpoints/{id}',
];
