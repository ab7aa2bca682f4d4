import type { JsonObject } from '#kernel';
import { SERVICE_PROVIDER_CONFIG_URN } from './urns.js';

/** What this server offers. Whatever is advertised must work: clients adapt their requests to it. */
export interface ServiceProviderConfigOptions {
  readonly baseUrl: string;
  readonly documentationUri?: string;
  readonly bulkSupported: boolean;
  readonly bulkMaxOperations?: number;
  readonly bulkMaxPayloadSize?: number;
  readonly maxResults?: number;
  readonly defaultPageSize?: number;
  /** Lifetime of a cursor in seconds. Without it there are no cursors, and `pagination` is left out (RFC 9865 5). */
  readonly cursorTimeout?: number;
}

/** The `/ServiceProviderConfig` resource (RFC 7643 5, RFC 9865 5). */
export function serviceProviderConfig(options: ServiceProviderConfigOptions): JsonObject {
  return {
    schemas: [SERVICE_PROVIDER_CONFIG_URN],
    ...(options.documentationUri === undefined ? {} : { documentationUri: options.documentationUri }),
    patch: { supported: true },
    bulk: {
      supported: options.bulkSupported,
      // Given even when bulk is off: clients size their PATCH batches by it.
      maxOperations: options.bulkMaxOperations ?? 1_000,
      maxPayloadSize: options.bulkMaxPayloadSize ?? 1_048_576,
    },
    filter: { supported: true, maxResults: options.maxResults ?? 1_000 },
    changePassword: { supported: false },
    sort: { supported: true },
    etag: { supported: true },
    ...(options.cursorTimeout === undefined ? {} : { pagination: pagination(options) }),
    authenticationSchemes: [
      {
        type: 'oauthbearertoken',
        name: 'Bearer token',
        description: 'The token of the directory in the Authorization header, scheme Bearer.',
        specUri: 'https://www.rfc-editor.org/info/rfc6750',
        primary: true,
      },
      {
        type: 'oauth2',
        name: 'OAuth 2.0 client credentials',
        description:
          'An access token fetched with client id and secret from the token endpoint of the directory, sent as a bearer token.',
        specUri: 'https://www.rfc-editor.org/info/rfc6749',
      },
      {
        type: 'httpbasic',
        name: 'HTTP Basic',
        description: 'The token of the directory as password, with any user name.',
        specUri: 'https://www.rfc-editor.org/info/rfc7617',
        primary: false,
      },
    ],
    meta: {
      resourceType: 'ServiceProviderConfig',
      location: `${options.baseUrl}/ServiceProviderConfig`,
    },
  };
}

function pagination(options: ServiceProviderConfigOptions): JsonObject {
  return {
    cursor: true,
    index: true,
    defaultPaginationMethod: 'index',
    defaultPageSize: options.defaultPageSize ?? 100,
    maxPageSize: options.maxResults ?? 1_000,
    cursorTimeout: options.cursorTimeout as number,
  };
}
