import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createScimDirectory, RestClient, type CreatedScimDirectory } from '../support/rest-client.js';
import { startRollcall, type RunningRollcall } from '../support/start-rollcall.js';

const ERROR_URN = 'urn:ietf:params:scim:api:messages:2.0:Error';
const PATCH_URN = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
const SCIM_JSON = { 'content-type': 'application/scim+json' };
const MEBIBYTE = 1_048_576;

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
  readonly headers: Headers;
}

type Body = string | Buffer | Record<string, unknown>;

let rollcall: RunningRollcall;
let rest: RestClient;
let directory: CreatedScimDirectory;
let names = 0;

beforeAll(async () => {
  rollcall = await startRollcall();
  rest = new RestClient(rollcall.baseUrl, rollcall.apiKey);
  directory = await createScimDirectory(rest, rollcall.baseUrl, 'generic scim v2.0');
}, 60_000);

afterAll(() => rollcall.stop(), 30_000);

interface Sent {
  readonly method?: string;
  readonly body?: Body;
  readonly headers?: Record<string, string>;
}

async function send(path: string, { method = 'GET', body, headers = SCIM_JSON }: Sent = {}): Promise<Answer> {
  const content = typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
  const response = await fetch(directory.endpoint + path, {
    method,
    headers: { authorization: `Bearer ${directory.token}`, ...headers },
    ...(body === undefined ? {} : { body: content }),
  });
  const text = await response.text();
  const read = text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
  return { status: response.status, body: read, headers: response.headers };
}

const post = (body: Body, headers?: Record<string, string>): Promise<Answer> =>
  send('/Users', { method: 'POST', body, ...(headers && { headers }) });

function newName(): string {
  names += 1;
  return `person-${names}`;
}

async function createUser(fields: Record<string, unknown> = {}): Promise<string> {
  const { status, body } = await post({ userName: newName(), ...fields });
  expect({ status, body }).toMatchObject({ status: 201 });
  return body['id'] as string;
}

function patchUser(id: string, ...Operations: unknown[]): Promise<Answer> {
  return send(`/Users/${id}`, { method: 'PATCH', body: { schemas: [PATCH_URN], Operations } });
}

/** Every refusal is a SCIM error that says so in words, and names what it is about. */
function expectRefusal(
  answer: Answer,
  status: number,
  [scimType, named = '']: readonly [string?, string?] = [],
): void {
  expect(answer).toMatchObject({
    status,
    body: { schemas: [ERROR_URN], status: String(status), ...(scimType === undefined ? {} : { scimType }) },
  });
  expect(answer.body['detail']).toContain(named);
  expect((answer.body['detail'] as string).length).toBeGreaterThan(20);
}

async function userCount(): Promise<number> {
  return (await send('/Users?count=0')).body['totalResults'] as number;
}

describe('A-01 what is no JSON object', () => {
  it.each(['', '[]', '"text"', 'null', '{', '{"userName":"x",}', 'userName=x', '{"userName":"x"} {}'])(
    'refuses the body %j',
    async (body) => expectRefusal(await post(body), 400, ['invalidSyntax']),
  );

  it.each(['text/plain', 'application/xml', 'application/x-www-form-urlencoded', 'multipart/form-data'])(
    'refuses %s with 415',
    async (type) => expectRefusal(await post('{"userName":"x"}', { 'content-type': type }), 415),
  );

  it('understands a body without Content-Type, and with a byte order mark', async () => {
    const bytes = Buffer.from(JSON.stringify({ userName: newName() }));
    const { status } = await rawRequest(postLines(bytes, []));
    expect(status).toBe(201);
    const marked = Buffer.concat([
      Buffer.from([0xef, 0xbb, 0xbf]),
      Buffer.from(`{"userName":"${newName()}"}`),
    ]);
    expect([201, 400]).toContain((await post(marked)).status);
  });
});

