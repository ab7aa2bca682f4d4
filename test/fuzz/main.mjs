/*
 * npm run fuzz [-- --requests N --seed N --in-flight N]
 *
 * Starts the service with a database of its own and sends it random requests, mutations of the dialects' fixtures among
 * them, in both protocol versions. Ends with 1 on an answer 5xx, on no answer within five seconds, or when the process
 * keeps growing. Slow answers are reported only: a loaded machine makes them too.
 */
import { parseArgs } from 'node:util';
import { createRandom } from './random.mjs';
import { Recorder } from './recorder.mjs';
import { RequestSource } from './requests.mjs';
import { send } from './send.mjs';
import { startService } from './service.mjs';

const { values } = parseArgs({
  options: {
    requests: { type: 'string', default: '200000' },
    seed: { type: 'string', default: '20261124' },
    'in-flight': { type: 'string', default: '16' },
  },
});
const total = Number(values.requests);
const seed = Number(values.seed);
const SAMPLE_EVERY_MS = 2_000;

const service = await startService();
const recorder = new Recorder();
try {
  const directories = await service.createDirectories();
  const source = new RequestSource(createRandom(seed), directories);
  const sampler = setInterval(() => void sample(), SAMPLE_EVERY_MS);
  await sample();
  let sent = 0;
  const worker = async () => {
    while (sent < total && !recorder.isHopeless) {
      const number = ++sent;
      const request = source.next();
      const outcome = await send(request);
      source.learn(request, outcome);
      recorder.add(number, request, outcome);
      if (number % 10_000 === 0) process.stdout.write(`${number} requests, ${recorder.brief()}\n`);
    }
  };
  await Promise.all(Array.from({ length: Number(values['in-flight']) }, worker));
  clearInterval(sampler);
  await sample();
} finally {
  await service.stop();
}
process.stdout.write(`${recorder.report({ seed, serviceSaid: service.said() })}\n`);
process.exitCode = recorder.hasFailed ? 1 : 0;

async function sample() {
  recorder.addMemory(await service.residentBytes());
}
