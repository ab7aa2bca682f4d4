/* pg-boss with one POST for each job, on the same PostgreSQL: batches, fetched without pause while they come full. */
import { PgBoss } from 'pg-boss';

import { answer, stayAlive } from '../harness/probe.mjs';
import { makeDeliveries } from '../load/events.mjs';
import { Sender } from './sender.mjs';

const CHUNK = 5_000;
// Larger than what may be in flight, which the sender sees to: the best of 32, 64, 128 and 256 in a trial.
const BATCH = 256;

const boss = new PgBoss({ connectionString: process.env.DATABASE_URL, max: 10 });
boss.on('error', console.error);
await boss.start();
const scenarios = new Map();

answer('setup', async ({ scenario, ...options }) => {
  await boss.createQueue(scenario);
  scenarios.set(scenario, new Sender(options));
});

answer('enqueue', async ({ scenario, ...options }) => {
  const jobs = makeDeliveries(options).map((data) => ({ data }));
  for (let start = 0; start < jobs.length; start += CHUNK)
    await boss.insert(scenario, jobs.slice(start, start + CHUNK));
});

answer('start', async ({ scenario }) => {
  const sender = scenarios.get(scenario);
  const options = {
    batchSize: BATCH,
    // While the completion of one batch is written, the other one is sent.
    localConcurrency: 2,
    burstWhenBatchFull: true,
    pollingIntervalSeconds: 0.5,
  };
  await boss.work(scenario, options, async (jobs) => {
    await Promise.all(jobs.map((job) => sender.post(job.data)));
  });
});

answer('stop', ({ scenario }) => boss.offWork(scenario, { wait: true }));
stayAlive();
