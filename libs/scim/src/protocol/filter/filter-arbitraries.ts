import type { JsonObject, JsonValue } from '#kernel';
import fc from 'fast-check';
import { ENTERPRISE_USER_URN, USER_URN } from '../schema/urns.js';
import type { AttributePath, CompareOperator, Filter, Literal } from './ast.js';

/*
 * Random filters and users for property tests. Both draw from one small pool of awkward texts, so that filters often
 * match: other letter case, characters that mean something in LIKE, code points above U+FFFF, composed and decomposed
 * letters, letters whose lower case is surprising.
 */

// prettier-ignore
const TEXTS = [
  'a', 'A', 'ab', 'Ab', 'b', 'ä', 'Ä', 'ß', 'ẞ', 'Σ', 'ς', 'İ', 'e\u0301', 'é', '%', '_', 'a%', 'a_b', '\\', '"', "'",
  ' ', 'a b', ' and ', '()', '[]', '😀', '\uFFFD', 'a😀', 'work', 'Work', 'home', 'true', '1', 'null',
];
const TEXT_OPERATORS = ['eq', 'ne', 'co', 'sw', 'ew', 'gt', 'ge', 'lt', 'le'] as const;
const ORDER_OPERATORS = ['eq', 'ne', 'gt', 'ge', 'lt', 'le'] as const;
const TIMES = [
  '2024-05-01T10:11:12.345Z',
  '2024-05-01T12:11:12.345+02:00',
  '2024-05-01T10:11:12.3451Z',
  '2024-05-02T00:00:00Z',
  '0001-01-01T00:00:00+14:00',
];

/** People whom a manager may be, and addresses that name one of them or nobody. */
const MANAGERS = ['directory_user_01A', 'directory_user_01a', 'directory_user_/ %', 'directory_group_01A'];
const ADDRESSES = [
  ...MANAGERS.map((id) => `https://rollcall.example.com/Users/${encodeURIComponent(id)}`),
  'Users/directory_user_01A',
  'https://rollcall.example.com/Groups/directory_user_01A',
  'directory_user_01A',
  '',
];

type Kind = 'text' | 'boolean' | 'binary' | 'time' | 'address';

const text: fc.Arbitrary<string> = fc.constantFrom('', ...TEXTS);
const filledText: fc.Arbitrary<string> = fc.constantFrom(...TEXTS);

// prettier-ignore
const TEXT_NAMES = [
  'userName', 'USERNAME', 'title', 'displayName', 'externalId', 'id', 'emails', 'email', 'manager', 'roles', 'groups',
  'profileUrl', 'department', 'schemas',
];

/** Attributes of users by the kind of their values; a name alone, with URN, dotted, in odd case, or an alias. */
const ATTRIBUTES: readonly (readonly [AttributePath, Kind])[] = [
  ...TEXT_NAMES.map((attribute) => [{ attribute }, 'text'] as const),
  [{ attribute: 'name', subAttribute: 'familyName' }, 'text'],
  [{ attribute: 'emails', subAttribute: 'type' }, 'text'],
  [{ attribute: 'emails', subAttribute: 'Value' }, 'text'],
  [{ attribute: 'emails', subAttribute: 'primary' }, 'boolean'],
  [{ attribute: 'groups', subAttribute: 'value' }, 'text'],
  [{ attribute: 'groups', subAttribute: 'display' }, 'text'],
  [{ attribute: 'groups', subAttribute: 'type' }, 'text'],
  [{ schema: 'urn:example:custom:1.0:User', attribute: 'BADGE' }, 'text'],
  [{ schema: 'urn:example:custom:1.0:User', attribute: 'badge', subAttribute: 'type' }, 'text'],
  [{ attribute: 'active' }, 'boolean'],
  [{ attribute: 'x509Certificates', subAttribute: 'value' }, 'binary'],
  [{ attribute: 'groups', subAttribute: '$ref' }, 'address'],
  [{ attribute: 'manager', subAttribute: '$REF' }, 'address'],
  [{ attribute: 'meta', subAttribute: 'location' }, 'address'],
  [{ attribute: 'meta', subAttribute: 'created' }, 'time'],
  [{ attribute: 'meta', subAttribute: 'lastModified' }, 'time'],
  [{ attribute: 'meta', subAttribute: 'version' }, 'text'],
  [{ attribute: 'meta', subAttribute: 'resourceType' }, 'text'],
  [{ schema: USER_URN, attribute: 'nickName' }, 'text'],
  [{ schema: ENTERPRISE_USER_URN, attribute: 'department' }, 'text'],
  [{ schema: ENTERPRISE_USER_URN, attribute: 'manager', subAttribute: 'value' }, 'text'],
  [{ attribute: 'unknownAttribute' }, 'text'],
  [{ attribute: 'name', subAttribute: 'unknownPart' }, 'text'],
];

