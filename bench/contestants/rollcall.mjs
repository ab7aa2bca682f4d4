/* Rollcall itself: the built service in processes of its own, set up through its public API. */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import { Child } from '../harness/child.mjs';
import { freePort } from '../harness/free-port.mjs';

const ROOT = new URL('../../', import.meta.url);
const MAIN = new URL('dist/src/main.js', ROOT);
const START_TIMEOUT_MS = 60_000;
/** What the image starts the service with. */
export const SERVICE_FLAGS = ['--max-semi-space-size=16', '--heap-growing-percent=150'];

/** Processes of the service on one database; they share keys. */
export class Rollcall {
  #env;
  /** What credentials are sealed with. */
  secretKeys = `k1:${randomBytes(32).toString('base64')}`;
  #apiKey = `bench_${randomBytes(24).toString('hex')}`;
  #children = [];
  #baseUrl;
  // By API key: every environment has organizations of its own.
  #organizationIds = new Map();

  constructor(databaseUrl) {
    this.#env = {
      DATABASE_URL: databaseUrl,
      HOST: '127.0.0.1',
      ROLLCALL_SECRET_KEYS: this.secretKeys,
      ROLLCALL_BOOTSTRAP_API_KEY: this.#apiKey,
      ROLLCALL_OUTBOUND_ALLOW: '127.0.0.0/8',
      ROLLCALL_SCIM_RATE_LIMIT: '0',
      LOG_LEVEL: 'warn',
      LOG_FORMAT: 'json',
    };
  }

  /** Starts one process and waits until it is ready. The first one with the role `api` answers `post`. */
  async start(roles, nodeArgs = []) {
    const port = await freePort();
    const env = { ...this.#env, PORT: String(port), ROLLCALL_ROLES: roles };
    const flags = [...SERVICE_FLAGS, ...nodeArgs];
    const child = new Child({ name: `rollcall (${roles})`, file: MAIN, env, nodeArgs: flags, cwd: ROOT });
    this.#children.push(child);
    const baseUrl = `http://127.0.0.1:${port}`;
    await untilReady(child, baseUrl);
    if (roles === 'api') this.#baseUrl ??= baseUrl;
    return child;
  }

  async stop() {
    await Promise.all(this.#children.map((child) => child.stop()));
  }

  /** A POST to the API; `key` is the bootstrap key when absent. */
  post(path, body, key = this.#apiKey) {
    return this.#call('POST', path, { body, key });
  }

  put(path, body) {
    return this.#call('PUT', path, { body, key: this.#apiKey });
  }

  async #call(method, path, { body, key }) {
    const response = await fetch(new URL(path, this.#baseUrl), {
      method,
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok)
      throw new Error(`rollcall: ${method} ${path} was answered with ${response.status}: ${text}`);
    return JSON.parse(text);
  }

  /** A new SCIM directory of an Okta: its id, and where the load goes. */
  async createDirectory(name, key = this.#apiKey) {
    if (!this.#organizationIds.has(key)) {
      const organization = await this.post('/organizations', { name: 'Bench' }, key);
      this.#organizationIds.set(key, organization.id);
    }
    const { directory, scim } = await this.post(
      '/management/directories',
      { organization_id: this.#organizationIds.get(key), name, type: 'okta scim v2.0' },
      key,
    );
    return { id: directory.id, url: scim.endpoint, token: scim.bearer_token };
  }
}

async function untilReady(child, baseUrl) {
  const until = Date.now() + START_TIMEOUT_MS;
  while (Date.now() < until) {
    if (child.hasEnded) throw new Error(`Rollcall does not start.\n${child.said}`);
    const answer = await fetch(`${baseUrl}/readyz`).catch(() => undefined);
    await answer?.arrayBuffer();
    if (answer?.ok) return;
    await sleep(100);
  }
  throw new Error(`Rollcall was not ready after ${START_TIMEOUT_MS / 1000} s.\n${child.said}`);
}
