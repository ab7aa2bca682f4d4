/*
 * The receiver of the webhook benchmark, in a process of its own: a port for each endpoint, answers 200 at once, counts
 * each event of each endpoint once and verifies the signature of some.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';

import { answer, stayAlive } from '../harness/probe.mjs';

const VERIFY_EVERY = 100;
const LIMIT_MS = 300_000;

let run = newRun({ expected: Infinity, secrets: [] });

/** Opens ports; answers with their addresses. */
answer('open', async ({ ports }) => {
  const urls = [];
  for (let endpoint = 0; endpoint < ports; endpoint += 1) {
    const server = createServer((request, response) => receive(endpoint, request, response));
    // A round of another contestant may lie between two requests of a kept-alive connection.
    server.keepAliveTimeout = LIMIT_MS;
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    urls.push(`http://127.0.0.1:${server.address().port}/hook`);
  }
  return urls;
});

/** Begins a count; `secrets` by endpoint, as they were given to the sender. */
answer('arm', (options) => {
  run = newRun(options);
});

/** Answers when everything that was expected has come. */
answer('done', async () => {
  const { promise, reject } = Promise.withResolvers();
  const timer = setTimeout(() => reject(new Error(`${run.distinct} of ${run.expected} came`)), LIMIT_MS);
  await Promise.race([run.done.promise, promise]);
  clearTimeout(timer);
  const { firstAt, lastAt, duplicates, verified, wrong } = run;
  return { seconds: (lastAt - firstAt) / 1000, duplicates, verified, wrong };
});
stayAlive();

function newRun({ expected, secrets }) {
  const seen = secrets.map(() => new Set());
  return {
    expected,
    secrets,
    seen,
    distinct: 0,
    duplicates: 0,
    verified: 0,
    wrong: 0,
    done: Promise.withResolvers(),
  };
}

function receive(endpoint, request, response) {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    count(endpoint, request.headers, chunks);
    response.writeHead(200, { 'content-length': 0 });
    response.end();
  });
}

function count(endpoint, headers, chunks) {
  run.firstAt ??= performance.now();
  const id = headers['webhook-id'];
  const seen = run.seen[endpoint];
  if (seen === undefined || seen.has(id)) {
    run.duplicates += 1;
    return;
  }
  seen.add(id);
  run.distinct += 1;
  if (run.distinct % VERIFY_EVERY === 0) verify(run.secrets[endpoint], headers, Buffer.concat(chunks));
  if (run.distinct < run.expected) return;
  run.lastAt = performance.now();
  run.done.resolve();
}

function verify(secret, headers, body) {
  const key = Buffer.from(secret.replace('whsec_', ''), 'base64');
  const prefix = `${headers['webhook-id']}.${headers['webhook-timestamp']}.`;
  const expected = createHmac('sha256', key).update(prefix).update(body).digest();
  const [version, text] = (headers['webhook-signature'] ?? '').split(',');
  const given = Buffer.from(text ?? '', 'base64');
  run.verified += 1;
  if (version !== 'v1' || given.length !== expected.length || !timingSafeEqual(given, expected))
    run.wrong += 1;
}
