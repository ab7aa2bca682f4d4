import { describe, expect, it } from '@jest/globals';
import { InvalidInputError } from '#kernel';
import { createAddressPolicy } from '#outbound';
import { createOutbound } from './outbound.js';
import { NameResolutionError, type NameResolver } from '#outbound';

const NAMES: Readonly<Record<string, readonly string[]>> = {
  'public.example': ['93.184.215.14', '2606:2800:21f:cb07:6820:80da:af6b:8b2c'],
  'internal.example': ['10.1.2.3'],
  'mixed.example': ['93.184.215.14', '10.1.2.3'],
  'mixed6.example': ['93.184.215.14', 'fd00::1'],
  'metadata.google.internal': ['169.254.169.254'],
  'half-allowed.example': ['10.1.2.3', '93.184.215.14'],
  localhost: ['127.0.0.1', '::1'],
};

const resolver: NameResolver = {
  resolve: (name) =>
    name in NAMES
      ? Promise.resolve(NAMES[name] as readonly string[])
      : Promise.reject(new NameResolutionError(name, { isTimeout: false })),
};

const check = (url: string, allow = ''): Promise<void> =>
  createOutbound({ allow, resolver }).checkEndpointUrl(url);

const REFUSED = [
  // plain literals
  'https://127.0.0.1/',
  'https://127.255.255.254/',
  'https://0.0.0.0/',
  'https://10.0.0.1/',
  'https://172.16.0.1/',
  'https://172.31.255.255/',
  'https://192.168.1.1/',
  'https://169.254.169.254/latest/meta-data/',
  'https://100.64.0.1/',
  'https://100.100.100.200/',
  'https://192.0.0.192/',
  'https://192.0.2.1/',
  'https://198.18.0.1/',
  'https://198.51.100.1/',
  'https://203.0.113.1/',
  'https://224.0.0.1/',
  'https://240.0.0.1/',
  'https://255.255.255.255/',
  'https://168.63.129.16/',
  // other spellings of the same numbers
  'https://127.1/',
  'https://0x7f.1/',
  'https://0177.0.0.1/',
  'https://2130706433/',
  'https://0x7f000001/',
  'https://127。0。0。1/',
  'https://①②⑦.⓪.⓪.①/',
  'https://0/',
  'https://3232235777/',
  'https://%31%32%37.0.0.1/',
  'https://0250.0077.0201.0020/',
  // IPv6
  'https://[::1]/',
  'https://[::]/',
  'https://[0:0:0:0:0:0:0:1]/',
  'https://[fe80::1]/',
  'https://[fc00::1]/',
  'https://[fd00:ec2::254]/',
  'https://[ff02::1]/',
  'https://[2001:db8::1]/',
  'https://[3fff::1]/',
  'https://[5f00::1]/',
  'https://[100::1]/',
  // IPv4 inside IPv6
  'https://[::ffff:127.0.0.1]/',
  'https://[::ffff:7f00:1]/',
  'https://[::ffff:10.0.0.1]/',
  'https://[::ffff:93.184.215.14]/',
  'https://[::127.0.0.1]/',
  'https://[::ffff:0:127.0.0.1]/',
  'https://[64:ff9b::7f00:1]/',
  'https://[64:ff9b::10.0.0.1]/',
  'https://[64:ff9b:1::10.0.0.1]/',
  'https://[2002:7f00:1::]/',
  'https://[2002:a00:1::]/',
  'https://[2001::1]/',
  // names
  'https://localhost/',
  'https://LOCALHOST./',
  'https://internal.example/',
  'https://mixed.example/',
  'https://mixed6.example/',
  'https://metadata.google.internal/',
  // plain HTTP needs the allow list
  'http://public.example/',
  'http://93.184.215.14/',
  'http://internal.example/',
  'http://unknown.example/',
  // what is not an address for us
  'ftp://public.example/',
  'file:///etc/passwd',
  'gopher://public.example/',
  'javascript:alert(1)',
  'public.example/hooks',
  '//public.example/',
  '',
  'https://',
  'https://user@public.example/',
  'https://user:secret@public.example/',
  'https://public.example@127.0.0.1/',
  'https://public.example:22/',
  'https://public.example:25/',
  'https://public.example:1023/',
  'https://public.example:0/',
  'https://public.example:65536/',
  `https://public.example/${'x'.repeat(2_048)}`,
];

const ACCEPTED = [
  'https://public.example/',
  'https://public.example./hooks?x=1',
  'https://PUBLIC.example/hooks',
  'https://public.example:8443/',
  'https://public.example:1024/',
  'https://public.example:80/',
  'https://93.184.215.14/',
  'https://[2606:2800:21f:cb07:6820:80da:af6b:8b2c]/',
  // It may be registered tomorrow; every connection checks again.
  'https://unknown.example/',
];

describe('checkEndpointUrl', () => {
  it.each(REFUSED)('refuses %s', async (url) => {
    const error = await check(url).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(InvalidInputError);
    expect((error as InvalidInputError).code).toBe('invalid_url');
  });

  it.each(ACCEPTED)('accepts %s', async (url) => {
    await expect(check(url)).resolves.toBeUndefined();
  });

  it('never says which address it was', async () => {
    await expect(check('https://internal.example/')).rejects.toThrow(/^address not allowed/);
    await expect(check('https://internal.example/')).rejects.not.toThrow(/10\.1\.2\.3/);
  });

  it('lets the allow list through, without TLS too', async () => {
    const allow = '10.0.0.0/8, 127.0.0.0/8, ::1/128';
    for (const url of [
      'http://internal.example/',
      'https://internal.example/',
      'http://localhost:3000/',
      'http://[::ffff:127.0.0.1]/',
    ])
      await expect(check(url, allow)).resolves.toBeUndefined();
    await expect(check('http://half-allowed.example/', allow)).rejects.toThrow('https://');
    await expect(check('http://192.168.1.1/', allow)).rejects.toThrow('address not allowed');
    await expect(check('http://[::127.0.0.1]/', allow)).rejects.toThrow('address not allowed');
  });
});

describe('createAddressPolicy', () => {
  it('says which part of the setting is no network', () => {
    expect(() => createAddressPolicy('10.0.0.0/8, ten')).toThrow('"ten" is not a network');
    expect(() => createAddressPolicy('10.0.0.0/33')).toThrow('"10.0.0.0/33"');
  });

  it('takes a single address as a network of one', () => {
    const policy = createAddressPolicy('10.1.2.3');
    expect(policy.isAllowed('10.1.2.3', false)).toBe(true);
    expect(policy.isAllowed('10.1.2.4', false)).toBe(false);
  });

  it('refuses what is no address', () => {
    expect(createAddressPolicy('0.0.0.0/0').isAllowed('', true)).toBe(false);
  });
});
