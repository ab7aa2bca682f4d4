/* graphile-worker with one POST for each job, on the same PostgreSQL, with its batching switched on. */
import { Logger, makeWorkerUtils, run } from 'graphile-worker';

import { answer, stayAlive } from '../harness/probe.mjs';
import { makeDeliveries } from '../load/events.mjs';
import { Sender } from './sender.mjs';

const CHUNK = 5_000;
const LOCAL_QUEUE = 500;

const connectionString = process.env.DATABASE_URL;
const logger = new Logger(() => (level, message) => {
  if (level === 'error') console.error(message);
});
const utils = await makeWorkerUtils({ connectionString, logger });
await utils.migrate();
const scenarios = new Map();
let runner;

answer('setup', ({ scenario, ...options }) => {
  scenarios.set(scenario, { sender: new Sender(options), inFlight: options.inFlight });
});

answer('enqueue', async ({ scenario, ...options }) => {
  const jobs = makeDeliveries(options).map((payload) => ({ identifier: scenario, payload }));
  for (let start = 0; start < jobs.length; start += CHUNK)
    await utils.addJobs(jobs.slice(start, start + CHUNK));
});

answer('start', async ({ scenario }) => {
  const { sender, inFlight } = scenarios.get(scenario);
  const worker = {
    connectionString,
    logger,
    concurrentJobs: inFlight,
    maxPoolSize: 10,
    localQueue: { size: LOCAL_QUEUE },
    // Completions of the same few milliseconds share a statement.
    completeJobBatchDelay: 5,
  };
  runner = await run({
    preset: { worker },
    noHandleSignals: true,
    taskList: { [scenario]: (delivery) => sender.post(delivery) },
  });
});

answer('stop', () => runner.stop());
stayAlive();
