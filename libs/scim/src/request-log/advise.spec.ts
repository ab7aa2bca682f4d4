import { describe, expect, it } from '@jest/globals';
import { adviseOn } from './advise.js';

type Refusal = Parameters<typeof adviseOn>[0];

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
    expect(adviseOn(refusal as Refusal, false)).toContain(advice);
  });

  it('tells a wrong address from an unknown id', () => {
    expect(adviseOn({ status: 404 } as Refusal, true)).toContain('base URL');
    expect(adviseOn({ status: 404 } as Refusal, false)).toContain('an id that does not exist');
  });
});
