import { InvalidInputError } from '#kernel';
import { DIRECTORY_TYPES } from '#model';

/** What a requested type means. */
export interface ResolvedType {
  /** What REST shows: a value that every SDK knows. */
  readonly type: string;
  readonly dialect: string;
  readonly scimVersion: '1.1' | '2.0';
}

/** Names of the built-in SCIM dialects, ids and aliases, with the id behind each. */
export type DialectNames = ReadonlyMap<string, string>;

export interface TypeRequest {
  readonly type: string;
  readonly dialect?: string | undefined;
}

const GENERIC_TYPE = 'generic scim v2.0';

/** Dialects that SDKs know by a type of their own; all others show the generic type. */
const DIALECT_OF_TYPE: ReadonlyMap<string, string> = new Map([
  ['azure scim v2.0', 'entra'],
  ['okta scim v2.0', 'okta'],
  ['onelogin scim v2.0', 'onelogin'],
  ['jump cloud scim v2.0', 'jumpcloud'],
  ['pingfederate scim v2.0', 'ping'],
  ['cyberark scim v2.0', 'cyberark'],
  ['rippling scim v2.0', 'rippling'],
  ['sailpoint scim v2.0', 'sailpoint'],
  [GENERIC_TYPE, 'generic'],
]);
const TYPE_OF_DIALECT = new Map([...DIALECT_OF_TYPE].map(([type, dialect]) => [dialect, type]));

/** Polled sources, the ones that SDKs know and two that only events used to name. */
const POLLED = new Set<string>([
  ...DIRECTORY_TYPES.filter((type) => !type.includes(' scim ')),
  'gusto',
  'rippling',
]);

/**
 * @throws InvalidInputError when nobody knows the type, it cannot be served yet, or the dialect contradicts it
 */
export function resolveDirectoryType(request: TypeRequest, dialects: DialectNames): ResolvedType {
  const { type } = request;
  if (POLLED.has(type))
    throw badType(
      `This version has no connector for "${type}"; GET /management/connectors lists those it has. Or create a SCIM directory, for example "${GENERIC_TYPE}".`,
    );
  const resolved = resolveKnownType(type) ?? resolveDialectType(type, dialects);
  if (!resolved)
    throw badType(
      `"${type}" is no directory type. Use ${[...DIALECT_OF_TYPE.keys()].join(', ')}, or "<dialect> scim v2.0" or "<dialect> scim v1.1" with ${idsOf(dialects)}. A source that is polled goes by the id of its connector: GET /management/connectors.`,
    );
  return request.dialect === undefined ? resolved : withDialect(resolved, request.dialect, dialects);
}

/** What REST shows for a dialect: SDKs know types for some of them, all others are generic. */
export function typeOfDialect(dialect: string): string {
  return TYPE_OF_DIALECT.get(dialect) ?? GENERIC_TYPE;
}

/** The dialect behind an id or an alias. @throws InvalidInputError for any other name */
export function resolveDialect(name: string, dialects: DialectNames): string {
  const dialect = dialects.get(name);
  if (dialect !== undefined) return dialect;
  throw badField('dialect', `"${name}" is no dialect. The dialects are ${idsOf(dialects)}.`);
}

/** A type as the SDKs spell it. */
function resolveKnownType(type: string): ResolvedType | undefined {
  const dialect = DIALECT_OF_TYPE.get(type);
  return dialect === undefined ? undefined : { type, dialect, scimVersion: '2.0' };
}

/**
 * `<dialect> scim v1.1` or `v2.0`, also written as one word (`okta-scim-1-1`). SDKs know no 1.1 type any more, so those
 * show the generic one.
 */
function resolveDialectType(type: string, dialects: DialectNames): ResolvedType | undefined {
  const match = /^(\S+)(?: scim v|-scim-)(1[.-]1|2[.-]0)$/.exec(type);
  const dialect = dialects.get(match?.[1] ?? '');
  if (dialect === undefined) return undefined;
  return typed(dialect, match?.[2]?.startsWith('1') ? '1.1' : '2.0');
}

function typed(dialect: string, scimVersion: ResolvedType['scimVersion']): ResolvedType {
  return { type: scimVersion === '1.1' ? GENERIC_TYPE : typeOfDialect(dialect), dialect, scimVersion };
}

/**
 * Both must say the same, but a dialect may be finer than the generic type, where REST shows the generic one for it.
 * It may name its version (`okta-scim-1-1`).
 */
function withDialect(resolved: ResolvedType, name: string, dialects: DialectNames): ResolvedType {
  const { type, dialect, scimVersion } = resolved;
  const wanted = resolveDialectType(name, dialects) ?? typed(resolveDialect(name, dialects), scimVersion);
  if (wanted.dialect === dialect && wanted.scimVersion === scimVersion) return resolved;
  if (dialect === 'generic' && wanted.type === type) return wanted;
  throw badField(
    'dialect',
    `The dialect "${name}" contradicts the type, which means "${dialect}" with SCIM ${scimVersion}. Leave one of them out.`,
  );
}

function idsOf(dialects: DialectNames): string {
  return [...new Set(dialects.values())].join(', ');
}

function badType(message: string): InvalidInputError {
  return badField('type', message);
}

function badField(field: string, message: string): InvalidInputError {
  return new InvalidInputError(message, { problems: [{ field, message }] });
}
