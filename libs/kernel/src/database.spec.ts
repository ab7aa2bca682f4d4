import { describe, expect, it } from '@jest/globals';
import { translateOutage } from './database.js';
import { RetryableError } from './errors.js';

const withCode = (code: string): Error => Object.assign(new Error(code), { code });

describe('an outage of the database', () => {
  it.each([
    ['its disk is full', '53100'],
    ['it has no memory left', '53200'],
    ['it has no connection left', '53300'],
    ['it is read-only, because another server takes over', '25006'],
    ['it shuts down', '57P01'],
    ['it has crashed', '57P02'],
    ['it starts', '57P03'],
    ['its statement took too long', '57014'],
    ['its lock took too long', '55P03'],
    ['nobody listens', 'ECONNREFUSED'],
    ['its name is not known for a moment', 'EAI_AGAIN'],
    ['there is no way to it', 'EHOSTUNREACH'],
    ['there is no network', 'ENETUNREACH'],
    ['this process has no descriptor left', 'EMFILE'],
    ['this machine has no port left', 'EADDRNOTAVAIL'],
  ])('is one that passes when %s', (_, code) => {
    const error = withCode(code);
    const translated = translateOutage(error);
    expect(translated).toBeInstanceOf(RetryableError);
    expect(translated).toMatchObject({ cause: error, message: expect.not.stringContaining(code) });
  });

  it.each([withCode('23505'), withCode('42P01'), new Error('surprise'), null, undefined, 'text'])(
    'is not what else goes wrong: %s',
    (error) => expect(translateOutage(error)).toBe(error),
  );
});
