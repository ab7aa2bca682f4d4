import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createScimDirectory, RestClient, type CreatedScimDirectory } from '../support/rest-client.js';
import { startRollcall, type RunningRollcall } from '../support/start-rollcall.js';

/*
 * The steps of the vendors' own acceptance tests, which only their clouds can run, over real HTTP: Okta's SPEC tests for
 * 2.0 and 1.1, and the cases of Microsoft's SCIM Validator. Results of real suites: docs/scim-conformance.md.
 */

const USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
const GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group';
const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
const LIST = 'urn:ietf:params:scim:api:messages:2.0:ListResponse';
const ERROR = 'urn:ietf:params:scim:api:messages:2.0:Error';
const PATCH = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
const CORE_1_0 = 'urn:scim:schemas:core:1.0';

type Json = Record<string, unknown>;
interface Answer {
  readonly status: number;
  readonly body: Json;
}

let rollcall: RunningRollcall;
let rest: RestClient;
beforeAll(async () => {
  rollcall = await startRollcall();
  rest = new RestClient(rollcall.baseUrl, rollcall.apiKey);
}, 60_000);
afterAll(() => rollcall.stop(), 30_000);

/** A client of a directory of its own, with the headers of that IdP. */
class Client {
  readonly #directory: CreatedScimDirectory;
  readonly #mediaType: string;

  constructor(directory: CreatedScimDirectory, mediaType = 'application/scim+json') {
    this.#directory = directory;
    this.#mediaType = mediaType;
  }

  static async open(type: string, mediaType?: string): Promise<Client> {
    return new Client(await createScimDirectory(rest, rollcall.baseUrl, type), mediaType);
  }

