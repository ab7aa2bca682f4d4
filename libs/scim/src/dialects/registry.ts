import { readdir } from 'node:fs/promises';
import type { Dialect, ScimVersion } from './contract.js';

/** What is used for directories that name no dialect, or one that this release does not have. */
const FALLBACK = 'generic';

/** The dialects of this installation: one per folder beside this file. */
export class DialectRegistry {
  readonly #byId = new Map<string, Dialect>();
  readonly #byVersion = new Map<ScimVersion, Dialect>();

  /** @throws Error when two dialects share a name, or when the fallback is missing. */
  constructor(dialects: readonly Dialect[]) {
    checkNames(dialects);
    for (const dialect of dialects) {
      this.#byId.set(dialect.id, dialect);
      if (dialect.role === 'version')
        for (const version of dialect.versions) this.#byVersion.set(version, dialect);
    }
    if (!this.#byId.has(FALLBACK)) throw new Error(`The dialect "${FALLBACK}" is missing`);
  }

  /** How a directory's IdP speaks. */
  forDirectory(dialect: string | null): Dialect {
    const found = dialect === null ? undefined : this.#byId.get(dialect);
    return found?.role === 'idp' ? found : (this.#byId.get(FALLBACK) as Dialect);
  }

  /** Translator between a protocol version and canonical SCIM 2.0; undefined for 2.0 itself. */
  forVersion(version: ScimVersion): Dialect | undefined {
    return this.#byVersion.get(version);
  }

  all(): Dialect[] {
    return [...this.#byId.values()];
  }
}

function checkNames(dialects: readonly Dialect[]): void {
  const names = new Set<string>();
  for (const name of dialects.flatMap(({ id, aliases }) => [id, ...aliases])) {
    if (names.has(name)) throw new Error(`Two dialects are called "${name}"`);
    names.add(name);
  }
}

/**
 * Reads every folder below `folder`. A new IdP is a new folder; no list names it.
 * @throws Error when a folder has no valid dialect under its own name: the process must not start half-equipped.
 */
export async function readDialects(folder: URL): Promise<Dialect[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  return Promise.all(names.sort().map(readDialect));
}

/** Relative on purpose: the same text finds the compiled file in dist and the source under Jest. */
async function readDialect(name: string): Promise<Dialect> {
  const module = (await import(`./${name}/index.js`)) as { readonly default?: Partial<Dialect> };
  const dialect = module.default;
  if (dialect?.id !== name || dialect.resolved === undefined)
    throw new Error(`dialects/${name}/index must export defineDialect({ id: '${name}', … }) as its default`);
  return dialect as Dialect;
}
