import { describe, expect, it } from '@jest/globals';
import type { JsonObject, JsonValue } from '#kernel';
import { STRICT_TOLERANCE } from '../tolerance.js';
import { readOperations } from './read-operations.js';

describe('readOperations', () => {
  it.each<[JsonObject, unknown[]]>([
    [{ Operations: [] }, []],
    [{ operations: [{ op: 'Add', path: 'title', value: 'x' }] }, [{ op: 'add', path: 'title', value: 'x' }]],
    [
      { Operations: { OP: 'REPLACE', Value: { active: false } } },
      [{ op: 'replace', value: { active: false } }],
    ],
    [{ Operations: [{ op: ' Remove ', path: 'title' }] }, [{ op: 'remove', path: 'title' }]],
    [{ Operations: [{ op: 'add', path: null, value: null }] }, [{ op: 'add', value: null }]],
    [{ Operations: [{ op: 'add', path: ' ', value: {} }] }, [{ op: 'add', value: {} }]],
    [{ schemas: [], Operations: [] }, []],
  ])('reads %j', (body, expected) => {
    expect(readOperations(body)).toEqual(expected);
  });

  it.each<[JsonValue, string]>([
    ['x', 'invalidSyntax'],
    [null, 'invalidSyntax'],
    [['x'], 'invalidSyntax'],
    [[{ path: 'title' }], 'invalidSyntax'],
    [[{ op: 'move' }], 'invalidSyntax'],
    [[{ op: 7 }], 'invalidSyntax'],
    [[{ op: 'add', path: 7 }], 'invalidPath'],
  ])('refuses Operations %j', (operations, scimType) => {
    expect(() => readOperations({ Operations: operations })).toThrow(
      expect.objectContaining({ status: 400, scimType }),
    );
  });

  it('explains a SCIM 1.1 body', () => {
    expect(() => readOperations({ active: false })).toThrow('SCIM 1.1');
  });

  it('takes a thousand operations and refuses more at once', () => {
    const many = (count: number): JsonObject => ({
      Operations: Array.from({ length: count }, () => ({ op: 'add', path: 'title', value: 'x' })),
    });
    expect(readOperations(many(1_000))).toHaveLength(1_000);
    const body = many(10_000);
    expect(() => readOperations(body)).toThrow(
      expect.objectContaining({
        scimType: 'tooMany',
        attribute: 'Operations',
        detail: expect.stringContaining('1000'),
      }),
    );
  });

  it('wants the message schema in strict mode', () => {
    expect(() => readOperations({ Operations: [] }, STRICT_TOLERANCE)).toThrow('schemas');
    const schemas = ['urn:ietf:params:scim:api:messages:2.0:PatchOp'];
    const Operations = [{ op: 'remove', path: 'title' }];
    expect(readOperations({ schemas, Operations }, STRICT_TOLERANCE)).toEqual(Operations);
    expect(() => readOperations({ schemas, Operations: [] }, STRICT_TOLERANCE)).toThrow('empty');
    const shouted = [{ op: 'Remove', path: 'title' }];
    expect(() => readOperations({ schemas, Operations: shouted }, STRICT_TOLERANCE)).toThrow('lower case');
  });
});
