import { describe, expect, it } from '@jest/globals';

import { ConfigError } from './config.errors.js';
import { publicUrlOf, readConfig } from './read-config.js';

const KEYS = `k1:${Buffer.alloc(32, 1).toString('base64')}`;

function problemsOf(env: NodeJS.ProcessEnv): string[] {
  try {
    readConfig(env, false);
  } catch (error) {
    if (error instanceof ConfigError) return error.message.split('\n');
    throw error;
  }
  return [];
}

describe('readConfig', () => {
  it('has a default for everything', () => {
    expect(readConfig({}, true)).toEqual({
      port: 3000,
      host: '127.0.0.1',
      databaseUrl: undefined,
      dataDir: `${process.cwd()}/.rollcall`,
      roles: 'all',
      publicUrl: undefined,
      secretKeys: undefined,
      bootstrapApiKey: undefined,
      outboundAllow: [],
      sourceOrigins: new Map(),
      scimRateLimit: 5_000,
      failedLogins: 300,
      trustedProxies: [],
      syncConcurrency: 4,
      syncPerEnvironment: 16,
      syncDeadline: 21_600,
      sftpPort: undefined,
      sftpAddress: undefined,
      uploadDays: 30,
      requestLogDays: 30,
      attemptDays: 30,
      eventDays: 90,
      logLevel: 'info',
      logFormat: 'pretty',
    });
  });

  it('reads every variable', () => {
    const config = readConfig(
      {
        PORT: '0',
        HOST: '::',
        DATABASE_URL: 'postgresql://u:p@h/d',
        ROLLCALL_DATA_DIR: '/data',
        ROLLCALL_ROLES: 'worker',
        ROLLCALL_PUBLIC_URL: 'https://rollcall.example.com/',
        ROLLCALL_SECRET_KEYS: KEYS,
        ROLLCALL_BOOTSTRAP_API_KEY: 'a-key-that-nobody-guesses',
        ROLLCALL_OUTBOUND_ALLOW: '10.0.0.0/8, ::1',
        ROLLCALL_SOURCE_ORIGINS:
          'https://graph.microsoft.com = http://127.0.0.1:4000, https://a.test=https://b.test:444/',
        ROLLCALL_SCIM_RATE_LIMIT: '0',
        ROLLCALL_FAILED_LOGINS: '12',
        ROLLCALL_TRUSTED_PROXIES: '10.1.0.0/16,10.2.3.4',
        ROLLCALL_SFTP_PORT: '2222',
        ROLLCALL_SFTP_ADDRESS: '[fd00::1]:22',
        ROLLCALL_UPLOAD_DAYS: '2',
        ROLLCALL_REQUEST_LOG_DAYS: '7',
        ROLLCALL_ATTEMPT_DAYS: '1',
        ROLLCALL_EVENT_DAYS: '3650',
        LOG_LEVEL: 'debug',
        LOG_FORMAT: 'pretty',
      },
      false,
    );
    expect(config).toEqual({
      port: 0,
      host: '::',
      databaseUrl: 'postgresql://u:p@h/d',
      dataDir: '/data',
      roles: 'worker',
      publicUrl: 'https://rollcall.example.com',
      secretKeys: KEYS,
      bootstrapApiKey: 'a-key-that-nobody-guesses',
      outboundAllow: ['10.0.0.0/8', '::1/128'],
      sourceOrigins: new Map([
        ['https://graph.microsoft.com', 'http://127.0.0.1:4000'],
        ['https://a.test', 'https://b.test:444'],
      ]),
      scimRateLimit: 0,
      failedLogins: 12,
      trustedProxies: ['10.1.0.0/16', '10.2.3.4/32'],
      syncConcurrency: 4,
      syncPerEnvironment: 16,
      syncDeadline: 21_600,
      sftpPort: 2_222,
      sftpAddress: { host: 'fd00::1', port: 22 },
      uploadDays: 2,
      requestLogDays: 7,
      attemptDays: 1,
      eventDays: 3_650,
      logLevel: 'debug',
      logFormat: 'pretty',
    });
  });

  it('lists all problems at once, one line each', () => {
    const problems = problemsOf({
      PORT: '99999',
      LOG_LEVEL: 'loud',
      ROLLCALL_OUTBOUND_ALLOW: '10.0.0.0/8,lan',
      ROLLCALL_SFTP_ADDRESS: 'sftp.example.com',
    });
    expect(problems).toEqual([
      'PORT: "99999" is not a whole number from 0 to 65535',
      'ROLLCALL_OUTBOUND_ALLOW: "lan" is not a network like 10.0.0.0/8 or fd00::/8',
      'ROLLCALL_SFTP_ADDRESS: "sftp.example.com" is not a host and a port like sftp.example.com:22',
      'LOG_LEVEL: "loud" is not one of fatal, error, warn, info, debug, trace, silent',
    ]);
  });

  it.each(['-1', '1.5', '0x10', '1e3', ' 1 2'])('refuses the port %j', (port) => {
    expect(problemsOf({ PORT: port })).toHaveLength(1);
  });

  it('treats an empty variable as absent', () => {
    expect(readConfig({ PORT: '', DATABASE_URL: ' ' }, false)).toEqual(readConfig({}, false));
  });

  it('requires keys with DATABASE_URL', () => {
    expect(problemsOf({ DATABASE_URL: 'postgres://h/d' })).toEqual([
      expect.stringMatching(/^ROLLCALL_SECRET_KEYS: is required with DATABASE_URL/),
    ]);
  });

  it('refuses half of the service on a database for one process', () => {
    expect(problemsOf({ ROLLCALL_ROLES: 'api' })).toEqual([
      expect.stringMatching(/^ROLLCALL_ROLES: "api" needs DATABASE_URL/),
    ]);
  });

  it('never repeats a secret', () => {
    const secret = 'hunter2';
    const said = problemsOf({
      DATABASE_URL: `mysql://u:${secret}@h/d`,
      ROLLCALL_SECRET_KEYS: `k1:${secret}`,
      ROLLCALL_BOOTSTRAP_API_KEY: secret,
    });
    expect(said).toHaveLength(3);
    expect(said.join()).not.toContain(secret);
  });
});

describe('publicUrlOf', () => {
  it.each([
    [{ host: '127.0.0.1', publicUrl: undefined }, 'http://127.0.0.1:8080'],
    [{ host: '0.0.0.0', publicUrl: undefined }, 'http://localhost:8080'],
    [{ host: 'fd00::1', publicUrl: undefined }, 'http://[fd00::1]:8080'],
    [{ host: '0.0.0.0', publicUrl: 'https://r.example.com' }, 'https://r.example.com'],
  ])('of %j is %s', (config, url) => {
    expect(publicUrlOf(config, 8080)).toBe(url);
  });
});
