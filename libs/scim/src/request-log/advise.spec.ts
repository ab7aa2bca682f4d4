import { describe, expect, it } from '@jest/globals';
import { adviseOn } from './advise.js';

type Refusal = Parameters<typeof adviseOn>[0];

const KNOWN = { isAddress: false, isLogin: false, isPaused: false };

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
