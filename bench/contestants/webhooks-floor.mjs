/* The floor of the webhook benchmark: a bare loop that signs and posts bodies from memory. Nothing is recorded. */
import { answer, stayAlive } from '../harness/probe.mjs';
import { makeDeliveries } from '../load/events.mjs';
import { Sender } from './sender.mjs';

const senders = new Map();
let deliveries = [];

answer('setup', ({ scenario, ...options }) => {
  senders.set(scenario, { sender: new Sender(options), inFlight: options.inFlight });
});

answer('enqueue', (options) => {
  deliveries = makeDeliveries(options);
});

answer('start', async ({ scenario }) => {
  const { sender, inFlight } = senders.get(scenario);
  let next = 0;
  const work = async () => {
    while (next < deliveries.length) await sender.post(deliveries[next++]);
  };
  await Promise.all(Array.from({ length: inFlight }, work));
});

answer('stop', () => {
  deliveries = [];
});
stayAlive();