describe('A-02 to A-05 values that cannot be kept', () => {
  it('refuses bytes that are no UTF-8, and stores nothing', async () => {
    const before = await userCount();
    const bytes = Buffer.concat([
      Buffer.from('{"userName":"x'),
      Buffer.from([0xff, 0xc0]),
      Buffer.from('"}'),
    ]);
    expectRefusal(await post(bytes), 400, ['invalidSyntax', 'UTF-8']);
    expectRefusal(await send('/Users?filter=userName%20eq%20%22%ff%22'), 400, ['invalidSyntax', 'filter']);
    expectRefusal(await send('/Users/%ff'), 400);
    expect(await userCount()).toBe(before);
  });

  it.each([
    ['{"userName":"a\\u0000b"}', 'userName'],
    ['{"userName":"a","emails":[{"value":"\\u0000"}]}', 'emails[0].value'],
    ['{"userName":"a\\ud800"}', 'userName'],
    ['{"userName":"a","urn:x:y:z":{"b":"\\udc00"}}', 'urn:x:y:z.b'],
    ['{"userName":"a","title":1e400}', 'title'],
    ['{"userName":7}', 'userName'],
    ['{"userName":9007199254740993}', 'userName'],
    ['{"userName":"a","active":-1}', 'active'],
    ['{"userName":"a","active":1.5}', 'active'],
    ['{"userName":"a","title":{"a":1}}', 'title'],
    ['{"userName":"a","emails":[{"value":[1]}]}', 'emails[0].value'],
  ])('refuses %s', async (body, named) => expectRefusal(await post(body), 400, ['invalidValue', named]));
});

describe('A-06 to A-10 size', () => {
  it.each([65_537, MEBIBYTE / 2])('refuses a text of %d characters', async (length) => {
    const body = { userName: newName(), displayName: 'x'.repeat(length) };
    expectRefusal(await post(body), 400, ['invalidValue', 'displayName']);
  });

  it('keeps a text of 64 kB', async () => {
    const id = await createUser({ displayName: 'x'.repeat(65_536) });
    expect(((await send(`/Users/${id}`)).body['displayName'] as string).length).toBe(65_536);
  });

  it.each([2, 10])('refuses a body of %d MB', async (size) => {
    expectRefusal(await post({ userName: 'x', displayName: 'x'.repeat(size * MEBIBYTE) }), 413);
  });

  it('refuses a body of 30 MB also when its length is not told', async () => {
    const chunk = `${(65_536).toString(16)}\r\n${'x'.repeat(65_536)}\r\n`;
    const head = [...headLines('POST', '/Users'), 'transfer-encoding: chunked', '', ''].join('\r\n');
    const { status, text } = await rawRequest(Buffer.from(head + chunk.repeat(480)));
    expect(status).toBe(413);
    expect(text).toContain(ERROR_URN);
  });

  it.each([33, 1_000, 100_000])('refuses nesting of %d levels', async (depth) => {
    const value = `${'['.repeat(depth)}${']'.repeat(depth)}`;
    expectRefusal(await post(`{"userName":"x","urn:x:y:z":{"a":${value}}}`), 400);
  });

  it('refuses an object of a hundred thousand keys', async () => {
    const keys = Array.from({ length: 100_000 }, (_, index) => `"k${index}":1`).join(',');
    const answer = await post(`{"userName":"x",${keys}}`);
    expect([400, 413]).toContain(answer.status);
    expectRefusal(answer, answer.status);
  });

  it('refuses a compressed body', async () => {
    const bomb = gzipSync(Buffer.alloc(10 * MEBIBYTE, 'x'));
    expectRefusal(await post(bomb, { ...SCIM_JSON, 'content-encoding': 'gzip' }), 415);
  });
});

