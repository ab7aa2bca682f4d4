import { getOwn, type JsonObject, type JsonValue } from '#kernel';
import type { SnapshotRecord } from '#model';
import { decodeRecord, type Fields } from '../../sdk/decode.js';
import type { AttributeNames } from './config.js';
import { federationIn } from './federations.js';

const RAW = [
  'id',
  'username',
  'email',
  'emailVerified',
  'firstName',
  'lastName',
  'enabled',
  'federationLink',
  'origin',
];

/** An LDAP federation notes them; they would make an update of nothing. */
const STAMPS = new Set(['modifyTimestamp', 'createTimestamp']);

/** Nothing for a service account: Keycloak lists none, but says so if it does. */
export function mapUser(value: JsonValue, names: AttributeNames): readonly SnapshotRecord[] {
  let isServiceAccount = false;
  const record = decodeRecord(value, 'user', (user) => {
    isServiceAccount = user.optionalText('serviceAccountClientId') !== null;
    return toRecord(user, names);
  });
  return isServiceAccount ? [] : [record];
}

function toRecord(user: Fields, names: AttributeNames): SnapshotRecord {
  const sourceId = user.text('id');
  if (!Object.hasOwn(user.pick(['enabled']), 'enabled'))
    return { kind: 'invalid', of: 'user', id: sourceId, problem: '"enabled" is missing.' };
  const active = user.boolean('enabled', false);
  const email = user.optionalText('email');
  const attributes = readAttributes(user.object('attributes'));
  return {
    kind: 'user',
    user: {
      sourceId,
      userName: user.text('username'),
      email,
      emails: email === null ? [] : [{ primary: true, type: 'work', value: email }],
      firstName: user.optionalText('firstName'),
      lastName: user.optionalText('lastName'),
      name: null,
      jobTitle: firstOf(getOwn(attributes, names.title)),
      active,
      stateReason: active ? null : 'suspended',
      // A federation that keeps its people to itself has no such time; Keycloak then says that of now.
      raw: { ...user.pick(federationIn(sourceId) === null ? [...RAW, 'createdTimestamp'] : RAW), attributes },
      customAttributes: customOf(attributes, names),
    },
  };
}

/** Every attribute is a list of texts. */
function readAttributes(attributes: Fields): Record<string, string[]> {
  const read = attributes
    .keys()
    .filter((key) => !STAMPS.has(key))
    .map((key): [string, string[]] => [key, attributes.texts(key)])
    .filter(([, values]) => values.length > 0);
  return Object.fromEntries(read);
}

function customOf(attributes: Readonly<Record<string, string[]>>, names: AttributeNames): JsonObject {
  const standard: Readonly<Record<string, string>> = {
    [names.department]: 'department_name',
    [names.manager]: 'manager_name',
    [names.employeeNumber]: 'employee_number',
  };
  return Object.fromEntries(
    Object.entries(attributes)
      .filter(([key]) => key !== names.title)
      .map(([key, values]): [string, JsonValue] => [
        getOwn(standard, key) ?? key,
        values.length === 1 ? (values[0] as string) : values,
      ]),
  );
}

function firstOf(values: readonly string[] | undefined): string | null {
  const first = values?.[0]?.trim() ?? '';
  return first === '' ? null : first;
}
