import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { NestFactory } from '@nestjs/core';
import { ConnectorRegistry } from '#connectors';
import { API_SCOPES, type ApiScope } from '#directory';
import { AuthenticationError } from '#kernel';
import { ApiModule, type ApiModuleOptions } from '../src/api.module.js';
import { API_SERVER_OPTIONS, sendRequestIds } from '../src/edge/server-options.js';

/** Stand-ins for the services: each names the methods that the test expects to be called, nothing else. */
export type Fakes = {
  readonly [K in keyof Omit<ApiModuleOptions, 'settings'>]?: Partial<
    Record<keyof ApiModuleOptions[K], unknown>
  >;
};

/** What a request got. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
  json(): Record<string, unknown>;
}

export interface Ask {
  readonly body?: unknown;
  /** Scopes of the API key, all but `instance:admin` when absent; null sends no key. */
  readonly scopes?: readonly ApiScope[] | null;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface ApiUnderTest {
  readonly app: NestFastifyApplication;
  ask(method: string, url: string, options?: Ask): Promise<Answer>;
}

const DEFAULT_SCOPES = API_SCOPES.filter((scope) => scope !== 'instance:admin');

/** The API on a Fastify server that listens nowhere. A key's text is its comma-separated scopes. */
export async function apiUnderTest(fakes: Fakes = {}): Promise<ApiUnderTest> {
  const connectors = new ConnectorRegistry([]);
  const options = {
    environments: {},
    connectors,
    ...fakes,
    settings: SETTINGS,
  } as unknown as ApiModuleOptions;
  Object.assign(options.environments, { authenticate });
  const adapter = new FastifyAdapter({ ...API_SERVER_OPTIONS });
  const app = await NestFactory.create<NestFastifyApplication>(
    ApiModule.register(withGaps(options)),
    adapter,
    {
      logger: false,
      bodyParser: false,
    },
  );
  const fastify = adapter.getInstance();
  sendRequestIds(fastify);
  fastify.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  fastify.removeContentTypeParser(['application/json', 'text/plain']);
  await app.init();
  await fastify.ready();
  return { app, ask: (method, url, ask = {}) => inject(app, { method, url, ...ask }) };
}

const SETTINGS = {
  publicUrl: 'https://sync.example.com/',
  dialects: new Map([
    ['okta', 'okta'],
    ['entra', 'entra'],
    ['azure', 'entra'],
    ['generic', 'generic'],
    ['keycloak', 'keycloak'],
  ]),
  version: '0.0.0',
  sftp: { host: 'sync.example.com', port: 2222, hostKeys: ['SHA256:key'] },
};

async function authenticate(key: string): Promise<object> {
  if (key === 'unknown') throw new AuthenticationError('The API key is not valid.');
  return { environmentId: 'environment_1', apiKeyId: 'api_key_1', scopes: key.split(',') };
}

/** A service that the test gave no fake for refuses every call. */
function withGaps(options: ApiModuleOptions): ApiModuleOptions {
  return new Proxy(options, { get: (target, name) => Reflect.get(target, name) ?? {} });
}

async function inject(
  app: NestFastifyApplication,
  ask: Ask & { method: string; url: string },
): Promise<Answer> {
  const scopes = ask.scopes === undefined ? DEFAULT_SCOPES : ask.scopes;
  const payload = typeof ask.body === 'string' ? ask.body : JSON.stringify(ask.body);
  const response = await app.inject({
    method: ask.method as 'GET',
    url: ask.url,
    headers: {
      'content-type': 'application/json',
      ...(scopes && { authorization: `Bearer ${scopes.join(',')}` }),
      ...ask.headers,
    },
    ...(payload === undefined ? {} : { payload }),
  });
  return {
    status: response.statusCode,
    headers: response.headers,
    text: response.body,
    json: () => response.json<Record<string, unknown>>(),
  };
}