describe('A-11 to A-15 odd bodies that mean something', () => {
  it.each([{}, { schemas: [] }, { schemas: ['urn:nobody:knows'] }, { schemas: ['urn:a', 'urn:a'] }])(
    'takes %j for a user, in POST and PUT alike',
    async (odd) => {
      const id = await createUser(odd);
      const answer = await send(`/Users/${id}`, { method: 'PUT', body: { ...odd, userName: newName() } });
      expect(answer.status).toBe(200);
    },
  );

  it('keeps unknown attributes, and knows names in any case', async () => {
    const enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
    const odd = { TITLE: 'Cook', shoeSize: 44, [`${enterprise}:department`]: 'Kitchen' };
    const { body } = await send(`/Users/${await createUser(odd)}`);
    expect(body).toMatchObject({ title: 'Cook', shoeSize: 44, [enterprise]: { department: 'Kitchen' } });
  });

  it('ignores what only the server decides', async () => {
    const id = await createUser({
      id: 'mine',
      meta: { created: '1990-01-01T00:00:00Z' },
      groups: [{ value: 'g' }],
    });
    expect(id).not.toBe('mine');
    const { body } = await send(`/Users/${id}`);
    expect(body['groups']).toEqual([]);
    expect(JSON.stringify(body)).not.toContain('1990');
  });

  it.each([
    [true, true],
    ['True', true],
    ['false', false],
    [null, true],
  ])('reads active %j as %j', async (active, expected) => {
    expect((await send(`/Users/${await createUser({ active })}`)).body['active']).toBe(expected);
  });

  it.each(['0', 1, [], {}, 'maybe'].map((active) => [active]))('refuses active %j', async (active) =>
    expectRefusal(await post({ userName: newName(), active }), 400, ['invalidValue', 'active']),
  );

  it('has one primary at most', async () => {
    const emails = ['a', 'b', 'c'].map((value) => ({
      value: `${value}@example.com`,
      type: 'moon',
      primary: true,
    }));
    const { body } = await send(`/Users/${await createUser({ emails: [...emails, ...emails] })}`);
    const kept = body['emails'] as { primary: boolean }[];
    expect(kept).toHaveLength(3);
    expect(kept.filter(({ primary }) => primary)).toHaveLength(1);
  });
});

describe('A-16 to A-19 queries', () => {
  it.each([
    '',
    ' ',
    'userName',
    'userName eq',
    'eq "x"',
    'userName eq "x',
    'userName eq "x" and',
    'userName eq "x" junk',
    '(userName pr',
    'userName pr)',
    'userName is "x"',
    'not userName pr',
    'emails[type eq "work"',
    'emails[] pr',
    'active gt true',
    '"x"',
    'nothing eq "x"',
    'userName.nothing pr',
    'password pr',
    '__proto__ pr',
    'constructor eq "x"',
    'emails[a[b pr]]',
  ])('refuses the filter %j', async (filter) => {
    expectRefusal(await send(`/Users?filter=${encodeURIComponent(filter)}`), 400, ['invalidFilter']);
  });

  it.each([
    ['startIndex=0', 1],
    ['startIndex=-1', 1],
    ['startIndex=text', 1],
    ['startIndex=', 1],
    ['startIndex=99999999999999', Number.MAX_SAFE_INTEGER],
  ])('reads %s', async (query, startIndex) => {
    const { status, body } = await send(`/Users?count=1&${query}`);
    expect({ status, totalResults: body['totalResults'] }).toEqual({
      status: 200,
      totalResults: await userCount(),
    });
    expect(body['startIndex']).toBe(Math.min(startIndex, body['startIndex'] as number));
  });

  it.each([
    ['count=0', 0],
    ['count=-5', 0],
    ['count=1', 1],
    ['count=100000', undefined],
    ['count=text', undefined],
  ])('pages by %s', async (query, size) => {
    const { status, body } = await send(`/Users?${query}`);
    expect(status).toBe(200);
    expect(body['itemsPerPage']).toBe(size ?? (body['Resources'] as unknown[]).length);
    expect(body['totalResults']).toBe(await userCount());
  });

  it('refuses to sort by what does not exist', async () =>
    expectRefusal(await send('/Users?sortBy=nothing'), 400, ['invalidValue', 'sortBy']));

  it('shows id and schemas whatever is asked for; of both parameters `attributes` counts', async () => {
    const id = await createUser({ title: 'Cook' });
    for (const query of [
      'attributes=title',
      'excludedAttributes=id,schemas',
      'attributes=title&excludedAttributes=title',
    ])
      expect((await send(`/Users/${id}?${query}`)).body).toMatchObject({
        id,
        schemas: expect.anything(),
        title: 'Cook',
      });
  });
});