const COMPLEX: readonly AttributePath[] = ['name', 'emails', 'addresses', 'meta', 'manager', 'groups'].map(
  (attribute) => ({ attribute }),
);

const PARTS: readonly (readonly [AttributePath, Kind])[] = [
  [{ attribute: 'value' }, 'text'],
  [{ attribute: 'type' }, 'text'],
  [{ attribute: 'display' }, 'text'],
  [{ attribute: 'primary' }, 'boolean'],
];

/** Any filter on users that our server accepts. */
export const arbitraryFilter: fc.Arbitrary<Filter> = tree(
  fc.oneof(
    { weight: 6, arbitrary: leaf(ATTRIBUTES) },
    { weight: 1, arbitrary: fc.constantFrom(...COMPLEX).map((path): Filter => ({ kind: 'present', path })) },
    { weight: 3, arbitrary: valuePath() },
  ),
);

/** A user as stored: canonical, without `id`, `meta` and `groups`; now and then with a value of the wrong shape. */
export const arbitraryUserResource: fc.Arbitrary<JsonObject> = fc
  .record(
    {
      userName: filledText,
      active: fc.boolean(),
      externalId: filledText,
      title: orWrong(text),
      nickName: orWrong(text),
      displayName: orWrong(text),
      profileUrl: orWrong(text),
      name: orWrong(fc.record({ familyName: orWrong(text), givenName: text }, { requiredKeys: [] })),
      emails: orWrong(fc.array(element(), { maxLength: 3 })),
      addresses: orWrong(
        fc.array(fc.record({ type: text, country: text }, { requiredKeys: [] }), { maxLength: 2 }),
      ),
      roles: orWrong(fc.array(element(), { maxLength: 2 })),
      x509Certificates: orWrong(fc.array(fc.record({ value: text }), { maxLength: 1 })),
      [ENTERPRISE_USER_URN]: orWrong(
        fc.record(
          {
            department: orWrong(text),
            manager: orWrong(
              fc.record({ value: fc.oneof(text, fc.constantFrom(...MANAGERS)) }, { requiredKeys: [] }),
            ),
          },
          { requiredKeys: [] },
        ),
      ),
      'urn:example:custom:1.0:User': orWrong(fc.record({ badge: customValue() }, { requiredKeys: [] })),
    },
    { requiredKeys: ['userName', 'active'] },
  )
  .map((resource) => resource as JsonObject);

/** What nobody has described may be anything. */
function customValue(): fc.Arbitrary<JsonValue> {
  const part = fc.record({ value: text, type: text }, { requiredKeys: [] }) as fc.Arbitrary<JsonValue>;
  const single = fc.oneof(text, fc.constantFrom<JsonValue>(1, true, false, null, {}), part);
  return fc.oneof(single, fc.array(single, { maxLength: 2 }));
}

function tree(leaves: fc.Arbitrary<Filter>): fc.Arbitrary<Filter> {
  const { filter } = fc.letrec<{ filter: Filter }>((tie) => ({
    filter: fc.oneof(
      { maxDepth: 3, depthSize: 'small' },
      leaves,
      fc
        .tuple(
          fc.constantFrom('and' as const, 'or' as const),
          fc.array(tie('filter'), { minLength: 2, maxLength: 3 }),
        )
        .map(([kind, operands]): Filter => ({ kind, operands })),
      tie('filter').map((operand): Filter => ({ kind: 'not', operand })),
    ),
  }));
  return filter;
}

