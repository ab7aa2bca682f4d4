import { beforeEach, describe, expect, it } from '@jest/globals';
import { inMemorySecrets } from '#testing';
import type { AccessToken } from './oauth-token.js';
import { refreshAccess, type RotatingSecrets } from './rotating-secrets.js';
import { SourceError } from './source-error.js';

const refused = (): SourceError => new SourceError('invalid_credentials', 'no');

describe('refreshing access', () => {
  /** What happened, in order. */
  let log: string[];
  let secrets: RotatingSecrets;
  beforeEach(() => {
    log = [];
    const memory = inMemorySecrets();
    secrets = {
      current: (field) => memory.current(field),
      replace: (field, change) => {
        log.push(`store ${change.from} > ${change.to}`);
        return memory.replace(field, change);
      },
    };
  });
  let count = 0;
  const exchange = async (refreshToken: string): Promise<AccessToken> => {
    log.push(`exchange ${refreshToken}`);
    count += 1;
    return { value: `a${count}`, expiresInSeconds: 60, refreshToken: `${refreshToken}'` };
  };
  const refresh = (more: Partial<Parameters<typeof refreshAccess>[0]> = {}): Promise<AccessToken> =>
    refreshAccess({ secrets, field: 'refresh_token', entered: 'r', exchange, ...more });

  it('stores the successor before it hands the access token out, and uses it the next time', async () => {
    await refresh();
    log.push('use');
    await refresh();
    expect(log).toEqual(['exchange r', "store r > r'", 'use', "exchange r'", "store r' > r''"]);
  });

  it('hands nothing out when the successor could not be stored', async () => {
    const broken = { ...secrets, replace: () => Promise.reject(new Error('the database is away')) };
    await expect(refresh({ secrets: broken })).rejects.toThrow('away');
  });

  it('stores nothing for a vendor that does not replace the token', async () => {
    const keeps = async (): Promise<AccessToken> => ({ value: 'a', expiresInSeconds: 60 });
    const repeats = async (token: string): Promise<AccessToken> => ({
      ...(await keeps()),
      refreshToken: token,
    });
    expect(await refresh({ exchange: keeps })).toMatchObject({ value: 'a' });
    expect(await refresh({ exchange: repeats })).toMatchObject({ value: 'a' });
    expect(log).toEqual([]);
  });

  it('begins again with the newer one when somebody was quicker to store, and drops its own', async () => {
    const slow = async (token: string): Promise<AccessToken> => {
      const answer = await exchange(token);
      if (token === 'r') await secrets.replace('refresh_token', { from: 'r', to: 'theirs' });
      return answer;
    };
    const { refreshToken } = await refresh({ exchange: slow });
    expect(refreshToken).toBe("theirs'");
    expect(await secrets.current('refresh_token')).toBe("theirs'");
  });

  it('begins again with the newer one when the vendor refuses the older', async () => {
    const used = async (token: string): Promise<AccessToken> => {
      if (token !== 'r') return exchange(token);
      await secrets.replace('refresh_token', { from: 'r', to: 'theirs' });
      throw refused();
    };
    expect(await refresh({ exchange: used })).toMatchObject({ refreshToken: "theirs'" });
  });

  it('gives up at once when the newest one is refused', async () => {
    let asked = 0;
    const never = (): Promise<AccessToken> => {
      asked += 1;
      return Promise.reject(refused());
    };
    await expect(refresh({ exchange: never })).rejects.toMatchObject({ code: 'invalid_credentials' });
    expect(asked).toBe(1);
  });

  it('waits when others replace it every time', async () => {
    const contested = { ...secrets, replace: () => Promise.resolve(false) };
    await expect(refresh({ secrets: contested })).rejects.toMatchObject({ code: 'source_unavailable' });
    expect(log).toHaveLength(3);
  });
});
