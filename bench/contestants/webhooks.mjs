/*
 * Who takes part in the webhook benchmark. A contestant has a name, a process whose CPU time is read, and four steps:
 * `setup` once for each scenario (resolves to the endpoints' secrets), then in each round `enqueue` (store what is to
 * be sent), `start` (measured from here) and `finish`.
 */
import { randomBytes } from 'node:crypto';

import { Child } from '../harness/child.mjs';
import { startRedis } from '../harness/redis.mjs';

/** Starts a contestant that is one script of ours. */
async function startScript(name, env, nodeArgs) {
  const file = new URL(`webhooks-${name}.mjs`, import.meta.url);
  const child = new Child({ name, file, env, nodeArgs });
  const secret = `whsec_${randomBytes(32).toString('base64')}`;
  return {
    name,
    child,
    setup: async (options) => {
      await child.ask('setup', { ...options, secret });
      return options.urls.map(() => secret);
    },
    enqueue: (options) => child.ask('enqueue', options),
    start: (options) => child.ask('start', options),
    finish: (options) => child.ask('stop', options),
    stop: () => child.stop(),
  };
}

async function startBullmq({ nodeArgs }) {
  const redis = await startRedis();
  if (redis === undefined) return undefined;
  const contestant = await startScript('bullmq', { REDIS_PORT: String(redis.port) }, nodeArgs);
  const stop = async () => {
    await contestant.stop();
    await redis.stop();
  };
  return { ...contestant, stop };
}

/** Each resolves to a contestant, or to undefined when the machine lacks what it needs. */
export const WEBHOOK_CONTESTANTS = {
  floor: ({ nodeArgs }) => startScript('floor', {}, nodeArgs),
  rollcall: async (options) => (await import('./webhooks-rollcall.mjs')).startRollcallWorker(options),
  'pg-boss': ({ databaseUrl, nodeArgs }) => startScript('pg-boss', { DATABASE_URL: databaseUrl }, nodeArgs),
  'graphile-worker': ({ databaseUrl, nodeArgs }) =>
    startScript('graphile-worker', { DATABASE_URL: databaseUrl }, nodeArgs),
  bullmq: startBullmq,
};
