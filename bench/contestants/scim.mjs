/*
 * Who takes part in the SCIM benchmark. A contestant has a name, a process whose CPU time is read, and targets: SCIM
 * base addresses with their tokens, one for each directory.
 */
import { Child } from '../harness/child.mjs';
import { Rollcall } from './rollcall.mjs';

/** Starts a contestant that is one script of ours. */
async function startScript(name, file, env) {
  const child = new Child({ name, file: new URL(file, import.meta.url), env });
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
      stop: () => rollcall.stop(),
    };
  } catch (error) {
    await rollcall.stop();
    throw error;
  }
}

/** @type {Record<string, (options: { databaseUrl: string, poolSize: number, nodeArgs: string[] }) => Promise<object>>} */
export const SCIM_CONTESTANTS = {
  floor: ({ databaseUrl, poolSize }) =>
    startScript('floor', 'scim-floor.mjs', { DATABASE_URL: databaseUrl, POOL_SIZE: String(poolSize) }),
  rollcall: startRollcall,
  polis: ({ databaseUrl, poolSize }) =>
    startScript('polis', 'scim-polis.mjs', { DATABASE_URL: databaseUrl, POOL_SIZE: String(poolSize) }),
  scimmy: () => startScript('scimmy', 'scim-scimmy.mjs', {}),
};