function leaf(attributes: readonly (readonly [AttributePath, Kind])[]): fc.Arbitrary<Filter> {
  return fc.constantFrom(...attributes).chain(([path, kind]) => {
    const comparison = fc
      .tuple(operatorOf(kind), literalOf(kind))
      .map(([operator, literal]): Filter => ({ kind: 'compare', path, operator, literal }));
    const nullTest = fc.constantFrom('eq' as const, 'ne' as const).map((operator): Filter => {
      return { kind: 'compare', path, operator, literal: { kind: 'word', text: 'null' } };
    });
    return fc.oneof(
      { weight: 8, arbitrary: comparison },
      { weight: 1, arbitrary: fc.constant<Filter>({ kind: 'present', path }) },
      { weight: 1, arbitrary: nullTest },
    );
  });
}

function valuePath(): fc.Arbitrary<Filter> {
  const path = fc.constantFrom(
    ...['emails', 'roles', 'ROLES'].map((attribute): AttributePath => ({ attribute })),
  );
  const complex = fc
    .tuple(path, tree(leaf(PARTS)))
    .map(([attribute, filter]): Filter => ({ kind: 'valuePath', path: attribute, filter }));
  const single = tree(leaf([...PARTS.slice(0, 1), [{ attribute: '$ref' }, 'address']])).map(
    (filter): Filter => {
      return { kind: 'valuePath', path: { attribute: 'manager' }, filter };
    },
  );
  const badge = { schema: 'urn:example:custom:1.0:User', attribute: 'badge' };
  const custom = tree(leaf(PARTS)).map((filter): Filter => ({ kind: 'valuePath', path: badge, filter }));
  return fc.oneof(
    { weight: 3, arbitrary: complex },
    { weight: 1, arbitrary: single },
    { weight: 1, arbitrary: custom },
  );
}

function operatorOf(kind: Kind): fc.Arbitrary<CompareOperator> {
  switch (kind) {
    case 'text':
      return fc.constantFrom(...TEXT_OPERATORS);
    case 'time':
      return fc.constantFrom(...ORDER_OPERATORS);
    case 'boolean':
    case 'address':
      return fc.constantFrom('eq', 'ne');
    case 'binary':
      return fc.constantFrom('eq', 'ne', 'co', 'sw', 'ew');
  }
}

function literalOf(kind: Kind): fc.Arbitrary<Literal> {
  const quoted = (values: fc.Arbitrary<string>): fc.Arbitrary<Literal> =>
    values.map((value) => ({ kind: 'string', text: value }));
  const word = (...values: string[]): fc.Arbitrary<Literal> =>
    fc.constantFrom(...values).map((value) => ({ kind: 'word', text: value }));
  switch (kind) {
    case 'boolean':
      return fc.oneof(word('true', 'false', 'True'), quoted(fc.constantFrom('true', 'False')));
    case 'time':
      return fc.oneof(word(...TIMES), quoted(fc.constantFrom(...TIMES)));
    case 'text':
      return fc.oneof({ weight: 4, arbitrary: quoted(text) }, word('a', 'Ab', '1', 'W/', 'true', USER_URN));
    case 'binary':
      return quoted(text);
    case 'address':
      return quoted(fc.constantFrom(...ADDRESSES));
  }
}

function element(): fc.Arbitrary<JsonValue> {
  return orWrong(
    fc.record(
      { value: orWrong(text), type: text, display: text, primary: fc.boolean() },
      { requiredKeys: [] },
    ),
  );
}

/** Custom data and old versions may have left any shape; a filter must survive it. */
function orWrong<T extends JsonValue | object>(right: fc.Arbitrary<T>): fc.Arbitrary<JsonValue> {
  const wrong = fc.constantFrom<JsonValue[]>(null, 7, true, 'a', [], {}, ['a'], [['a']], { value: 'a' }, [
    null,
  ]);
  return fc.oneof(
    { weight: 9, arbitrary: right as fc.Arbitrary<JsonValue> },
    { weight: 1, arbitrary: wrong },
  );
}
