import { createHash } from 'node:crypto';
import { InvalidInputError, type JsonObject, type JsonValue } from '#kernel';
import type { SourceHttp, SourceRequest } from './http/source-http.js';
import type {
  AnswerCondition,
  Authorization,
  AuthorizationEndpoints,
  ConnectorManifest,
  FormField,
} from './manifest.js';
import { clientBasic, requestToken, type AccessToken } from './oauth-token.js';

type Described = Pick<ConnectorManifest, 'form' | 'scopes' | 'authorization'>;

/** Stands for the refresh token while a form is read to which it is still to come. */
const TO_COME = 'comes with the consent';

/** How one connection gets its refresh token by consent. */
export interface ConsentPlan {
  readonly authorization: Authorization;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Addresses with the answers filled in. */
  readonly authorizationUrl: string;
  readonly tokenUrl: string;
  /** What is asked for; empty where the scopes belong to the application. */
  readonly scopes: readonly string[];
  /** Those of them without which nothing can be read. */
  readonly neededScopes: readonly string[];
}

/** What a connection's refresh token comes from; undefined where no consent page has anything to do with it. */
export function authorizationOf(manifest: Described, answers: JsonObject): Authorization | undefined {
  const { authorization, form } = manifest;
  return authorization !== undefined && holds(authorization.when, form, answers) ? authorization : undefined;
}

/** Whether the refresh token is still to come from an admin's consent. */
export function awaitsConsent(manifest: Described, answers: JsonObject): boolean {
  const authorization = authorizationOf(manifest, answers);
  return authorization !== undefined && !isGiven(answers[authorization.fields.refreshToken]);
}

/** The form as it is read: a refresh token that comes by consent is not required. */
export function formBeforeConsent(manifest: Described, answers: JsonObject): readonly FormField[] {
  const field = authorizationOf(manifest, answers)?.fields.refreshToken;
  return manifest.form.map((asked) => (asked.key === field ? { ...asked, required: false } : asked));
}

/** Answers with something in the place of a refresh token that is still to come, to check all the others. */
export function asIfConsented(manifest: Described, answers: JsonObject): JsonObject {
  const field = authorizationOf(manifest, answers)?.fields.refreshToken;
  return field === undefined || isGiven(answers[field]) ? answers : { ...answers, [field]: TO_COME };
}

/** @throws InvalidInputError when an answer is missing that the address of the consent page is made of. */
export function consentPlan(manifest: Described, answers: JsonObject): ConsentPlan | undefined {
  const authorization = authorizationOf(manifest, answers);
  if (authorization === undefined) return undefined;
  const { form } = manifest;
  const { clientId, clientSecret } = authorization.fields;
  const endpoints = authorization.endpoints.find(({ when }) => holds(when, form, answers));
  if (endpoints === undefined) throw new Error('the last of the endpoints of a connector is for all answers');
  const asked = manifest.scopes.filter(({ when }) => endpoints.requestsScopes && holds(when, form, answers));
  return {
    authorization,
    clientId: text(answers[clientId]),
    clientSecret: text(answers[clientSecret]),
    ...fillIn(endpoints, form, answers),
    scopes: asked.map(({ scope }) => scope),
    neededScopes: asked.filter(({ required }) => required).map(({ scope }) => scope),
  };
}

export interface ConsentRequest {
  readonly redirectUri: string;
  readonly state: string;
  /** Null without a proof key. */
  readonly verifier: string | null;
}

/** Address of the vendor's consent page (RFC 6749, 4.1.1; RFC 7636, 4.3). */
export function consentUrl(plan: ConsentPlan, { redirectUri, state, verifier }: ConsentRequest): string {
  const url = new URL(plan.authorizationUrl);
  const parameters = {
    response_type: 'code',
    client_id: plan.clientId,
    redirect_uri: redirectUri,
    ...(plan.scopes.length > 0 && { scope: plan.scopes.join(' ') }),
    ...plan.authorization.parameters,
    ...(verifier !== null && { code_challenge: challengeOf(verifier), code_challenge_method: 'S256' }),
    state,
  };
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  return url.href;
}

