import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Person } from './company.js';
import { createIdpClient } from './create-idp-client.js';
import type { IdpClient, IdpStyle } from './idp-client.js';
import { InMemoryScim } from './in-memory-scim.js';

const rita: Person = {
  externalId: 'x1',
  userName: 'rita+new@acme.test',
  email: 'rita+new@acme.test',
  givenName: 'Rita',
  familyName: 'Ng',
  title: 'Sales Lead',
  department: 'Sales',
};
const omar: Person = {
  ...rita,
  externalId: 'x2',
  userName: 'omar@acme.test',
  email: 'omar@acme.test',
  givenName: 'Omar',
};
const sales = { externalId: 'g1', name: 'Sales & Co' };
const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
const PATCH_OP = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';

let server: InMemoryScim;

function clientOf(style: IdpStyle): IdpClient {
  return createIdpClient({ endpoint: 'http://rollcall.test/scim/key', token: 't', style, send: server.send });
}

/** A client that knows Rita (id-1), Omar (id-2) and the group (id-3), with a clean record. */
async function settled(style: IdpStyle): Promise<IdpClient> {
  const client = clientOf(style);
  await client.hire(rita);
  await client.hire(omar);
  await client.createGroup(sales);
  server.forgetRequests();
  return client;
}

beforeEach(() => {
  server = new InMemoryScim();
});

describe('Okta 2.0', () => {
  it('tests the connection with two lists', async () => {
    await clientOf('okta').testConnection();
    expect(server.lines()).toEqual(['GET /Users?startIndex=1&count=2', 'GET /Groups?startIndex=1&count=100']);
    expect(server.seen[0]?.headers).toMatchObject({
      'user-agent': 'Okta SCIM Client 1.0.0',
      'content-type': 'application/scim+json; charset=utf-8',
      authorization: 'Bearer t',
    });
  });

  it('looks up with percent-encoding, then creates with password and empty groups', async () => {
    expect(await clientOf('okta').hire(rita)).toBe('id-1');
    expect(server.lines()).toEqual([
      'GET /Users?filter=userName%20eq%20%22rita%2Bnew%40acme.test%22&startIndex=1&count=100',
      'POST /Users',
    ]);
    expect(server.lastBody()).toMatchObject({
      userName: 'rita+new@acme.test',
      externalId: 'x1',
      active: true,
      groups: [],
      password: expect.any(String),
      emails: [{ primary: true, value: 'rita+new@acme.test', type: 'work' }],
      [ENTERPRISE]: { department: 'Sales' },
    });
  });

  it('links somebody who exists with a PUT', async () => {
    await settled('okta');
    expect(await clientOf('okta').hire(rita)).toBe('id-1');
    expect(server.lines().at(-1)).toBe('PUT /Users/id-1');
  });

  it('reads, merges and puts back to rename and to change the address', async () => {
    const client = await settled('okta');
    const renamed = await client.rename(rita, { givenName: 'Rita', familyName: 'Moreau' });
    expect(server.lines()).toEqual(['GET /Users/id-1', 'PUT /Users/id-1']);
    expect(server.lastBody()).toMatchObject({
      id: 'id-1',
      groups: [],
      name: { familyName: 'Moreau' },
      displayName: 'Rita Moreau',
    });
    const moved = await client.changeEmail(renamed, 'r.moreau@acme.test');
    expect(moved).toEqual({
      ...rita,
      familyName: 'Moreau',
      email: 'r.moreau@acme.test',
      userName: 'r.moreau@acme.test',
    });
    expect(server.lastBody()).toMatchObject({
      userName: 'r.moreau@acme.test',
      name: { familyName: 'Moreau' },
    });
  });

  it('deactivates without path, never deletes, and looks up before it reactivates', async () => {
    const client = await settled('okta');
    await client.offboard(rita);
    expect(server.lines()).toEqual(['PATCH /Users/id-1']);
    expect(server.lastBody()).toEqual({
      schemas: [PATCH_OP],
      Operations: [{ op: 'replace', value: { active: false } }],
    });
    server.forgetRequests();
    await client.reactivate(rita);
    expect(server.lines()).toEqual([expect.stringMatching(/^GET \/Users\?filter/), 'PATCH /Users/id-1']);
    expect(server.lastBody()).toMatchObject({ Operations: [{ op: 'replace', value: { active: true } }] });
  });

  it('pushes the name before members, which go by filter path', async () => {
    const client = await settled('okta');
    await client.addMembers(sales, [rita, omar]);
    expect(server.lines()).toEqual(['PATCH /Groups/id-3', 'PATCH /Groups/id-3']);
    expect(server.seen[0]?.body).toMatchObject({
      Operations: [{ op: 'replace', value: { id: 'id-3', displayName: 'Sales & Co' } }],
    });
    expect(server.lastBody()).toMatchObject({
      Operations: [
        {
          op: 'add',
          path: 'members',
          value: [
            { value: 'id-1', display: rita.userName },
            { value: 'id-2', display: omar.userName },
          ],
        },
      ],
    });
    await client.removeMembers(sales, [rita]);
    expect(server.lastBody()).toMatchObject({
      Operations: [{ op: 'remove', path: 'members[value eq "id-1"]' }],
    });
  });

  it('creates a group with its members in one request, and deletes it', async () => {
    const client = await settled('okta');
    await client.createGroup({ externalId: 'g2', name: 'Night' }, [rita]);
    expect(server.lastBody()).toMatchObject({
      displayName: 'Night',
      members: [{ value: 'id-1', display: rita.userName }],
    });
    await client.deleteGroup(sales);
    expect(server.lines().at(-1)).toBe('DELETE /Groups/id-3');
  });
});

