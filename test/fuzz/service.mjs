import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const ROOT = new URL('../../', import.meta.url);
const START_TIMEOUT_MS = 300_000;
const KEPT_CHARACTERS = 8_000;
const API_KEY = `fuzz_${crypto.randomUUID()}`;

const EXTENSION = {
  id: 'urn:example:custom:1.0:User',
  attributes: [
    {
      name: 'badge',
      type: 'complex',
      multiValued: true,
      subAttributes: [{ name: 'value' }, { name: 'type', type: 'integer' }],
    },
  ],
};

/** Directories by the dialect that they speak; the letter of the RFCs is one of them. */
const DIRECTORIES = [
  { type: 'generic scim v2.0', config: { extension_schemas: [EXTENSION] } },
  { type: 'generic scim v2.0', config: { scim_strict: true } },
  { type: 'okta scim v2.0', config: {} },
  { type: 'azure scim v2.0', config: {} },
];

/** Starts the service as an operator would, with the embedded PostgreSQL in a folder that goes with it. */
export async function startService() {
  const dataDir = await mkdtemp(join(tmpdir(), 'rollcall-fuzz-'));
  const port = await freePort();
  const baseUrl = `http://127.0.0.1:${port}`;
  let said = '';
  const child = spawn(process.execPath, ['scripts/run-built.mjs', 'dist/src/main.js'], {
    cwd: ROOT,
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      PORT: String(port),
      ROLLCALL_DATA_DIR: dataDir,
      ROLLCALL_BOOTSTRAP_API_KEY: API_KEY,
      ROLLCALL_SCIM_RATE_LIMIT: '0',
      LOG_LEVEL: 'error',
      LOG_FORMAT: 'json',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text) => (said = (said + text).slice(-KEPT_CHARACTERS)));
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGTERM');
      await once(child, 'exit');
    }
    await rm(dataDir, { recursive: true, force: true });
  };
  try {
    await untilReady(child, baseUrl);
  } catch (error) {
    await stop();
    throw new Error(`The service did not start:\n${said}`, { cause: error });
  }
  return {
    stop,
    said: () => said,
    createDirectories: () => Promise.all(DIRECTORIES.map((wanted) => createDirectory(baseUrl, wanted))),
    residentBytes: () => residentBytes(baseUrl),
  };
}

async function untilReady(child, baseUrl) {
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (Date.now() < deadline && child.exitCode === null) {
    const ready = await fetch(`${baseUrl}/readyz`).then(
      (response) => response.ok,
      () => false,
    );
    if (ready) return;
    await sleep(200);
  }
  throw new Error('not ready');
}

async function createDirectory(baseUrl, { type, config }) {
  const organization = await post(`${baseUrl}/organizations`, { name: 'Fuzz' });
  const input = { organization_id: organization.id, name: type, type, config };
  const { scim } = await post(`${baseUrl}/management/directories`, input);
  const base = baseUrl + new URL(scim.endpoint).pathname;
  return {
    bases: { '2.0': base, 1.1: base.replace('/v2.0/', '/v1.1/') },
    token: scim.bearer_token,
  };
}

async function post(url, body) {
  const response = await fetch(url, {
    method: 'POST',
    headers: { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`POST ${url} answered ${response.status}: ${text}`);
  return JSON.parse(text);
}

/** What the process says about itself; undefined while it cannot. */
async function residentBytes(baseUrl) {
  try {
    const text = await (await fetch(`${baseUrl}/metrics`)).text();
    const line = /^rollcall_process_resident_memory_bytes(?:\{[^}]*\})? (\S+)/m.exec(text);
    return line === null ? undefined : Number(line[1]);
  } catch {
    return undefined;
  }
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}
