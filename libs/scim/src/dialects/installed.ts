import type { Dialect } from './contract.js';
import { DialectRegistry, readDialects } from './registry.js';

/** Loaded once, when the module is; a broken folder stops the start. */
export const installedDialects = new DialectRegistry(await readDialects(new URL('.', import.meta.url)));

/** The IdPs that a directory can choose, for settings pages and docs. */
export function listDialects(): Dialect[] {
  return installedDialects.all().filter((dialect) => dialect.role === 'idp');
}

/** Every name by which a directory can choose an IdP, ids and aliases, with the id behind it. */
export function dialectNames(): ReadonlyMap<string, string> {
  return new Map(
    listDialects().flatMap(({ id, aliases }) => [id, ...aliases].map((name) => [name, id] as const)),
  );
}
