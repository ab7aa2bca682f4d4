/*
 * The load of the benchmark of single SCIM operations, in a process of its own: one kind of request at a time, with a fixed
 * number of them in flight on kept-alive connections. Bodies are made before the time is taken.
 */
import { Agent } from 'undici';

import { answer, stayAlive } from '../harness/probe.mjs';
import { quantile } from '../harness/stats.mjs';
import { userBody, userName } from './scim-users.mjs';

const LIMIT_MS = 600_000;
const MEMBERS_AT_ONCE = 1_000;

let agent;
let target;
/** Ids of people, oldest first. */
let people = [];
const groups = new Map();
let made = 0;

/** Where the load goes; makes `users` people to work with. */
answer('begin', async ({ url, token, users, inFlight }) => {
  await agent?.destroy();
  agent = new Agent({ connections: inFlight, pipelining: 1 });
  const { origin, pathname } = new URL(url);
  target = { origin, pathname, token };
  people = [];
  groups.clear();
  await hire({ count: users, inFlight });
});

answer('hire', ({ count, inFlight }) => hire({ count, inFlight }).then(() => undefined));

/** A group of the first `size` people, made bit by bit. */
answer('group', async ({ name, size }) => {
  const { id } = JSON.parse(await send(create('Groups', JSON.stringify({ displayName: name }))));
  for (let from = 0; from < size; from += MEMBERS_AT_ONCE)
    await send(addMembers(id, people.slice(from, Math.min(size, from + MEMBERS_AT_ONCE))));
  groups.set(name, id);
});

/** Runs one kind of operation `count` times. */
answer('operation', async ({ kind, ...options }) => {
  const { texts: _, ...result } = await OPERATIONS[kind](options);
  return result;
});

/** One person after the other joins and leaves a group; nobody else is there. */
answer('churn', async ({ name, size, count }) => {
  const id = groups.get(name);
  const latencies = [];
  for (let n = 0; n < count; n += 1) {
    const person = people[(size + n) % people.length];
    for (const change of [addMembers(id, [person]), removeMember(id, person)]) {
      const start = performance.now();
      await send(change);
      latencies.push(performance.now() - start);
    }
  }
  return { p50: quantile(latencies, 0.5), p95: quantile(latencies, 0.95) };
});
stayAlive();

const OPERATIONS = {
  create: ({ count, inFlight }) => hire({ count, inFlight }),
  patch: ({ count, inFlight, round }) =>
    all(
      take(count).map((id) => patchUser(id, [{ op: 'replace', path: 'title', value: `Title ${round}` }])),
      inFlight,
    ),
  // As Okta says it, away and back, so that everybody is active again afterwards.
  active: async ({ count, inFlight }) => {
    const some = take(Math.ceil(count / 2));
    const say = (active) => some.map((id) => patchUser(id, [{ op: 'replace', value: { active } }]));
    const [gone, back] = [await all(say(false), inFlight), await all(say(true), inFlight)];
    return { ...back, count: gone.count + back.count, seconds: gone.seconds + back.seconds };
  },
  filter: ({ count, inFlight }) =>
    all(
      Array.from({ length: count }, (_, n) => lookUp(userName('ops', n % people.length))),
      inFlight,
    ),
  members: async ({ count, inFlight, round }) => {
    const ids = await Promise.all(
      Array.from({ length: Math.ceil(count / 5) }, (_, n) =>
        send(create('Groups', JSON.stringify({ displayName: `Round ${round}, group ${n}` }))),
      ),
    );
    const requests = Array.from({ length: count }, (_, n) => {
      const from = (n * 100) % (people.length - 100);
      return addMembers(JSON.parse(ids[n % ids.length]).id, people.slice(from, from + 100));
    });
    return all(requests, inFlight);
  },
};

async function hire({ count, inFlight }) {
  const requests = Array.from({ length: count }, () => create('Users', userBody('ops', made++)));
  const { texts, ...result } = await all(requests, inFlight);
  people.push(...texts.map((text) => JSON.parse(text).id));
  return result;
}

/** Other people each time, so that no request finds everything as it wants it. */
function take(count) {
  const some = people.splice(0, count);
  people.push(...some);
  return some;
}

async function all(requests, inFlight) {
  const texts = Array(requests.length);
  const latencies = [];
  let next = 0;
  const until = performance.now() + LIMIT_MS;
  const work = async () => {
    while (next < requests.length) {
      if (performance.now() > until) throw new Error(`not done after ${LIMIT_MS / 1000} s`);
      const n = next++;
      const start = performance.now();
      texts[n] = await send(requests[n]);
      latencies.push(performance.now() - start);
    }
  };
  const start = performance.now();
  await Promise.all(Array.from({ length: inFlight }, work));
  const seconds = (performance.now() - start) / 1_000;
  return {
    seconds,
    count: requests.length,
    p50: quantile(latencies, 0.5),
    p95: quantile(latencies, 0.95),
    texts,
  };
}

const create = (type, body) => request('POST', `/${type}`, body);
const lookUp = (name) =>
  request('GET', `/Users?filter=${encodeURIComponent(`userName eq "${name}"`)}&startIndex=1&count=100`);
const patchUser = (id, Operations) => request('PATCH', `/Users/${id}`, JSON.stringify({ Operations }));
const patchGroup = (id, Operations) => request('PATCH', `/Groups/${id}`, JSON.stringify({ Operations }));
const addMembers = (id, ids) =>
  patchGroup(id, [{ op: 'add', path: 'members', value: ids.map((value) => ({ value })) }]);
const removeMember = (id, member) =>
  patchGroup(id, [{ op: 'remove', path: `members[value eq "${member}"]` }]);

function request(method, path, body) {
  const { origin, pathname, token } = target;
  const headers = {
    accept: 'application/scim+json',
    authorization: `Bearer ${token}`,
    ...(body !== undefined && { 'content-type': 'application/scim+json; charset=utf-8' }),
  };
  return { origin, path: pathname + path, method, headers, body };
}

async function send(one) {
  const { statusCode, body } = await agent.request(one);
  const text = await body.text();
  if (statusCode >= 300)
    throw new Error(`${one.method} ${one.path} was answered with ${statusCode}: ${text.slice(0, 500)}`);
  return text;
}
