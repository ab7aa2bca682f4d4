import { InvalidInputError } from '#kernel';
import { DIRECTORY_TYPES } from '#model';

/** What a requested type means. */
export interface ResolvedType {
  /** What REST shows: a value that every SDK knows. */
  readonly type: string;
  readonly dialect: string;
  readonly scimVersion: '1.1' | '2.0';
}

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
 * @param knownDialects ids of the SCIM dialects that are built in
 * @throws InvalidInputError when nobody knows the type, it cannot be served yet, or the dialect contradicts it
 */
export function resolveDirectoryType(request: TypeRequest, knownDialects: readonly string[]): ResolvedType {
  const { type } = request;
  if (POLLED.has(type))
    throw badType(
      `This version has no connector for "${type}"; GET /management/connectors lists those it has. Or create a SCIM directory, for example "${GENERIC_TYPE}".`,
    );
  const resolved = resolveKnownType(type, knownDialects) ?? resolveDialectType(type, knownDialects);
  if (!resolved)
    throw badType(`"${type}" is no directory type. Use ${acceptedTypes(knownDialects).join(', ')}.`);
  return withDialect(resolved, request.dialect, knownDialects);
}

/** Types that can be created now. */
export function acceptedTypes(knownDialects: readonly string[]): string[] {
  const ours = knownDialects.flatMap((dialect) => [`${dialect} scim v1.1`, `${dialect} scim v2.0`]);
  return [...new Set([...DIALECT_OF_TYPE.keys(), ...ours])];
}

/** A type of the SDKs whose dialect is not built in is served by the generic one and keeps its name. */
function resolveKnownType(type: string, knownDialects: readonly string[]): ResolvedType | undefined {
  const dialect = DIALECT_OF_TYPE.get(type);
  if (dialect === undefined) return undefined;
  return { type, dialect: knownDialects.includes(dialect) ? dialect : 'generic', scimVersion: '2.0' };
}

/** `<dialect> scim v1.1` or `v2.0`. SDKs know no 1.1 type any more, so those show the generic one. */
function resolveDialectType(type: string, knownDialects: readonly string[]): ResolvedType | undefined {
  const match = /^(\S+) scim v(1\.1|2\.0)$/.exec(type);
  const dialect = match?.[1];
  if (dialect === undefined || !knownDialects.includes(dialect)) return undefined;
  const scimVersion = match?.[2] as '1.1' | '2.0';
  const shown = scimVersion === '1.1' ? GENERIC_TYPE : (TYPE_OF_DIALECT.get(dialect) ?? GENERIC_TYPE);
  return { type: shown, dialect, scimVersion };
}

/** A dialect without a type of its own goes with the generic type; otherwise both must say the same. */
function withDialect(
  resolved: ResolvedType,
  dialect: string | undefined,
  knownDialects: readonly string[],
): ResolvedType {
  if (dialect === undefined || dialect === resolved.dialect) return resolved;
  if (!knownDialects.includes(dialect))
    throw badField('dialect', `"${dialect}" is no dialect. The dialects are ${knownDialects.join(', ')}.`);
  if (resolved.dialect === 'generic' && resolved.type === GENERIC_TYPE && !TYPE_OF_DIALECT.has(dialect))
    return { ...resolved, dialect };
  throw badField(
    'dialect',
    `The dialect "${dialect}" contradicts the type, which means "${resolved.dialect}". Leave one of them out.`,
  );
}

function badType(message: string): InvalidInputError {
  return badField('type', message);
}

function badField(field: string, message: string): InvalidInputError {
  return new InvalidInputError(message, { problems: [{ field, message }] });
}
