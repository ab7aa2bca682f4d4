import { AuthenticationError } from '#kernel';
import { headerOf } from '../http/messages.js';

/** A request to the token endpoint, as plain data. */
export interface TokenRequest {
  /** The directory's key in the address. */
  readonly externalKey: string;
  readonly method: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: Uint8Array | undefined;
  /** Address of the one who connects, as far as it can be trusted. */
  readonly peer?: string;
  readonly requestId: string;
}

export interface OAuthCredentials {
  readonly id: string;
  readonly secret: string;
}

/** A request that is refused before anybody is asked (RFC 6749 5.2). The message is shown to the client. */
export class TokenRequestError extends Error {
  readonly code: 'invalid_request' | 'unsupported_grant_type';
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    code: TokenRequestError['code'],
    message: string,
    answer: { readonly status?: number; readonly headers?: Readonly<Record<string, string>> } = {},
  ) {
    super(message);
    this.name = 'TokenRequestError';
    this.code = code;
    this.status = answer.status ?? 400;
    this.headers = answer.headers ?? {};
  }
}

const FORM = 'application/x-www-form-urlencoded';
/** A form has three short fields. */
const MAX_BODY_BYTES = 8_192;
const MAX_CREDENTIAL_LENGTH = 512;

/** The parameters of the form; empty ones count as absent (RFC 6749 3.2). */
export function readForm(request: TokenRequest): ReadonlyMap<string, string> {
  if (request.method !== 'POST')
    throw new TokenRequestError('invalid_request', 'The token endpoint takes POST only.', {
      status: 405,
      headers: { allow: 'POST' },
    });
  const type = (headerOf(request, 'content-type') ?? '').split(';')[0]?.trim().toLowerCase();
  if (type !== FORM)
    throw new TokenRequestError('invalid_request', `Send the parameters as a form, Content-Type: ${FORM}.`);
  const body = request.body ?? new Uint8Array();
  if (body.byteLength > MAX_BODY_BYTES)
    throw new TokenRequestError('invalid_request', `The form has more than ${MAX_BODY_BYTES} bytes.`, {
      status: 413,
    });
  return collect(new URLSearchParams(Buffer.from(body).toString('utf8')));
}

function collect(parameters: URLSearchParams): ReadonlyMap<string, string> {
  const form = new Map<string, string>();
  for (const [name, value] of parameters) {
    if (form.has(name))
      throw new TokenRequestError(
        'invalid_request',
        `The parameter "${name.slice(0, 100)}" stands in the form more than once.`,
      );
    if (value !== '') form.set(name, value);
  }
  return form;
}

/**
 * Client id and secret: from HTTP Basic, or from the form.
 * @throws TokenRequestError for both at once (RFC 6749 2.3); AuthenticationError for none
 */
export function readClient(request: TokenRequest, form: ReadonlyMap<string, string>): OAuthCredentials {
  const header = headerOf(request, 'authorization');
  const isInForm = form.has('client_secret');
  if (header !== undefined && isInForm)
    throw new TokenRequestError(
      'invalid_request',
      'Send client id and secret once: in the Authorization header (Basic), or in the form.',
    );
  const client =
    header === undefined
      ? { id: form.get('client_id') ?? '', secret: form.get('client_secret') ?? '' }
      : readBasic(header);
  const isUsable = [client.id, client.secret].every(
    (text) => text !== '' && text.length <= MAX_CREDENTIAL_LENGTH,
  );
  if (!isUsable)
    throw new AuthenticationError(
      'Client id or secret is missing. Send them in the Authorization header (Basic), or as client_id and client_secret in the form.',
    );
  return client;
}

/** Both halves are form-encoded before they are joined (RFC 6749 2.3.1). */
function readBasic(header: string): OAuthCredentials {
  const [, credential = ''] = /^basic +([A-Za-z0-9+/_=-]{1,2048})$/i.exec(header) ?? [];
  const text = Buffer.from(credential, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  if (colon === -1) return { id: '', secret: '' };
  return { id: formDecoded(text.slice(0, colon)), secret: formDecoded(text.slice(colon + 1)) };
}

function formDecoded(text: string): string {
  return new URLSearchParams(`v=${text.replaceAll('&', '%26')}`).get('v') ?? '';
}
