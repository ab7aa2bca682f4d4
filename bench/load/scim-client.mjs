/*
 * The load of the SCIM benchmark, in a process of its own: onboards people the way Okta does, a look-up by user name
 * and then a create, with a fixed number of requests in flight on kept-alive connections.
 */
import { Agent } from 'undici';

import { answer, stayAlive } from '../harness/probe.mjs';
import { quantile } from '../harness/stats.mjs';
import { userBody, userName } from './scim-users.mjs';

const SAMPLES = 20;
const LIMIT_MS = 300_000;

/** One job: `users` people, spread evenly over the targets. */
answer('onboard', async ({ targets, users, inFlight, prefix }) => {
  const agent = new Agent({ connections: inFlight, pipelining: 1 });
  const people = Array.from({ length: users }, (_, n) => person(targets, prefix, n));
  const latencies = [];
  let next = 0;
  const until = performance.now() + LIMIT_MS;
  const work = async () => {
    while (next < users) {
      if (performance.now() > until) throw new Error(`not done after ${LIMIT_MS / 1000} s`);
      const one = people[next++];
      const start = performance.now();
      await onboard(agent, one);
      latencies.push(performance.now() - start);
    }
  };
  const start = performance.now();
  try {
    await Promise.all(Array.from({ length: inFlight }, work));
    const seconds = (performance.now() - start) / 1000;
    await checkSamples(agent, people);
    return {
      seconds,
      p50: quantile(latencies, 0.5),
      p95: quantile(latencies, 0.95),
      p99: quantile(latencies, 0.99),
    };
  } finally {
    await agent.destroy();
  }
});
stayAlive();

function person(targets, prefix, n) {
  const { url, token } = targets[n % targets.length];
  const { origin, pathname } = new URL(url);
  const filter = encodeURIComponent(`userName eq "${userName(prefix, n)}"`);
  const authorization = `Bearer ${token}`;
  return {
    lookUp: {
      origin,
      path: `${pathname}/Users?filter=${filter}&startIndex=1&count=100`,
      method: 'GET',
      headers: { accept: 'application/scim+json', authorization },
    },
    create: {
      origin,
      path: `${pathname}/Users`,
      method: 'POST',
      headers: {
        accept: 'application/scim+json',
        'content-type': 'application/scim+json; charset=utf-8',
        authorization,
      },
      body: userBody(prefix, n),
    },
  };
}

async function onboard(agent, { lookUp, create }) {
  const found = await send(agent, lookUp, 200);
  if (!found.includes('"totalResults":0'))
    throw new Error(`Found before it was created: ${found.slice(0, 500)}`);
  const created = await send(agent, create, 201);
  if (!created.includes('"id":')) throw new Error(`Created without an id: ${created.slice(0, 500)}`);
}

/** What was answered must also be there: some of the people are looked up again, outside the measured time. */
async function checkSamples(agent, people) {
  const step = Math.max(1, Math.floor(people.length / SAMPLES));
  for (let n = 0; n < people.length; n += step) {
    const found = await send(agent, people[n].lookUp, 200);
    if (!found.includes('"totalResults":1')) throw new Error(`Created but not found: ${found.slice(0, 500)}`);
  }
}

async function send(agent, request, expected) {
  const { statusCode, body } = await agent.request(request);
  const text = await body.text();
  if (statusCode !== expected)
    throw new Error(
      `${request.method} ${request.path} was answered with ${statusCode}: ${text.slice(0, 500)}`,
    );
  return text;
}
