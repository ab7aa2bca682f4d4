import type { ColumnOptions, PrimaryColumnOptions } from 'typeorm';

/**
 * A `timestamptz(3)` column that is ISO 8601 text with milliseconds in code. Without it TypeORM makes a Date of the
 * column, whatever the parsers of the pool say.
 */
export function timeColumn(name: string, options: { readonly nullable?: boolean } = {}): ColumnOptions {
  return {
    name,
    type: 'timestamptz',
    precision: 3,
    nullable: options.nullable ?? false,
    transformer: { from: asIsoText, to: (value: unknown) => value },
  };
}

/** A column of text, the type of nearly all of them. */
export function textColumn(name: string, options: { readonly nullable?: boolean } = {}): ColumnOptions {
  return { name, type: 'text', nullable: options.nullable ?? false };
}

/** A column of the primary key. */
export function keyColumn(name: string): PrimaryColumnOptions & { readonly type: 'text' } {
  return { name, type: 'text' };
}

function asIsoText(value: Date | string | null | undefined): string | null | undefined {
  if (value === null || value === undefined) return value;
  return (value instanceof Date ? value : new Date(value)).toISOString();
}
