import { describe, expect, it } from '@jest/globals';
import type { SnapshotMembership } from '#model';
import type { Source } from '../sdk/contract.js';
import { SourceError, type SourceErrorCode } from '../sdk/source-error.js';
import { Asking } from './asking.js';

describe('what a run asks about absences', () => {
  const edge: SnapshotMembership = { groupId: 'g', member: { kind: 'user', id: 'ada' } };
  const failing = (code: SourceErrorCode): Source => {
    const fail = (): never => {
      throw new SourceError(code, 'no');
    };
    return { streams: fail, check: fail, lookUp: async () => fail(), lookUpMembers: async () => fail() };
  };

  it.each<SourceErrorCode>([
    'insufficient_permissions',
    'config_error',
    'not_found_tenant',
    'source_changed_shape',
  ])('stays unanswered when the question fails with %s, and is told once for each', async (code) => {
    const asking = new Asking(failing(code));
    const { lookUp, lookUpMembers } = asking.facts(true);
    expect(asking.error).toBeNull();
    for (let i = 0; i < 2; i++)
      expect(await lookUp?.('user', ['ada', 'bob'])).toEqual(
        new Map([
          ['ada', 'unanswered'],
          ['bob', 'unanswered'],
        ]),
      );
    expect(await lookUpMembers?.([edge])).toEqual(new Map([[edge, 'unanswered']]));
    expect(asking.error).toMatchObject({ message: expect.stringContaining('2 people or groups') });
  });

  it.each<SourceErrorCode>(['invalid_credentials', 'rate_limited', 'source_unavailable', 'tls_failed'])(
    'ends with %s, which every other request would meet',
    async (code) => {
      const { lookUp, lookUpMembers } = new Asking(failing(code)).facts(true);
      await expect(lookUp?.('user', ['ada'])).rejects.toMatchObject({ code });
      await expect(lookUpMembers?.([edge])).rejects.toMatchObject({ code });
    },
  );

  it('is nothing where the source cannot be asked', () => {
    expect(new Asking({ ...failing('config_error'), lookUpMembers: undefined }).facts(false)).toEqual({});
  });
});