describe('Okta 1.1', () => {
  it('creates with 1.0 schemas and plain JSON', async () => {
    await clientOf('okta-1-1').hire(rita);
    expect(server.seen[1]?.headers['content-type']).toBe('application/json; charset=utf-8');
    expect(server.lastBody()).toMatchObject({
      schemas: ['urn:scim:schemas:core:1.0', 'urn:scim:schemas:extension:enterprise:1.0'],
      'urn:scim:schemas:extension:enterprise:1.0': { department: 'Sales' },
    });
  });

  it('patches with partial resources and marks members that go', async () => {
    const client = await settled('okta-1-1');
    const schemas = ['urn:scim:schemas:core:1.0'];
    await client.deactivate(rita);
    expect(server.lastBody()).toEqual({ schemas, id: 'id-1', active: false });
    await client.addMembers(sales, [rita]);
    expect(server.lastBody()).toEqual({ schemas, members: [{ value: 'id-1', display: rita.userName }] });
    await client.removeMembers(sales, [rita]);
    expect(server.lastBody()).toEqual({
      schemas,
      members: [{ value: 'id-1', display: rita.userName, operation: 'delete' }],
    });
    expect(await client.renameGroup(sales, 'Sellers')).toEqual({ externalId: 'g1', name: 'Sellers' });
    expect(server.lastBody()).toEqual({ schemas, id: 'id-3', displayName: 'Sellers' });
  });
});

describe('Entra', () => {
  it('tests the connection with a user that cannot exist', async () => {
    await clientOf('entra').testConnection();
    expect(server.lines()).toEqual([
      expect.stringMatching(/^GET \/Users\?filter=userName\+eq\+%22[0-9a-f-]{36}%22$/),
    ]);
  });

  it('matches, then creates without password', async () => {
    await clientOf('entra').hire(rita);
    expect(server.lines()).toEqual([
      'GET /Users?filter=userName+eq+%22rita%2Bnew%40acme.test%22',
      'POST /Users',
    ]);
    expect(server.lastBody()).toMatchObject({
      active: true,
      meta: { resourceType: 'User' },
      name: { formatted: 'Rita Ng' },
      roles: [],
    });
    expect(server.lastBody()).not.toHaveProperty('password');
  });

  it('spells verbs with capitals and booleans as strings', async () => {
    const client = await settled('entra');
    await client.deactivate(rita);
    expect(server.lines()).toEqual(['GET /Users/id-1', 'PATCH /Users/id-1']);
    expect(server.lastBody()).toEqual({
      schemas: [PATCH_OP],
      Operations: [{ op: 'Replace', path: 'active', value: 'False' }],
    });
    await client.reactivate(rita);
    expect(server.lastBody()).toMatchObject({
      Operations: [{ op: 'Replace', path: 'active', value: 'True' }],
    });
    await client.changeEmail(rita, 'r@acme.test');
    expect(server.lastBody()).toMatchObject({
      Operations: [
        { op: 'Replace', path: 'emails[type eq "work"].value', value: 'r@acme.test' },
        { op: 'Replace', path: 'userName', value: 'r@acme.test' },
      ],
    });
  });

  it('creates groups empty, adds members in portions, removes them by value', async () => {
    const client = await settled('entra');
    const crowd = Array.from({ length: 25 }, () => rita);
    await client.createGroup({ externalId: 'g2', name: 'Night Shift' }, crowd);
    expect(server.lines()).toEqual([
      'GET /Groups?excludedAttributes=members&filter=displayName+eq+%22Night+Shift%22',
      'POST /Groups',
      'PATCH /Groups/id-4',
      'PATCH /Groups/id-4',
    ]);
    expect(server.seen[1]?.body).not.toHaveProperty('members');
    await client.removeMembers(sales, [rita, omar]);
    expect(server.lastBody()).toEqual({
      schemas: [PATCH_OP],
      Operations: [
        {
          op: 'Remove',
          path: 'members',
          value: [
            { $ref: null, value: 'id-1' },
            { $ref: null, value: 'id-2' },
          ],
        },
      ],
    });
  });

  it('disables before it deletes, and takes a 404 for done', async () => {
    const client = await settled('entra');
    await client.offboard(rita);
    expect(server.lines()).toEqual(['GET /Users/id-1', 'PATCH /Users/id-1', 'DELETE /Users/id-1']);
    await client.deleteGroup(sales);
    await expect(clientOf('entra').deleteGroup(sales)).rejects.toThrow('the server does not know it');
  });
});

describe('every IdP', () => {
  it.each(['okta', 'entra', 'okta-1-1'] as const)(
    '%s finds again what it has lost the link to',
    async (style) => {
      await settled(style);
      const client = clientOf(style);
      await client.deactivate(omar);
      expect(server.lines().at(-1)).toBe('PATCH /Users/id-2');
      await client.renameGroup(sales, 'Sellers');
      expect(server.lines().at(-1)).toBe('PATCH /Groups/id-3');
      await expect(
        client.deactivate({ ...rita, externalId: 'x9', userName: 'nobody@acme.test' }),
      ).rejects.toThrow('nobody@acme.test');
    },
  );
});
