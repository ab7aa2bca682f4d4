/** One question of a connector's form. Secrets are write-only: stored sealed, never shown again. */
export interface FormField {
  /** snake_case, as in the API. */
  readonly key: string;
  readonly label: string;
  readonly type: 'string' | 'text' | 'number' | 'boolean' | 'choice' | 'list';
  readonly required: boolean;
  readonly secret: boolean;
  /** A secret that the vendor replaces while it is used; see `RotatingSecrets`. */
  readonly rotates?: boolean;
  /** Where the admin finds it, in one or two sentences. */
  readonly help: string;
  /** JavaScript regular expression that a given string has to match as a whole. */
  readonly pattern?: string;
  readonly choices?: readonly { readonly value: string; readonly label: string }[];
  readonly default?: string | number | boolean;
  readonly placeholder?: string;
  /** Asked only when another field has this value. */
  readonly when?: { readonly key: string; readonly is: string | boolean };
}

/** What a connector can do; the admin sees it, the engine obeys it. */
export interface Capabilities {
  readonly groups: boolean;
  /** Groups may hold groups, which we expand. */
  readonly nestedGroups: boolean;
  /** A quick run that reads changes only. */
  readonly incremental: boolean;
  /** An absent record can be asked for by id. */
  readonly lookUp: boolean;
  /** People who left stay listed, so a vanished record is suspicious in itself. */
  readonly listsInactive: boolean;
  /** Hires are listed before their first day. */
  readonly listsFuture: boolean;
}

/** Something about the answers to the form: one has this value, is there, or is a list without this entry. */
export type AnswerCondition =
  | { readonly key: string; readonly is: string | boolean }
  | { readonly key: string; readonly given: true }
  | { readonly key: string; readonly lacks: string };

/** A right the credential needs at the vendor, and what is lost without it. */
export interface NeededScope {
  readonly scope: string;
  readonly for: string;
  readonly required: boolean;
  /** Consent asks for it only then; absent: always. */
  readonly when?: AnswerCondition;
}

/**
 * How an admin's consent gives the refresh token that the form asks for (authorization code grant, RFC 6749, 4.1). It is
 * data: the engine makes the link, takes the answer and stores the token, the same for every vendor.
 */
export interface Authorization {
  /** The answer with which the connection signs in by a refresh token; absent: always. */
  readonly when?: FormField['when'];
  /** Which fields of the form take part. */
  readonly fields: {
    readonly clientId: string;
    readonly clientSecret: string;
    readonly refreshToken: string;
    /** Where the vendor wants the redirect URI again with every refresh: set to ours with the token. */
    readonly redirectUri?: string;
  };
  /** The first whose condition holds. */
  readonly endpoints: readonly AuthorizationEndpoints[];
  /** More parameters of the consent page, such as those that ask for a refresh token. */
  readonly parameters?: Readonly<Record<string, string>>;
  /** Proof key, S256 (RFC 7636); only where the vendor says that it checks it. */
  readonly pkce: boolean;
  /** Where the token endpoint takes client ID and secret (RFC 6749, 2.3.1). */
  readonly clientAuthentication: 'basic' | 'body';
  readonly tokenRequest: 'form' | 'json';
}

/** Both are https. `{key}` in a path stands for an answer of the form, in no host. */
export interface AuthorizationEndpoints {
  readonly when?: AnswerCondition;
  readonly authorizationUrl: string;
  readonly tokenUrl: string;
  /** False where the scopes belong to the application at the vendor: they are neither asked for nor compared. */
  readonly requestsScopes: boolean;
}

/** Everything about a connector that is data. */
export interface ConnectorManifest {
  /** Folder name, kebab-case; `provider` in the API. */
  readonly id: string;
  readonly label: string;
  /** The REST `type` that SDKs know; the nearest one when they have none of its own. */
  readonly directoryType: string;
  readonly docsUrl: string;
  readonly kind: 'idp' | 'hris' | 'file';
  readonly form: readonly FormField[];
  readonly scopes: readonly NeededScope[];
  /** Absent: there is no consent page, or no refresh token is needed. */
  readonly authorization?: Authorization;
  readonly capabilities: Capabilities;
  readonly limits: RequestLimits;
  /** Seconds between runs, unless the directory says otherwise. Incremental is null without that capability. */
  readonly intervals: { readonly incremental: number | null; readonly full: number };
}

/** How fast and how broadly we ask; what the vendor says in its answers corrects it. */
export interface RequestLimits {
  readonly requestsPerSecond: number;
  readonly burst: number;
  readonly concurrency: number;
  readonly pageSize: number;
}
