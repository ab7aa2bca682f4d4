import type { ResourceTypeName } from '../schema/definitions.js';
import type { ResolvedAttribute } from '../schema/resolve-attribute.js';

/** A piece of SQL with its parameters. */
export interface SqlCondition {
  readonly text: string;
  readonly values: readonly unknown[];
  /** Set where the whole condition is `userName eq` this, folded. */
  readonly userNameKey?: string;
}

/** A constant as an SQL string literal. Only for names of our own schemas; values of a request are parameters. */
export function quote(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/**
 * Where an attribute is in the stored document. The folded document serves everything: folding changes only strings
 * that are compared without regard to case.
 */
export function jsonPath(target: ResourceTypeName, { extension, attribute }: ResolvedAttribute): string {
  const document = target === 'User' ? 'u.folded' : 'g.folded';
  const holder = extension === undefined ? document : `${document} -> ${quote(extension)}`;
  return `(${holder} -> ${quote(attribute.name)})`;
}
