import { readdir } from 'node:fs/promises';
import { NotFoundError } from '#kernel';
import type { Connector } from '../sdk/contract.js';

/** The connectors of this installation: one per folder beside this file. */
export class ConnectorRegistry {
  readonly #byId = new Map<string, Connector>();

  /** @throws Error when two connectors share an id. */
  constructor(connectors: readonly Connector[]) {
    for (const connector of connectors) {
      const { id } = connector.manifest;
      if (this.#byId.has(id)) throw new Error(`Two connectors are called "${id}"`);
      this.#byId.set(id, connector);
    }
  }

  /** Ordered by id. */
  all(): Connector[] {
    return [...this.#byId.values()].sort((a, b) => (a.manifest.id < b.manifest.id ? -1 : 1));
  }

  find(id: string | null): Connector | undefined {
    return id === null ? undefined : this.#byId.get(id);
  }

  /** @throws NotFoundError */
  get(id: string): Connector {
    const found = this.#byId.get(id);
    if (!found) throw new NotFoundError(`Connector not found: '${id}'.`, { entityId: id });
    return found;
  }
}

/**
 * Reads every folder below `folder`. A new vendor is a new folder; no list names it.
 * @throws Error when a folder has no valid connector under its own name: the process must not start half-equipped.
 */
export async function readConnectors(folder: URL): Promise<Connector[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  return Promise.all(names.sort().map(readConnector));
}

/** Relative on purpose: the same text finds the compiled file in dist and the source under Jest. */
async function readConnector(name: string): Promise<Connector> {
  const module = (await import(`./${name}/index.js`)) as { readonly default?: Connector };
  if (module.default?.manifest.id !== name)
    throw new Error(
      `providers/${name}/index must export defineConnector({ … }) with the id '${name}' as its default`,
    );
  return module.default;
}