describe('A-20 to A-23 changes', () => {
  it.each([
    [{ op: 'move', path: 'title', value: 'x' }, 'invalidSyntax', 'op'],
    [{ path: 'title', value: 'x' }, 'invalidSyntax', 'op'],
    [{ op: 'remove' }, 'noTarget', 'path'],
    [{ op: 'add', path: 'nothing', value: 'x' }, 'invalidPath', 'nothing'],
    [{ op: 'add', path: 'emails[', value: 'x' }, 'invalidPath', 'emails['],
    [{ op: 'add', path: 7, value: 'x' }, 'invalidPath', 'path'],
    [{ op: 'replace', path: 'id', value: 'x' }, 'mutability', 'id'],
    [{ op: 'remove', path: 'userName' }, 'mutability', 'userName'],
    [{ op: 'replace', path: 'active', value: 'maybe' }, 'invalidValue', 'active'],
    [{ op: 'replace', path: '__proto__.polluted', value: 'x' }, 'invalidPath', '__proto__'],
    [{ op: 'replace', value: 'x' }, 'invalidValue', 'value'],
    ['text', 'invalidSyntax', 'Operations[1]'],
  ])('refuses %j and undoes the rest', async (operation, scimType, named) => {
    const id = await createUser({ title: 'Cook' });
    const answer = await patchUser(id, { op: 'replace', path: 'title', value: 'Chef' }, operation);
    expectRefusal(answer, 400, [scimType, named]);
    expect((await send(`/Users/${id}`)).body['title']).toBe('Cook');
  });

  it('understands verbs in any case and no operations at all', async () => {
    const id = await createUser();
    expect((await patchUser(id, { op: 'RePlAcE', path: 'title', value: 'x' })).body['title']).toBe('x');
    expect((await patchUser(id)).status).toBe(200);
  });

  it('creates the element that a value path does not find, and removes nothing that is not there', async () => {
    const id = await createUser();
    const path = 'phoneNumbers[type eq "work"].value';
    const added = await patchUser(id, { op: 'replace', path, value: '+1' });
    expect(added.body['phoneNumbers']).toEqual([{ type: 'work', value: '+1' }]);
    const removed = await patchUser(id, { op: 'remove', path: 'phoneNumbers[type eq "fax"]' });
    expect(removed).toMatchObject({ status: 200, body: { meta: { version: added.headers.get('etag') } } });
  });

  it('takes names of JavaScript for data or refuses them', async () => {
    expectRefusal(await post('{"userName":"x","__proto__":{"polluted":1}}'), 400, [
      'invalidValue',
      '__proto__',
    ]);
    const { body } = await send(`/Users/${await createUser({ constructor: 'c', toString: 't' })}`);
    expect(body).toMatchObject({ constructor: 'c', toString: 't' });
  });

  it.each([
    `${'('.repeat(1_000)}userName pr${')'.repeat(1_000)}`,
    Array.from({ length: 500 }, () => 'userName pr').join(' or '),
    `userName eq "${'x'.repeat(9_000)}"`,
    `${'not ('.repeat(60)}userName pr${')'.repeat(60)}`,
  ])('refuses an endless filter', async (filter) => {
    const body = { schemas: ['urn:ietf:params:scim:api:messages:2.0:SearchRequest'], filter };
    expectRefusal(await send('/Users/.search', { method: 'POST', body }), 400, ['invalidFilter']);
  });
});

