import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isJsonObject, type JsonObject, type JsonValue } from '#kernel';
import { arbitraryUserResource } from '../filter/filter-arbitraries.js';
import { readResource } from '../read-resource.js';
import { ENTERPRISE_USER_URN as ENTERPRISE } from '../schema/urns.js';
import { LENIENT_TOLERANCE, RFC_TOLERANCE } from '../tolerance.js';
import { applyPatch } from './apply-patch.js';
import { fromBrief, type BriefOperation } from './patch-testing.js';

/** Users as they are stored: what `readResource` makes of a random body. */
const user: fc.Arbitrary<JsonObject> = arbitraryUserResource.map(stored).filter((read) => read !== undefined);

const text = fc.constantFrom('a', 'A', ' x ', 'ß', '😀', '"', '\\', 'work');
const email = fc.record({ value: text, type: text, display: text }, { requiredKeys: ['value'] });

/** Operations that set something, with what they set it to. */
const setting: fc.Arbitrary<BriefOperation> = fc.oneof(
  fc
    .tuple(fc.constantFrom('title', 'nickName', 'userName'), text)
    .map(([path, value]) => op('replace', path, value)),
  fc.record({ givenName: text, familyName: text }).map((value) => op('replace', 'name', value)),
  text.map((value) => op('replace', 'name.familyName', value)),
  fc.array(email, { minLength: 1, maxLength: 3 }).map((value) => op('replace', 'emails', value)),
  text.map((value) => op('replace', `emails[type eq ${JSON.stringify(value)}].value`, value)),
  text.map((value) => op('replace', `${ENTERPRISE}:department`, value)),
  text.map((value) => op('replace', `${ENTERPRISE}:manager`, value)),
);

const adding: fc.Arbitrary<BriefOperation> = fc.oneof(
  setting.map(([, path, value]) => op('add', path, value)),
  fc.array(email, { maxLength: 3 }).map((value) => op('add', 'emails', value)),
  fc.array(email, { maxLength: 3 }).map((value) => op('add', undefined, { emails: value, title: 't' })),
);

describe('laws of PATCH', () => {
  it('adding twice is adding once', () => {
    fc.assert(
      fc.property(user, adding, (resource, operation) => {
        const once = patch(resource, operation);
        expect(patch(once, operation)).toEqual(once);
      }),
    );
  });

  it('replacing twice is replacing once', () => {
    fc.assert(
      fc.property(user, setting, (resource, operation) => {
        const once = patch(resource, operation);
        expect(patch(once, operation)).toEqual(once);
      }),
    );
  });

  it('what was replaced reads back', () => {
    fc.assert(
      fc.property(
        user,
        text,
        fc.uniqueArray(email, { minLength: 1, selector: (e) => JSON.stringify(e) }),
        (...args) => {
          const [resource, title, emails] = args;
          const after = patch(resource, op('replace', 'title', title), op('replace', 'emails', emails));
          expect(after['title']).toBe(title);
          expect(after['emails']).toEqual(emails);
        },
      ),
    );
  });

  it('removing after adding restores', () => {
    const added = email.map((value) => ({ ...value, type: 'only here' }));
    fc.assert(
      fc.property(user, added, (resource, value) => {
        const restored = patch(
          resource,
          op('add', 'emails', [value]),
          op('remove', 'emails[type eq "only here"]'),
        );
        expect(restored).toEqual(resource);
      }),
    );
  });

  it('never changes the given resource', () => {
    fc.assert(
      fc.property(user, fc.array(fc.oneof(setting, adding, removing())), (resource, operations) => {
        const frozen = deepFreeze(structuredClone(resource));
        attempt(frozen, operations);
        expect(frozen).toEqual(resource);
      }),
    );
  });

  it('keeps the order and the values of what it does not touch', () => {
    fc.assert(
      fc.property(user, setting, (resource, operation) => {
        const after = patch(resource, operation);
        const kept = Object.keys(after).filter((key) => Object.hasOwn(resource, key));
        expect(kept).toEqual(Object.keys(resource));
        const touched = Object.keys(after).filter((key) => after[key] !== resource[key]);
        expect(touched.length).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('leaves at most one primary element', () => {
    const primary = fc
      .constantFrom('a', 'b', 'work')
      .map((type) => op('add', `emails[type eq "${type}"].primary`, true));
    fc.assert(
      fc.property(user, fc.array(fc.oneof(primary, adding), { minLength: 1 }), (resource, operations) => {
        const emails = patch(resource, ...operations)['emails'] ?? [];
        const primaries = (emails as JsonValue[]).filter(
          (entry) => isJsonObject(entry) && entry['primary'] === true,
        );
        expect(primaries.length).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('leaves a resource that a POST would store unchanged', () => {
    fc.assert(
      fc.property(user, fc.array(fc.oneof(setting, adding, removing())), (resource, operations) => {
        const after = attempt(resource, operations);
        fc.pre(after !== undefined);
        expect(readResource('User', after, LENIENT_TOLERANCE).resource).toEqual(after);
      }),
    );
  });
});

function op(verb: BriefOperation[0], path: string | undefined, value?: JsonValue): BriefOperation {
  return [verb, path, value];
}

function removing(): fc.Arbitrary<BriefOperation> {
  return fc
    .constantFrom(
      'title',
      'name',
      'name.familyName',
      'emails',
      'emails.type',
      'emails[type eq "a"]',
      ENTERPRISE,
    )
    .map((path) => op('remove', path));
}

function patch(resource: JsonObject, ...operations: BriefOperation[]): JsonObject {
  return applyPatch('User', resource, operations.map(fromBrief), RFC_TOLERANCE).resource;
}

function attempt(resource: JsonObject, operations: BriefOperation[]): JsonObject | undefined {
  try {
    return patch(resource, ...operations);
  } catch {
    return undefined;
  }
}

function stored(body: JsonObject): JsonObject | undefined {
  try {
    return readResource('User', body, LENIENT_TOLERANCE).resource;
  } catch {
    return undefined;
  }
}

function deepFreeze<T extends JsonValue>(value: T): T {
  if (typeof value === 'object' && value !== null) Object.values(Object.freeze(value)).forEach(deepFreeze);
  return value;
}
