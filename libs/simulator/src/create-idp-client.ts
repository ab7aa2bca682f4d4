import { EntraClient } from './entra/entra-client.js';
import { ENTRA_HEADERS } from './entra/entra-bodies.js';
import type { HttpSend } from './http-send.js';
import type { IdpClient, IdpStyle } from './idp-client.js';
import { OktaClient } from './okta/okta-client.js';
import { oktaWire11 } from './okta/okta-wire-1-1.js';
import { oktaWire20 } from './okta/okta-wire-2-0.js';
import { ScimTransport } from './scim-transport.js';

export interface IdpClientOptions {
  /** Base address of the directory: `…/scim/v2.0/<key>`, for `okta-1-1` `…/scim/v1.1/<key>`. */
  readonly endpoint: string;
  readonly token: string;
  readonly style: IdpStyle;
  readonly send?: HttpSend;
  readonly wait?: (ms: number) => Promise<void>;
}

/** A simulated IdP for one directory. */
export function createIdpClient({ style, ...connection }: IdpClientOptions): IdpClient {
  if (style === 'entra') return new EntraClient(new ScimTransport({ ...connection, headers: ENTRA_HEADERS }));
  const wire = style === 'okta' ? oktaWire20 : oktaWire11;
  return new OktaClient(new ScimTransport({ ...connection, headers: wire.headers }), wire);
}
