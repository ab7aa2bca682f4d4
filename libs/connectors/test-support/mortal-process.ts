import pg, { type Pool } from 'pg';
import { poolOptions } from '#kernel';

type Send = (...args: unknown[]) => unknown;

/** When a process dies: with its n-th statement unsent, or carried out by a server whose answer finds nobody. */
export interface Death {
  readonly statement: number;
  readonly moment: 'before' | 'after';
}

/** A statement that was sent; `isDurable` where it leaves something behind, however the process goes on. */
export interface SentStatement {
  readonly text: string;
  readonly isDurable: boolean;
}

/**
 * The connections of a process that dies at one of its statements, whichever connection it is on and BEGIN and COMMIT
 * included: all its sockets are gone at once, and nothing that waits for an answer ever goes on.
 */
export class MortalProcess {
  readonly pool: Pool;
  /** Pipelines, as the directory store's does. */
  readonly writePool: Pool;
  readonly statements: SentStatement[] = [];
  readonly died: Promise<'killed'>;
  readonly #death: Death | undefined;
  readonly #clients = new Set<pg.Client>();
  #isDead = false;
  #onDeath: () => void = () => undefined;

  constructor(url: string, death?: Death) {
    this.#death = death;
    this.died = new Promise((resolve) => {
      this.#onDeath = () => resolve('killed');
    });
    const Client = this.#client();
    // Nothing of a dead process may keep the living one from its end.
    const mortal = { Client, connectionTimeoutMillis: 0, allowExitOnIdle: true };
    this.pool = new pg.Pool({ ...poolOptions(url, { role: 'app', poolSize: 4 }), ...mortal });
    this.writePool = new pg.Pool({
      ...poolOptions(url, { role: 'app', poolSize: 2, pipeline: true }),
      ...mortal,
    });
    for (const pool of [this.pool, this.writePool]) pool.on('error', () => undefined);
  }

  get isDead(): boolean {
    return this.#isDead;
  }

  /** Of a process that has lived. */
  async end(): Promise<void> {
    if (!this.#isDead) await Promise.all([this.pool.end(), this.writePool.end()]);
  }

  #client(): typeof pg.Client {
    const begin = (client: pg.Client): void => void this.#clients.add(client);
    const pass = (send: Send, args: unknown[], isInside: boolean): unknown =>
      this.#pass(send, args, isInside);
    return class extends pg.Client {
      constructor(config?: string | pg.ClientConfig) {
        super(config);
        this.on('error', () => undefined);
        begin(this);
        const send = this.query.bind(this) as Send;
        let isInside = false;
        const query = (...args: unknown[]): unknown => {
          const text = textOf(args[0]);
          if (text.startsWith('BEGIN')) isInside = true;
          else if (/^(COMMIT|ROLLBACK)/.test(text)) isInside = false;
          return pass(send, args, isInside);
        };
        Object.assign(this, { query });
      }
    };
  }

  #pass(send: Send, args: unknown[], isInside: boolean): unknown {
    if (this.#isDead) return NEVER;
    const text = textOf(args[0]);
    this.statements.push({ text: nameOf(args[0]), isDurable: !isInside && !/^(SELECT|ROLLBACK)/.test(text) });
    if (this.statements.length !== this.#death?.statement) return send(...args);
    if (this.#death.moment === 'before') this.#die();
    else {
      const plain = args.filter((argument) => typeof argument !== 'function');
      const die = (): void => this.#die();
      (send(...plain) as Promise<unknown>).then(die, die);
    }
    return NEVER;
  }

  #die(): void {
    this.#isDead = true;
    for (const client of this.#clients)
      (client as pg.Client & { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
    this.#onDeath();
  }
}

const NEVER = new Promise<never>(() => undefined);

function textOf(statement: unknown): string {
  const text = typeof statement === 'string' ? statement : (statement as { readonly text: string }).text;
  return text.trim();
}

function nameOf(statement: unknown): string {
  const { name } = statement as { readonly name?: string };
  return name ?? textOf(statement).replaceAll(/\s+/g, ' ').slice(0, 80);
}
