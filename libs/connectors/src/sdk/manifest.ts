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

/** A right the credential needs at the vendor, and what is lost without it. */
export interface NeededScope {
  readonly scope: string;
  readonly for: string;
  readonly required: boolean;
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
