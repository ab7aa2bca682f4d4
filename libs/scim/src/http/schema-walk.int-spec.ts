import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { JsonObject, JsonValue } from '#kernel';
import {
  BADGE_SETTING,
  BADGE_URN,
  bodyWith,
  sampleOf,
  schemaCases,
  valueIn,
  type SchemaCase,
} from '../../test-support/schema-cases.js';
import { createScimWorld, type ScimClient, type ScimWorld } from '../../test-support/scim-client.js';
import { PATCH_OP_URN } from '../protocol/schema/urns.js';
import { RESOURCE_TYPES } from '../protocol/schema/resource-types.js';

/*
 * Tries out every attribute that /Schemas advertises, to the letter and with tolerance: whatever a characteristic says
 * must be what happens.
 */

let world: ScimWorld;
let client: ScimClient;
let last = 0;

beforeAll(async () => {
  world = await createScimWorld();
});
afterAll(() => world.db.drop());

function next(): number {
  last += 2;
  return last;
}

function rowsOf(isWanted: (each: SchemaCase) => boolean): [string, SchemaCase][] {
  return schemaCases()
    .filter(isWanted)
    .map((each) => [`${each.type} ${each.path}`, each]);
}

const isReadWrite = ({ leaf, attribute }: SchemaCase): boolean =>
  leaf.mutability === 'readWrite' && attribute.returned === 'default';
const isMembers = ({ attribute }: SchemaCase): boolean => attribute.name === 'members';
const isRequired = ({ attribute }: SchemaCase): boolean => attribute.required;
const isText = ({ leaf }: SchemaCase): boolean => leaf.type === 'string';

const endpoint = ({ type }: SchemaCase): '/Users' | '/Groups' => (type === 'User' ? '/Users' : '/Groups');

function bodyOf(each: SchemaCase, fields: JsonObject): JsonObject {
  const { schema, extensions } = RESOURCE_TYPES[each.type];
  const urns = [...extensions.map(({ id }) => id), BADGE_URN].filter((urn) => Object.hasOwn(fields, urn));
  const name = each.type === 'User' ? 'userName' : 'displayName';
  return { schemas: [schema.id, ...urns], [name]: `Somebody ${next()}`, ...fields };
}

function create(each: SchemaCase, value?: JsonValue): Promise<string> {
  return client.create(endpoint(each), bodyOf(each, value === undefined ? {} : bodyWith(each, value)));
}

async function read(each: SchemaCase, id: string, query = ''): Promise<JsonObject> {
  const { status, body } = await client.send('GET', `${endpoint(each)}/${id}${query}`);
  expect(status).toBe(200);
  return body;
}

function patch(each: SchemaCase, id: string, operation: JsonObject): ReturnType<ScimClient['send']> {
  const json = { schemas: [PATCH_OP_URN], Operations: [operation] };
  return client.send('PATCH', `${endpoint(each)}/${id}`, { json });
}

