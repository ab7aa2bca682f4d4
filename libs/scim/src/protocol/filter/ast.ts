/** Comparison operators (RFC 7644 3.4.2.2, table 3). */
export type CompareOperator = 'eq' | 'ne' | 'co' | 'sw' | 'ew' | 'gt' | 'ge' | 'lt' | 'le';

/** An attribute as written in a filter; the schema is canonical when it is known. */
export interface AttributePath {
  readonly schema?: string;
  readonly attribute: string;
  readonly subAttribute?: string;
}

/**
 * A comparison value. The text is kept as written, because the attribute decides how to read it: `eq 007` on a string
 * must not become 7. `string` is quoted, `word` is anything unquoted.
 */
export interface Literal {
  readonly kind: 'string' | 'word';
  readonly text: string;
}

/** Syntax tree of a filter (RFC 7644 3.4.2.2). */
export type Filter =
  | { readonly kind: 'and' | 'or'; readonly operands: readonly Filter[] }
  | { readonly kind: 'not'; readonly operand: Filter }
  | { readonly kind: 'present'; readonly path: AttributePath }
  | {
      readonly kind: 'compare';
      readonly path: AttributePath;
      readonly operator: CompareOperator;
      readonly literal: Literal;
    }
  | { readonly kind: 'valuePath'; readonly path: AttributePath; readonly filter: Filter };