  withToken(token: string): Client {
    return new Client({ ...this.#directory, token }, this.#mediaType);
  }

  async send(method: string, path: string, body?: Json): Promise<Answer> {
    const response = await fetch(this.#directory.endpoint + path, {
      method,
      headers: {
        authorization: `Bearer ${this.#directory.token}`,
        accept: this.#mediaType,
        'content-type': this.#mediaType,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: text === '' ? {} : (JSON.parse(text) as Json) };
  }

  async create(path: string, body: Json): Promise<string> {
    const created = await this.send('POST', path, body);
    expect(created).toMatchObject({ status: 201, body: { id: expect.stringMatching(/./) } });
    return created.body['id'] as string;
  }

  find(path: string, filter: string, more = ''): Promise<Answer> {
    return this.send('GET', `${path}?filter=${encodeURIComponent(filter)}${more}`);
  }
}

function resourcesOf({ body }: Answer): Json[] {
  return body['Resources'] as Json[];
}

const person = (schema: string, userName: string): Json => ({
  schemas: [schema],
  userName,
  name: { givenName: 'Okta', familyName: 'Tester' },
  emails: [{ primary: true, value: userName, type: 'work' }],
  displayName: 'Okta Tester',
  active: true,
});

describe('Okta SCIM 2.0 SPEC test', () => {
  let client: Client;
  beforeAll(async () => {
    client = await Client.open('okta scim v2.0', 'application/scim+json; charset=utf-8');
    await client.create('/Users', person(USER, 'first@example.com'));
  });

  it('reads a list, and the one person in it', async () => {
    const list = await client.send('GET', '/Users?count=1&startIndex=1');
    expect(list).toMatchObject({
      status: 200,
      body: { schemas: [LIST], itemsPerPage: 1, startIndex: 1, totalResults: 1 },
    });
    const [first = {}] = resourcesOf(list);
    expect(first).toMatchObject({ active: true, name: { givenName: 'Okta', familyName: 'Tester' } });
    expect(await client.send('GET', `/Users/${first['id'] as string}`)).toEqual({ status: 200, body: first });
  });

  it('finds nobody under an unknown name or id', async () => {
    expect(await client.find('/Users', 'userName eq "nobody@example.com"')).toMatchObject({
      status: 200,
      body: { schemas: [LIST], totalResults: 0, Resources: [] },
    });
    expect(await client.send('GET', '/Users/00000000')).toMatchObject({
      status: 404,
      body: { schemas: [ERROR], status: '404', detail: expect.stringMatching(/./) },
    });
  });

  it('creates, finds in capitals, and refuses the duplicate', async () => {
    const body = person(USER, 'runscope@example.com');
    const id = await client.create('/Users', body);
    expect(await client.send('GET', `/Users/${id}`)).toMatchObject({ status: 200, body });
    const found = await client.find('/Users', 'userName eq "RUNSCOPE@EXAMPLE.COM"');
    expect(resourcesOf(found)).toMatchObject([{ id }]);
    expect(await client.send('POST', '/Users', body)).toMatchObject({
      status: 409,
      body: { schemas: [ERROR], scimType: 'uniqueness' },
    });
  });

  it('lists groups, and refuses a wrong token with JSON', async () => {
    expect(await client.send('GET', '/Groups?startIndex=1&count=100')).toMatchObject({
      status: 200,
      body: { schemas: [LIST], totalResults: 0 },
    });
    expect(await client.withToken('wrong').send('GET', '/Users')).toMatchObject({
      status: 401,
      body: { schemas: [ERROR], status: '401', detail: expect.stringMatching(/./) },
    });
  });
});

describe('Okta SCIM 1.1 SPEC test', () => {
  let client: Client;
  beforeAll(async () => {
    client = await Client.open('okta scim v1.1', 'application/json');
  });

  it('reads the configuration, every block filled', async () => {
    const { status, body } = await client.send('GET', '/ServiceProviderConfigs');
    expect({ status, body }).toMatchObject({
      status: 200,
      body: {
        schemas: [CORE_1_0],
        patch: { supported: true },
        bulk: { supported: true, maxOperations: expect.any(Number), maxPayloadSize: expect.any(Number) },
        filter: { supported: true, maxResults: expect.any(Number) },
        changePassword: { supported: false },
        sort: { supported: true },
        etag: { supported: true },
        authenticationSchemes: expect.arrayContaining([expect.objectContaining({ primary: true })]),
      },
    });
  });

  it.each(['/ServiceProviderConfigs', '/ResourceTypes', '/Schemas'])('may not write to %s', async (path) => {
    expect((await client.send('GET', path)).status).toBe(200);
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE'])
      expect((await client.send(method, path, method === 'DELETE' ? undefined : {})).status).toBe(405);
  });

  it('lists schemas in an envelope of their own', async () => {
    const { body } = await client.send('GET', '/Schemas');
    expect(body['schemas']).toContain('urn:scim:schemas:core:1.0:ListResponse');
  });

  it('lives through a person', async () => {
    const body = person(CORE_1_0, 'one@example.com');
    const id = await client.create('/Users', body);
    expect((await client.send('POST', '/Users', body)).status).toBe(409);
    expect(await client.send('GET', `/Users/${id}`)).toMatchObject({ status: 200, body });
    const update = { schemas: [CORE_1_0], id, active: false };
    expect(await client.send('PATCH', `/Users/${id}`, update)).toMatchObject({ body: { active: false } });
    expect(await client.send('GET', '/Users/nobody')).toMatchObject({
      status: 404,
      body: { detail: expect.stringMatching(/./), Errors: [{ code: '404' }] },
    });
    expect((await client.send('GET', '/Users?filter=one')).status).toBe(400);
  });
});

describe('Microsoft SCIM Validator', () => {
  let client: Client;
  let last = 0;
  beforeAll(async () => {
    client = await Client.open('azure scim v2.0');
  });

  const aPerson = (): Json => ({
    ...person(USER, `validator-${++last}@example.com`),
    schemas: [USER, ENTERPRISE],
    externalId: `ext-${last}`,
    title: 'Title',
    preferredLanguage: 'lt-LT',
    phoneNumbers: [{ type: 'work', value: '38-412' }],
    addresses: [{ type: 'work', formatted: 'Street 1', primary: true }],
    [ENTERPRISE]: { department: 'D', employeeNumber: 'E' },
  });
  const aGroup = (): Json => ({
    schemas: [GROUP],
    displayName: `Validators ${++last}`,
    externalId: `g${last}`,
  });

  async function patch(address: string, ...Operations: Json[]): Promise<Json> {
    const { status } = await client.send('PATCH', address, { schemas: [PATCH], Operations });
    expect([200, 204]).toContain(status);
    const { body } = await client.send('GET', address);
    return body;
  }

  it('discovers a schema with a type and a mutability for everything', async () => {
    const { body } = await client.send('GET', '/Schemas');
    const described = (body['Resources'] as { attributes: Json[] }[])
      .flatMap(({ attributes }) => attributes)
      .flatMap((attribute) => [attribute, ...((attribute['subAttributes'] as Json[] | undefined) ?? [])]);
    for (const key of [
      'type',
      'mutability',
      'multiValued',
      'returned',
      'uniqueness',
      'caseExact',
      'required',
    ])
      expect(described.filter((each) => each[key] === undefined)).toEqual([]);
  });

  it('creates, matches in other letters, refuses the duplicate, deletes once', async () => {
    const body = aPerson();
    const id = await client.create('/Users', body);
    expect(await client.send('GET', `/Users/${id}`)).toMatchObject({ body });
    const name = (body['userName'] as string).toUpperCase();
    expect(resourcesOf(await client.find('/Users', `userName eq "${name}"`))).toMatchObject([body]);
    expect((await client.find('/Users', 'userName eq "5f0c6e0e-unknown"')).body).toMatchObject({
      totalResults: 0,
    });
    expect((await client.send('POST', '/Users', body)).status).toBe(409);
    const statuses: number[] = [];
    for (const method of ['DELETE', 'DELETE', 'GET'])
      statuses.push((await client.send(method, `/Users/${id}`)).status);
    expect(statuses).toEqual([204, 404, 404]);
  });

  it('replaces, adds and removes what is mapped, and nothing beside it', async () => {
    const body = aPerson();
    const address = `/Users/${await client.create('/Users', body)}`;
    const replaced = await patch(
      address,
      { op: 'replace', path: 'emails[type eq "work"].value', value: 'new@example.com' },
      { op: 'replace', path: 'emails[type eq "work"].primary', value: 'True' },
      { op: 'replace', path: 'addresses[type eq "work"].formatted', value: 'Street 2' },
      { op: 'add', path: 'phoneNumbers[type eq "mobile"].value', value: '7' },
      { op: 'replace', path: `${ENTERPRISE}:manager`, value: 'boss' },
      {
        op: 'replace',
        value: { displayName: 'New', 'name.givenName': 'G', [`${ENTERPRISE}:department`]: 'X' },
      },
    );
    expect(replaced).toMatchObject({
      userName: body['userName'],
      title: 'Title',
      displayName: 'New',
      name: { givenName: 'G', familyName: 'Tester' },
      emails: [{ type: 'work', value: 'new@example.com', primary: true }],
      addresses: [{ type: 'work', formatted: 'Street 2', primary: true }],
      phoneNumbers: [
        { type: 'work', value: '38-412' },
        { type: 'mobile', value: '7' },
      ],
      [ENTERPRISE]: { department: 'X', employeeNumber: 'E', manager: { value: 'boss' } },
    });
    const removed = await patch(
      address,
      { op: 'remove', path: 'title' },
      { op: 'remove', path: 'emails[type eq "work"]' },
      { op: 'remove', path: `${ENTERPRISE}:manager` },
    );
    for (const key of ['title', 'emails']) expect(removed).not.toHaveProperty(key);
    expect(removed[ENTERPRISE]).toEqual({ department: 'X', employeeNumber: 'E' });
  });

  it('disables, and shows the disabled person to who looks for them', async () => {
    const body = aPerson();
    const address = `/Users/${await client.create('/Users', body)}`;
    expect(await patch(address, { op: 'replace', path: 'active', value: 'False' })).toMatchObject({
      active: false,
    });
    const found = await client.find('/Users', `userName eq "${body['userName'] as string}"`);
    expect(resourcesOf(found)).toMatchObject([{ active: false }]);
  });

  it('carries a group from creation to deletion', async () => {
    const body = aGroup();
    const [first, second] = [
      await client.create('/Users', aPerson()),
      await client.create('/Users', aPerson()),
    ];
    const address = `/Groups/${await client.create('/Groups', body)}`;
    expect((await client.send('POST', '/Groups', body)).status).toBe(409);
    const members = [first, second].map((value) => ({ value }));
    expect(await patch(address, { op: 'Add', path: 'members', value: members })).toMatchObject({ members });
    const found = await client.find(
      '/Groups',
      `displayName eq "${(body['displayName'] as string).toUpperCase()}"`,
      '&excludedAttributes=members',
    );
    expect(resourcesOf(found)).toMatchObject([{ displayName: body['displayName'] }]);
    expect(resourcesOf(found)[0]).not.toHaveProperty('members');
    const one = { op: 'Remove', path: 'members', value: [{ value: first }] };
    expect((await patch(address, one))['members']).toMatchObject([{ value: second }]);
    expect(await patch(address, { op: 'Replace', path: 'displayName', value: `${last} new` })).toMatchObject({
      displayName: `${last} new`,
      members: [{ value: second }],
    });
    const statuses: number[] = [];
    for (const method of ['DELETE', 'DELETE', 'GET'])
      statuses.push((await client.send(method, address)).status);
    expect(statuses).toEqual([204, 404, 404]);
  });
});