/** Exchanges a code at the token endpoint (RFC 6749, 4.1.3). @param http of the endpoint's origin @throws SourceError */
export function exchangeCode(
  http: SourceHttp,
  plan: ConsentPlan,
  grant: { readonly code: string; readonly redirectUri: string; readonly verifier: string | null },
): Promise<AccessToken> {
  const { authorization, clientId, clientSecret, tokenUrl } = plan;
  const isBasic = authorization.clientAuthentication === 'basic';
  const fields = {
    grant_type: 'authorization_code',
    code: grant.code,
    redirect_uri: grant.redirectUri,
    ...(!isBasic && { client_id: clientId, client_secret: clientSecret }),
    ...(grant.verifier !== null && { code_verifier: grant.verifier }),
  };
  const request: SourceRequest = {
    path: new URL(tokenUrl).pathname,
    ...(isBasic && { headers: { authorization: clientBasic(clientId, clientSecret) } }),
    ...(authorization.tokenRequest === 'json' ? { json: fields } : { form: fields }),
  };
  return requestToken(http, request);
}

/** Needed scopes that were not granted. An answer that names none grants what was asked for (RFC 6749, 5.1). */
export function missingScopes(plan: ConsentPlan, token: AccessToken): readonly string[] {
  const { scopes: granted } = token;
  return granted === undefined ? [] : plan.neededScopes.filter((scope) => !granted.includes(scope));
}

/** What is wrong with a connector's data; undefined when nothing is. */
export function authorizationProblem(manifest: Described): string | undefined {
  const unknown = keysIn(manifest).find((key) => !manifest.form.some((field) => field.key === key));
  if (unknown !== undefined) return `names "${unknown}", which the form does not ask for`;
  const { authorization, form } = manifest;
  if (authorization === undefined) return undefined;
  if (authorization.endpoints.at(-1)?.when !== undefined) return 'has no endpoints for the other answers';
  const { clientSecret, refreshToken } = authorization.fields;
  const shown = form.find(({ key, secret }) => !secret && [clientSecret, refreshToken].includes(key));
  if (shown !== undefined) return `takes "${shown.key}" from a field that is no secret`;
  const urls = authorization.endpoints.flatMap(({ authorizationUrl, tokenUrl }) => [
    authorizationUrl,
    tokenUrl,
  ]);
  // The host is the connector's word, never an answer: nobody sends our client secret elsewhere.
  const odd = urls.find((url) => !/^https:\/\/[a-z0-9.-]+\/[^?#]*$/.test(url));
  return odd === undefined ? undefined : `has "${odd}", which is no https address with a host of its own`;
}

/** Fields of the form that an authorization, or the scopes that it asks for, depend on. */
function keysIn({ scopes, authorization }: Described): string[] {
  const endpoints = authorization?.endpoints ?? [];
  const conditions = [...scopes, ...endpoints].map(({ when }) => when).concat(authorization?.when);
  return [
    ...conditions.flatMap((when) => (when === undefined ? [] : [when.key])),
    ...Object.values(authorization?.fields ?? {}),
    ...endpoints.flatMap((each) => placeholdersOf(each)),
  ];
}

function challengeOf(verifier: string): string {
  return createHash('sha256').update(verifier, 'ascii').digest('base64url');
}

const PLACEHOLDER = /\{(\w+)\}/g;

function placeholdersOf({ authorizationUrl, tokenUrl }: AuthorizationEndpoints): string[] {
  return [...`${authorizationUrl} ${tokenUrl}`.matchAll(PLACEHOLDER)].map(([, key]) => String(key));
}

function fillIn(
  endpoints: AuthorizationEndpoints,
  form: readonly FormField[],
  answers: JsonObject,
): Pick<ConsentPlan, 'authorizationUrl' | 'tokenUrl'> {
  const missing = placeholdersOf(endpoints).find((key) => !isGiven(answers[key]));
  if (missing !== undefined) {
    const label = form.find(({ key }) => key === missing)?.label ?? missing;
    const message = `${label} is required: the address of the consent page is made of it.`;
    throw new InvalidInputError('Validation failed', { problems: [{ field: `config.${missing}`, message }] });
  }
  const fill = (url: string): string =>
    url.replaceAll(PLACEHOLDER, (_, key: string) => encodeURIComponent(text(answers[key])));
  return { authorizationUrl: fill(endpoints.authorizationUrl), tokenUrl: fill(endpoints.tokenUrl) };
}

function holds(when: AnswerCondition | undefined, form: readonly FormField[], answers: JsonObject): boolean {
  if (when === undefined) return true;
  const answer = answers[when.key] ?? form.find(({ key }) => key === when.key)?.default;
  if ('is' in when) return answer === when.is;
  if ('given' in when) return isGiven(answer);
  return !(Array.isArray(answer) && answer.includes(when.lacks));
}

function isGiven(answer: JsonValue | undefined): boolean {
  return typeof answer === 'string' && answer.trim() !== '';
}

function text(answer: JsonValue | undefined): string {
  return typeof answer === 'string' ? answer.trim() : '';
}