describe('A-24 and A-25 texts', () => {
  it.each([
    "'; DROP TABLE directory_users; --",
    '${jndi:ldap://x}',
    '*)(uid=*',
    '=cmd|calc',
    '<script>alert(1)</script>',
    'a\r\nb: c',
    '\u202egnirts',
    'a\u200bb',
    '👩‍👩‍👧',
    'é e\u0301',
    '𠜎',
    '%s%n',
    '../../etc/passwd',
    '\\',
    '"',
  ])('keeps %j as it is', async (text) => {
    const userName = `${newName()} ${text}`;
    const id = await createUser({ userName, title: text, name: { formatted: text } });
    expect((await send(`/Users/${id}`)).body).toMatchObject({
      userName,
      title: text,
      name: { formatted: text },
    });
    const filter = encodeURIComponent(`userName eq ${JSON.stringify(userName)}`);
    expect((await send(`/Users?filter=${filter}`)).body['totalResults']).toBe(1);
  });
});

describe('A-26 bulk', () => {
  const bulk = (Operations: unknown[], more: Record<string, unknown> = {}): Promise<Answer> =>
    send('/Bulk', {
      method: 'POST',
      body: { schemas: ['urn:ietf:params:scim:api:messages:2.0:BulkRequest'], Operations, ...more },
    });
  const creation = (bulkId: string, data: Record<string, unknown>): Record<string, unknown> => ({
    method: 'POST',
    path: '/Users',
    bulkId,
    data,
  });

  it('refuses one operation too many, and names the limit', async () => {
    const operations = Array.from({ length: 1_001 }, (_, index) => creation(`b${index}`, { userName: 'x' }));
    expectRefusal(await bulk(operations), 413, [undefined, '1000']);
  });

  it('stops after failOnErrors', async () => {
    const { body } = await bulk([creation('a', {}), creation('b', {}), creation('c', {})], {
      failOnErrors: 2,
    });
    expect(body['Operations']).toMatchObject([{ status: '400' }, { status: '400' }]);
  });

  it('refuses names that refer to each other in a circle', async () => {
    const { body } = await bulk([
      creation('a', { userName: 'bulkId:b' }),
      creation('b', { userName: 'bulkId:a' }),
    ]);
    expect(body['Operations']).toMatchObject([{ status: '409' }, { status: '409' }]);
  });
});

