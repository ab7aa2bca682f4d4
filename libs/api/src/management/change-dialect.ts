import { InvalidInputError } from '#kernel';
import type { Directory } from '#model';
import { resolveDialect, typeOfDialect, type DialectNames } from './directory-type.js';

/**
 * Another dialect for a SCIM directory, with the type that goes with it.
 * @param name id or alias of the dialect
 * @throws InvalidInputError for an unknown dialect, or a directory that is polled
 */
export function changeDialect(
  directory: Pick<Directory, 'dialect' | 'type'>,
  name: string,
  dialects: DialectNames,
): { readonly type: string; readonly dialect: string } {
  if (directory.dialect === null) {
    const message = 'This directory is polled and has no SCIM dialect. Leave "dialect" out.';
    throw new InvalidInputError(message, { problems: [{ field: 'dialect', message }] });
  }
  const dialect = resolveDialect(name, dialects);
  // Nothing changes, not even the type of a 1.1 directory, which is generic whatever its dialect.
  if (dialect === directory.dialect) return { type: directory.type, dialect };
  return { type: typeOfDialect(dialect), dialect };
}
