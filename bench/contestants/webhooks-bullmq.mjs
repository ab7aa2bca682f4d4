/* BullMQ with one POST for each job, on a Redis of its own. */
import { Queue, Worker } from 'bullmq';

import { answer, stayAlive } from '../harness/probe.mjs';
import { makeDeliveries } from '../load/events.mjs';
import { Sender } from './sender.mjs';

const CHUNK = 5_000;

const connection = { host: '127.0.0.1', port: Number(process.env.REDIS_PORT), maxRetriesPerRequest: null };
const scenarios = new Map();
let worker;

answer('setup', async ({ scenario, ...options }) => {
  const queue = new Queue(scenario, { connection });
  await queue.waitUntilReady();
  scenarios.set(scenario, { queue, sender: new Sender(options), inFlight: options.inFlight });
});

answer('enqueue', async ({ scenario, ...options }) => {
  const jobs = makeDeliveries(options).map((data) => ({
    name: 'post',
    data,
    opts: { removeOnComplete: true },
  }));
  const { queue } = scenarios.get(scenario);
  for (let start = 0; start < jobs.length; start += CHUNK)
    await queue.addBulk(jobs.slice(start, start + CHUNK));
});

answer('start', async ({ scenario }) => {
  const { sender, inFlight } = scenarios.get(scenario);
  worker = new Worker(scenario, (job) => sender.post(job.data), { connection, concurrency: inFlight });
  worker.on('error', console.error);
  await worker.waitUntilReady();
});

answer('stop', () => worker.close());
stayAlive();
