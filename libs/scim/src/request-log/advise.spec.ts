import { describe, expect, it } from '@jest/globals';
import { anExchange } from '../../test-support/exchanges.js';
import { refusePaused } from '../http/directory-paused.js';
import { ScimError } from '../protocol/errors.js';
import { adviseOn } from './advise.js';
import { toEntry } from './request-log-entry.js';

type Refusal = Parameters<typeof adviseOn>[0];

const KNOWN = { isAddress: false, isLogin: false, isPaused: false };

function thePause(): ScimError {
  const pause = { by: 'Ada', at: '2026-11-24T04:20:41.631Z', reason: null };
  try {
    refusePaused({ id: 'directory_1', name: 'People', pause });
  } catch (error) {
    if (error instanceof ScimError) return error;
  }
  throw new Error('A paused directory was not refused.');
}

describe('adviseOn', () => {
  it.each<[Partial<Refusal>, string]>([
    [{ status: 409, scimType: 'uniqueness', attribute: 'userName' }, 'Two people'],
    [{ status: 409, scimType: 'uniqueness', attribute: 'displayName' }, 'Two groups'],
    [{ status: 409, scimType: 'uniqueness', attribute: 'externalId' }, 'Two objects'],
    [{ status: 409 }, 'Provision this object again'],
    [{ status: 400, scimType: 'invalidPath', attribute: 'x' }, 'attribute mapping'],
    [{ status: 400, scimType: 'invalidCount' }, 'Correct the value'],
    [{ status: 401 }, 'Create a token'],
    [{ status: 418 }, 'Correct the value'],
    [{ status: 502 }, 'request id'],
    [{ status: 501 }, 'Switch this feature off'],
  ])('knows what to do about %j', (refusal, advice) => {
    expect(adviseOn(refusal as Refusal, KNOWN)).toContain(advice);
  });

  it('tells a pause from a fault', () => {
    expect(adviseOn({ status: 503 } as Refusal, { ...KNOWN, isPaused: true })).toContain('Resume it');
    expect(adviseOn({ status: 503 } as Refusal, KNOWN)).toContain('as soon as the service is back');
    expect(toEntry(anExchange({ refusal: thePause() })).fix).toContain('Resume it');
    const fault = new ScimError('no', { status: 503 });
    expect(toEntry(anExchange({ refusal: fault })).fix).toContain('as soon as the service is back');
  });

  it('tells a wrong address from an unknown id', () => {
    expect(adviseOn({ status: 404 } as Refusal, { ...KNOWN, isAddress: true })).toContain('base URL');
    expect(adviseOn({ status: 404 } as Refusal, KNOWN)).toContain('an id that does not exist');
  });

  it('tells somebody who is not let in from somebody who sends too much', () => {
    const login = { ...KNOWN, isLogin: true };
    expect(adviseOn({ status: 404 } as Refusal, login)).toContain('belongs to no directory');
    expect(adviseOn({ status: 429 } as Refusal, login)).toContain('wrong tokens');
    expect(adviseOn({ status: 429 } as Refusal, KNOWN)).toContain('scim_rate_limit');
    expect(adviseOn({ status: 401 } as Refusal, login)).toContain('Create a token');
  });
});