describe('A-27 to A-30 methods and addresses', () => {
  it.each(['PATCH', 'PUT', 'DELETE'])(
    'refuses %s on a collection, and says what is possible',
    async (method) => {
      const answer = await send('/Users', { method });
      expectRefusal(answer, 405);
      expect(answer.headers.get('allow')).toBe('GET, POST');
    },
  );

  it.each(['TRACE', 'OPTIONS', 'HEAD', 'PURGE'])('refuses %s without falling over', async (method) => {
    const { status } = await rawRequest(Buffer.from([...headLines(method, '/Users'), '', ''].join('\r\n')));
    expect([400, 404, 405, 501]).toContain(status);
  });

  it.each(['REPORT', 'PURGE', 'LINK', 'PROPFIND', 'OPTIONS'])(
    'says what is possible to %s',
    async (method) => {
      const answer = await send('/Users', { method });
      expectRefusal(answer, 405, [undefined, method]);
      expect(answer.headers.get('allow')).toBe('GET, POST');
      expectRefusal(await send('/Users', { method, headers: { authorization: 'Bearer wrong' } }), 401);
    },
  );

  it('answers in SCIM whatever the address before the directory looks like', async () => {
    const { pathname } = new URL(directory.endpoint);
    const headers = { authorization: `Bearer ${directory.token}`, ...SCIM_JSON };
    const typeOf = async (path: string): Promise<string | null> => {
      const response = await fetch(rollcall.baseUrl + path, { headers });
      await response.arrayBuffer();
      return response.headers.get('content-type');
    };
    for (const path of [`/${pathname}/Users?count=0`, '/scim', '/SCIM/V2.0/nobody/Users'])
      expect([path, await typeOf(path)]).toEqual([path, expect.stringContaining('application/scim+json')]);
    expect(await typeOf('/scimmy')).not.toContain('scim');
    const body = JSON.stringify({ userName: newName() });
    const written = await fetch(`${rollcall.baseUrl}/${pathname}/Users`, { method: 'POST', headers, body });
    expect([written.status, await written.json()]).toEqual([201, expect.objectContaining({ active: true })]);
  });

  it('ignores a method override', async () => {
    const id = await createUser();
    const headers = { ...SCIM_JSON, 'x-http-method-override': 'DELETE' };
    expectRefusal(await send(`/Users/${id}`, { method: 'POST', headers, body: {} }), 405);
    expect((await send(`/Users/${id}`)).status).toBe(200);
  });

  it('takes the first of repeated parameters, and none in the notation of arrays', async () => {
    const id = await createUser();
    const one = encodeURIComponent(`id eq "${id}"`);
    expect((await send(`/Users?filter=${one}&filter=nothing`)).body['totalResults']).toBe(1);
    expect((await send(`/Users?count[]=0&filter[x]=y`)).status).toBe(200);
  });

  it.each(['/Users/a%2Fb', '/Users/a%00', '/Users/a/b', '/Nothing', '/Users/.search'])(
    'finds nothing at %s',
    async (path) => {
      const answer = await send(path);
      expect([400, 404, 405]).toContain(answer.status);
      expectRefusal(answer, answer.status);
    },
  );

  it.each([
    {},
    { accept: '*/*' },
    { accept: 'application/json' },
    { accept: 'application/scim+json;q=0.9, text/html;q=0.1' },
    { 'user-agent': '' },
    { accept: 'text/html' },
  ])('answers with JSON to %j', async (headers) => {
    const answer = await send('/Users?count=0', { headers: headers as Record<string, string> });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toMatch(/^application\/(scim\+)?json/);
  });

  it.each(['2.0', '1.1'])('refuses XML in version %s', async (version) => {
    const path = directory.endpoint.replace('/v2.0/', `/v${version}/`);
    const headers = { authorization: `Bearer ${directory.token}`, accept: 'application/xml' };
    expect((await fetch(`${path}/Users`, { headers })).status).toBe(406);
    const typed = { ...headers, accept: 'application/json', 'content-type': 'application/xml' };
    expect((await fetch(`${path}/Users`, { method: 'POST', headers: typed, body: '<User/>' })).status).toBe(
      415,
    );
  });

  it.each(['/Users/', '//Users', '/users', '/USERS?', '/Users?&', '/Users/?count=1&'])(
    'knows %s',
    async (path) => expect((await send(path)).status).toBe(200),
  );
});

describe('a declared extension that cannot be understood', () => {
  it('is refused when it is declared, with every place named', async () => {
    const organization = await rest.call<{ id: string }>('POST', '/organizations', { name: 'Acme' });
    const config = { extension_schemas: [{ id: 'badge', attributes: [{ name: 'a b' }] }] };
    const body = { organization_id: organization.id, name: 'D', type: 'generic scim v2.0', config };
    const refused = rest.call('POST', '/management/directories', body);
    await expect(refused).rejects.toThrow(/answered 422.*extension_schemas\[0\]\.id.*attributes\[0\]\.name/);
  });
});

function headLines(method: string, path: string): string[] {
  const { pathname, host } = new URL(directory.endpoint);
  return [
    `${method} ${pathname}${path} HTTP/1.1`,
    `host: ${host}`,
    `authorization: Bearer ${directory.token}`,
    'connection: close',
  ];
}

function postLines(body: Buffer, headers: string[]): Buffer {
  const lines = [...headLines('POST', '/Users'), `content-length: ${body.length}`, ...headers, '', ''];
  return Buffer.concat([Buffer.from(lines.join('\r\n')), body]);
}

/** Sends bytes as they are, and reads the answer until the server closes. */
function rawRequest(bytes: Buffer): Promise<{ status: number; text: string }> {
  const { hostname, port } = new URL(directory.endpoint);
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect(Number(port), hostname, () => socket.write(bytes));
    const finish = (): void => {
      const status = Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1]);
      if (Number.isNaN(status)) reject(new Error(`No answer: ${text.slice(0, 200)}`));
      else resolve({ status, text });
    };
    socket.on('data', (chunk) => (text += chunk.toString()));
    socket.on('close', finish);
    // The server may close while we are still writing.
    socket.on('error', finish);
  });
}