describe.each([
  ['with tolerance', {}],
  ['to the letter', { scim_strict: true }],
])('every advertised attribute, %s', (mode, config) => {
  beforeAll(async () => {
    client = await world.connect({ ...config, extension_schemas: [BADGE_SETTING] });
  });

  it('is what /Schemas and /ResourceTypes show', async () => {
    const { body } = await client.send('GET', '/Schemas');
    const shown = (body['Resources'] as JsonObject[]).flatMap(({ id, attributes }) =>
      (attributes as JsonObject[]).flatMap(({ name, subAttributes }) =>
        ((subAttributes as JsonObject[] | undefined) ?? [undefined]).map((sub) =>
          JSON.stringify([id, name, sub?.['name'] ?? '']),
        ),
      ),
    );
    const walked = schemaCases().map(({ type, extension, attribute, sub }) =>
      JSON.stringify([extension ?? RESOURCE_TYPES[type].schema.id, attribute.name, sub?.name ?? '']),
    );
    expect(shown.sort()).toEqual(walked.sort());
    const { body: type } = await client.send('GET', '/ResourceTypes/User');
    expect(type['schemaExtensions']).toContainEqual({ schema: BADGE_URN, required: false });
    for (const schema of body['Resources'] as JsonObject[]) {
      const { status, body: single } = await client.send('GET', `/Schemas/${schema['id'] as string}`);
      expect({ status, single }).toEqual({ status: 200, single: schema });
    }
  });

  it.each(rowsOf(isReadWrite))('%s is stored, shown, projected, and left out', async (_name, each) => {
    const value = sampleOf(each.leaf, next());
    const id = await create(each, value);
    expect(valueIn(each, await read(each, id))).toEqual(value);
    const only = await read(each, id, `?attributes=${encodeURIComponent(each.path)}`);
    expect(valueIn(each, only)).toEqual(value);
    const keys = ['schemas', 'id', 'meta', each.extension ?? each.attribute.name];
    expect(Object.keys(only).filter((key) => !keys.includes(key))).toEqual([]);
    const rest = await read(each, id, `?excludedAttributes=${encodeURIComponent(each.path)}`);
    expect(valueIn(each, rest)).toBeUndefined();
    expect(rest['id']).toBe(id);
  });

  it.each(rowsOf(isReadWrite))('%s can be replaced, removed and added', async (_name, each) => {
    const [before, after] = [sampleOf(each.leaf, next()), sampleOf(each.leaf, next() + 1)];
    const id = await create(each, before);
    const json = bodyOf(each, bodyWith(each, after));
    const put = await client.send('PUT', `${endpoint(each)}/${id}`, { json });
    expect({ status: put.status, value: valueIn(each, put.body) }).toEqual({ status: 200, value: after });
    const multi = each.sub === undefined && each.attribute.multiValued;
    const value = multi ? [before] : before;
    const replaced = await patch(each, id, { op: 'replace', path: each.path, value });
    expect(valueIn(each, replaced.body)).toEqual(before);
    const again = await patch(each, id, { op: 'replace', path: each.path, value });
    expect(again.headers['etag']).toBe(replaced.headers['etag']);
    const removed = await patch(each, id, { op: 'remove', path: each.path });
    const mayBeCleared = each.attribute.name !== 'active' || mode === 'to the letter';
    if (isRequired(each) || !mayBeCleared) {
      expect(removed).toMatchObject({ status: 400, body: { scimType: 'mutability' } });
      return;
    }
    expect(valueIn(each, removed.body)).toBeUndefined();
    if (each.sub !== undefined && each.attribute.multiValued) return;
    const added = await patch(each, id, { op: 'add', path: each.path, value });
    expect(valueIn(each, added.body)).toEqual(before);
  });

  it.each(rowsOf(isReadWrite))('%s can be searched and sorted by', async (_name, each) => {
    const [low, high] = [sampleOf(each.leaf, next() + 1), sampleOf(each.leaf, next())];
    const [first, second, without] = [await create(each, low), await create(each, high), await create(each)];
    const isActive = each.attribute.name === 'active';
    const mine = new Set([first, second, without]);
    const find = async (parameters: Record<string, string>): Promise<string[]> =>
      (await client.find(endpoint(each), { count: '1000', ...parameters })).filter((id) => mine.has(id));
    const literal = JSON.stringify(low);
    expect(await find({ filter: `${each.path} eq ${literal}` })).toEqual([first]);
    expect(await find({ filter: `not (${each.path} ne ${literal})` })).toEqual([first]);
    const present = isRequired(each) || isActive ? [first, second, without] : [first, second];
    expect(await find({ filter: `${each.path} pr` })).toEqual(present);
    if (isText(each)) {
      expect(await find({ filter: `${each.path} eq ${literal.toUpperCase()}` })).toEqual(
        each.leaf.caseExact ? [] : [first],
      );
      expect(await find({ filter: `${each.path} sw ${literal} or ${each.path} ew ${literal}` })).toEqual([
        first,
      ]);
    }
    if (isRequired(each) || isActive) return;
    expect(await find({ sortBy: each.path })).toEqual([first, second, without]);
    expect(await find({ sortBy: each.path, sortOrder: 'descending' })).toEqual([without, second, first]);
  });

  it.each(rowsOf(({ leaf }) => leaf.mutability === 'readOnly'))(
    '%s is ignored in a body and refused in a PATCH',
    async (_name, each) => {
      const value = sampleOf(each.leaf, next());
      const json = bodyOf(each, isMembers(each) ? {} : bodyWith(each, value));
      const created = await client.send('POST', endpoint(each), { json });
      expect(created.status).toBe(201);
      expect(valueIn(each, created.body)).not.toEqual(value);
      if (each.sub?.name === '$ref' && mode === 'with tolerance') return;
      const id = created.body['id'] as string;
      const refused = await patch(each, id, { op: 'replace', path: each.path, value });
      expect(refused).toMatchObject({ status: 400, body: { scimType: 'mutability' } });
    },
  );

  it.each(rowsOf(({ leaf }) => leaf.returned === 'never'))(
    '%s is taken and never shown',
    async (_name, each) => {
      const id = await create(each, 'Secret 1');
      expect((await patch(each, id, { op: 'replace', path: each.path, value: 'Secret 2' })).status).toBe(200);
      for (const query of ['', `?attributes=${each.path}`])
        expect(JSON.stringify(await read(each, id, query))).not.toContain('Secret');
      const { status, body } = await client.send('GET', `${endpoint(each)}?filter=${each.path}%20pr`);
      expect({ status, body }).toMatchObject({ status: 400, body: { scimType: 'invalidFilter' } });
    },
  );

  it.each(rowsOf(({ leaf }) => leaf.uniqueness === 'server'))('%s is unique', async (_name, each) => {
    const value = sampleOf(each.leaf, next());
    await create(each, value);
    const other = await create(each);
    const taken = (value as string).toUpperCase();
    const json = bodyOf(each, bodyWith(each, taken));
    const conflict = { status: 409, body: { scimType: 'uniqueness' } };
    expect(await client.send('POST', endpoint(each), { json })).toMatchObject(conflict);
    expect(await client.send('PUT', `${endpoint(each)}/${other}`, { json })).toMatchObject(conflict);
    const operation = { op: 'replace', path: each.path, value: taken };
    expect(await patch(each, other, operation)).toMatchObject(conflict);
  });

  it.each(rowsOf((each) => isReadWrite(each) && each.leaf.uniqueness === 'none'))(
    '%s may be the same for two',
    async (_name, each) => {
      const value = sampleOf(each.leaf, next());
      expect(await create(each, value)).not.toBe(await create(each, value));
    },
  );

  it.each(rowsOf(isRequired))('%s is required', async (_name, each) => {
    const { [each.attribute.name]: _left, ...json } = bodyOf(each, {});
    const { status, body } = await client.send('POST', endpoint(each), { json });
    expect({ status, body }).toMatchObject({ status: 400, body: { scimType: 'invalidValue' } });
    expect(body['detail']).toContain(each.attribute.name);
  });

  it.each(rowsOf(({ leaf }) => leaf.mutability === 'readWrite' && leaf.canonicalValues !== undefined))(
    '%s takes its canonical values and others',
    async (_name, each) => {
      for (const value of [...(each.leaf.canonicalValues ?? []), 'something else'])
        expect(valueIn(each, await read(each, await create(each, value)))).toBe(value);
    },
  );

  it.each(rowsOf(({ sub, leaf }) => sub?.name === 'primary' && leaf.mutability === 'readWrite'))(
    '%s is true once',
    async (_name, each) => {
      const part = each.attribute.subAttributes?.some(({ name }) => name === 'value') ? 'value' : 'locality';
      const elements = [
        { [part]: 'QQ==', primary: true },
        { [part]: 'Qg==', primary: false },
      ];
      const named = { [each.attribute.name]: elements };
      const fields: JsonObject = each.extension === undefined ? named : { [each.extension]: named };
      const id = await client.create(endpoint(each), bodyOf(each, fields));
      const [attribute = ''] = each.path.split(/\.primary$/);
      const path = `${attribute}[${part} eq "Qg=="].primary`;
      const { body } = await patch(each, id, { op: 'replace', path, value: true });
      const holder = (each.extension === undefined ? body : body[each.extension]) as JsonObject;
      expect((holder[each.attribute.name] as JsonObject[]).map(({ primary }) => primary)).toEqual([
        false,
        true,
      ]);
    },
  );

  it.each(rowsOf((each) => isReadWrite(each) && !isMembers(each)))(
    '%s refuses a value of another type',
    async (_name, each) => {
      const json = bodyOf(each, bodyWith(each, each.leaf.type === 'boolean' ? 'maybe' : { odd: [1] }));
      const { status, body } = await client.send('POST', endpoint(each), { json });
      expect({ status, body }).toMatchObject({ status: 400, body: { scimType: 'invalidValue' } });
      expect(body['detail']).toContain(each.leaf.name);
    },
  );

  it.each(['User', 'Group'] as const)('%s: externalId, id and meta keep their promises too', async (type) => {
    const path = `/${type}s`;
    const name = type === 'User' ? 'userName' : 'displayName';
    const schemas = [RESOURCE_TYPES[type].schema.id];
    const body = { schemas, [name]: `Common ${next()}`, externalId: 'Ext-A' };
    const id = await client.create(path as '/Users', body);
    const { body: shown } = await client.send('GET', `${path}/${id}`);
    const meta = shown['meta'] as Record<string, string>;
    expect(shown).toMatchObject({ externalId: 'Ext-A', meta: { resourceType: type, version: 'W/"1"' } });
    expect(meta['location']).toMatch(new RegExp(`${path}/${id}$`));
    const finds = async (filter: string): Promise<boolean> =>
      (await client.find(path, { filter: `${filter} and id eq "${id}"` })).includes(id);
    // prettier-ignore
    const found = [
      'externalId eq "Ext-A"', `id eq "${id}"`, `meta.created eq "${meta['created']}"`, 'schemas co "core"',
      `meta.lastModified ge "${meta['lastModified']}"`, `meta.resourceType eq "${type}"`, 'meta.version eq "W/\\"1\\""',
    ];
    for (const filter of found) expect([filter, await finds(filter)]).toEqual([filter, true]);
    const missed = [
      'externalId eq "ext-a"',
      `id eq "${id.toUpperCase()}"`,
      `meta.created gt "${meta['created']}"`,
    ];
    for (const filter of missed) expect([filter, await finds(filter)]).toEqual([filter, false]);
    const later = await client.create(path as '/Users', {
      ...body,
      [name]: `Common ${next()}`,
      externalId: 'Ext-B',
    });
    for (const sortBy of ['externalId', 'id', 'meta.created', 'meta.lastModified']) {
      const filter = `externalId sw "Ext-"`;
      expect(await client.find(path, { filter, sortBy })).toEqual([id, later]);
      expect((await client.find(path, { filter, sortBy, sortOrder: 'descending' })).length).toBe(2);
    }
    const Operations = [{ op: 'remove', path: 'externalId' }];
    const { body: bare } = await client.send('PATCH', `${path}/${id}`, {
      json: { schemas: [PATCH_OP_URN], Operations },
    });
    expect(bare).not.toHaveProperty('externalId');
    for (const target of ['id', 'meta.version', 'schemas']) {
      const json = { schemas: [PATCH_OP_URN], Operations: [{ op: 'replace', path: target, value: 'x' }] };
      const refused = await client.send('PATCH', `${path}/${id}`, { json });
      expect(refused).toMatchObject({ status: 400, body: { scimType: 'mutability' } });
    }
  });

  it('members and groups mirror each other, and are found by every part', async () => {
    const userName = `Member ${next()}`;
    const { schema } = RESOURCE_TYPES.User;
    const user = await client.create('/Users', { schemas: [schema.id], userName });
    const displayName = `Team ${next()}`;
    const json = { schemas: [RESOURCE_TYPES.Group.schema.id], displayName, members: [{ value: user }] };
    const group = await client.create('/Groups', json);
    const { body } = await client.send('GET', `/Groups/${group}`);
    expect(body['members']).toEqual([
      { value: user, type: 'User', $ref: expect.stringContaining(`/Users/${user}`) },
    ]);
    const { body: person } = await client.send('GET', `/Users/${user}`);
    expect(person['groups']).toEqual([
      {
        value: group,
        display: displayName,
        type: 'direct',
        $ref: expect.stringContaining(`/Groups/${group}`),
      },
    ]);
    for (const [part, value] of Object.entries({
      value: user,
      display: userName.toUpperCase(),
      type: 'user',
      $ref: `http://any.host/Users/${user}`,
    }))
      expect(
        await client.find('/Groups', { filter: `members[${part} eq "${value}" and value eq "${user}"]` }),
      ).toEqual([group]);
    for (const [part, value] of Object.entries({
      value: group,
      display: displayName,
      type: 'direct',
      $ref: `/Groups/${group}`,
    }))
      expect(
        await client.find('/Users', { filter: `groups.${part} eq "${value}" and id eq "${user}"` }),
      ).toEqual([user]);
    const location = (person['meta'] as JsonObject)['location'] as string;
    expect(await client.find('/Users', { filter: `meta.location eq "${location}"` })).toEqual([user]);
    expect(await client.find('/Groups', { filter: `meta.location eq "${location}"` })).toEqual([]);
    expect(await client.find('/Groups', { filter: `members.$ref pr and id eq "${group}"` })).toEqual([group]);
    const shared = await client.send('GET', `/Groups/${group}?attributes=members.display`);
    expect(shared.body['members']).toEqual([{ display: userName }]);
  });
});
