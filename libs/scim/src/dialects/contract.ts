import type { JsonObject } from '#kernel';
import type { ResourceTypeName } from '../protocol/schema/definitions.js';
import { resolveSwitches, type DialectSwitches, type SwitchSettings } from './switches.js';

export type ScimVersion = '1.1' | '2.0';

/** A received message. `query` carries the parameters of a list request or the body of a `.search`. */
export interface ReceivedMessage {
  readonly kind: 'create' | 'replace' | 'patch' | 'query';
  readonly resourceType: ResourceTypeName;
  readonly body: JsonObject;
}

/** An answer before it is written: canonical SCIM 2.0. */
export interface AnswerMessage {
  readonly kind: 'resource' | 'list' | 'error' | 'bulk' | 'discovery' | 'discovery_list';
  readonly body: JsonObject;
}

/** Something in a request that suggests a dialect. For display only: the directory says which one it is. */
export interface DetectionHint {
  /** Value of `User-Agent`, name of any header (in lower case), raw query, or the beginning of the body as text. */
  readonly in: 'user_agent' | 'header' | 'query' | 'body';
  readonly pattern: RegExp;
  readonly evidence: string;
}

/** What one folder below `dialects/` says about how an IdP, or a version of the protocol, speaks SCIM. */
export interface DialectDefinition {
  /** Folder name; directories name their dialect by it. */
  readonly id: string;
  readonly label: string;
  /** Other names under which people look for it, products and former names; kebab-case, none is an id. */
  readonly aliases: readonly string[];
  /** `idp`: a directory can choose it. `version`: translates one protocol version for all of them. */
  readonly role: 'idp' | 'version';
  readonly versions: readonly ScimVersion[];
  /** Media types of request bodies, besides those of the RFC. */
  readonly acceptedContentTypes: readonly string[];
  /** Any one of them is enough. */
  readonly detect: readonly DetectionHint[];
  readonly switches: SwitchSettings;
  /** On top of `switches`, for one protocol version. */
  readonly versionSwitches?: Readonly<Partial<Record<ScimVersion, SwitchSettings>>>;
  /** Pure: received body → canonical SCIM 2.0 body. Only what switches cannot say. */
  readonly readRequest?: (message: ReceivedMessage) => JsonObject;
  /** Pure: canonical answer → what this IdP expects. */
  readonly writeResponse?: (answer: AnswerMessage) => JsonObject;
}

export interface Dialect extends DialectDefinition {
  /** The switches in force, per protocol version. */
  readonly resolved: Readonly<Record<ScimVersion, DialectSwitches>>;
}

/** Checks a definition and resolves its switches. @throws Error that says what to correct. */
export function defineDialect(definition: DialectDefinition): Dialect {
  checkNames(definition);
  checkEvidence(definition);
  const { switches, versionSwitches = {} } = definition;
  const resolve = (version: ScimVersion): DialectSwitches =>
    resolveSwitches({ ...switches, ...versionSwitches[version] }, version);
  return { ...definition, resolved: { '1.1': resolve('1.1'), '2.0': resolve('2.0') } };
}

function checkNames({ id, aliases, versions }: DialectDefinition): void {
  for (const name of [id, ...aliases])
    if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name)) throw new Error(`Dialect id "${name}" is not kebab-case`);
  if (versions.length === 0) throw new Error(`Dialect "${id}" names no SCIM version`);
}

function checkEvidence({ id, switches, versionSwitches = {}, detect }: DialectDefinition): void {
  for (const settings of [switches, ...Object.values(versionSwitches)])
    for (const [name, setting] of Object.entries(settings))
      if (setting.evidence.trim() === '') throw new Error(`Dialect "${id}" has no evidence for "${name}"`);
  for (const { pattern, evidence } of detect) {
    if (evidence.trim() === '') throw new Error(`Dialect "${id}" has no evidence for ${pattern}`);
    if (pattern.global || pattern.sticky)
      throw new Error(`Dialect "${id}": ${pattern} would remember where it matched; drop the flag`);
  }
}
