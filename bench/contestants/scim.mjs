/*
 * Who takes part in the SCIM benchmark. A contestant has a name, a process whose CPU time is read, and targets: SCIM
 * base addresses with their tokens, one for each directory.
 */
import { Child } from '../harness/child.mjs';
import { Rollcall } from './rollcall.mjs';

/** Starts a contestant that is one script of ours. */
export async function startScript(name, env, nodeArgs) {
  const file = new URL(`scim-${name}.mjs`, import.meta.url);
  const child = new Child({ name, file, env, nodeArgs });
  return {
    name,
    child,
    createTargets: (count) => child.ask('targets', { count }),
    stop: () => child.stop(),
  };
}

async function startRollcall({ databaseUrl, nodeArgs }) {
  const rollcall = new Rollcall(databaseUrl);
  try {
    const child = await rollcall.start('api', nodeArgs);
    return {
      name: 'rollcall',
      child,
      createTargets: async (count) => {
        const targets = [];
        for (let n = 1; n <= count; n += 1)
          targets.push(await rollcall.createDirectory(`Directory ${n} of ${count}`));
        return targets;
      },
      neverHold: ({ id }) => rollcall.put(`/management/directories/${id}/guard`, { action: 'alert_only' }),
      stop: () => rollcall.stop(),
    };
  } catch (error) {
    await rollcall.stop();
    throw error;
  }
}

function startOnPostgres(name) {
  return ({ databaseUrl, poolSize, nodeArgs }) =>
    startScript(name, { DATABASE_URL: databaseUrl, POOL_SIZE: String(poolSize) }, nodeArgs);
}

/** @type {Record<string, (options: { databaseUrl: string, poolSize: number, nodeArgs: string[] }) => Promise<object>>} */
export const SCIM_CONTESTANTS = {
  floor: startOnPostgres('floor'),
  rollcall: startRollcall,
  polis: startOnPostgres('polis'),
  scimmy: ({ nodeArgs }) => startScript('scimmy', {}, nodeArgs),
};
