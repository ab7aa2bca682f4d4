/* A small organization of Okta, in a process of its own; any number of directories may be polled from it at once. */
import { fakeOkta, FakeTenant } from '../../dist/libs/testing/src/fake-source/index.js';
import { answer, stayAlive } from '../harness/probe.mjs';

const PAGE_SIZE = 200;
const CLOCK = { now: () => new Date() };

let server;

/** Opens it; answers with the form as an admin fills it in. */
answer('open', async (size) => {
  server = await fakeOkta.start(new FakeTenant(size, CLOCK), { pageSize: PAGE_SIZE });
  return fakeOkta.answers(server.url);
});

/** Requests since the last time; they are forgotten, or the list of them would grow for ever. */
answer('requests', () => {
  const requests = server.calls.length;
  server.calm();
  return requests;
});
stayAlive();
