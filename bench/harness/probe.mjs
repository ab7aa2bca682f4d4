/*
 * Loaded with --import into every process of a benchmark, the service's own included: answers the harness over the
 * channel to its parent, above all with the CPU time and memory it has used. Costs nothing between two questions.
 */
const handlers = new Map();
const early = new Map();

/** From now on this process answers questions of this kind; those that came earlier are answered at once. */
export function answer(kind, handler) {
  handlers.set(kind, handler);
  for (const message of early.get(kind) ?? []) void reply(message, handler);
  early.delete(kind);
}

/** For processes that do nothing but answer; the channel alone does not keep a process alive. */
export function stayAlive() {
  process.channel?.ref();
}

answer('usage', () => {
  const { user, system } = process.cpuUsage();
  return {
    cpuSeconds: (user + system) / 1e6,
    rssBytes: process.memoryUsage.rss(),
    peakBytes: process.resourceUsage().maxRSS * 1_024,
  };
});

if (process.send) {
  process.on('message', (message) => {
    const handler = handlers.get(message.kind);
    if (handler) void reply(message, handler);
    else early.set(message.kind, [...(early.get(message.kind) ?? []), message]);
  });
  // When the harness is killed, nothing it started stays behind.
  process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
  process.channel.unref();
}

// A process with an end of its own (the service) keeps it; the others leave at once, but orderly: a CPU profile is
// written on exit, not on being killed.
process.on('SIGTERM', () => {
  if (process.listenerCount('SIGTERM') === 1) process.exit(0);
});

async function reply({ id, payload }, handler) {
  try {
    send({ id, result: (await handler(payload)) ?? null });
  } catch (error) {
    send({ id, error: error?.stack ?? String(error) });
  }
}

function send(message) {
  if (process.connected) process.send(message);
}
