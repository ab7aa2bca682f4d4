import { Gauge, type Registry } from 'prom-client';
import type { Holds } from '#directory';

/** Removals that wait for a decision, and holds by state, counted when somebody asks. */
export function observeHolds(registry: Registry, holds: Holds): void {
  const pending: Gauge = new Gauge({
    name: 'rollcall_held_removals',
    help: 'Removals that wait for a decision',
    registers: [registry],
    collect: async () => {
      pending.set(await holds.countPending());
    },
  });
  const opened = new Gauge({
    name: 'rollcall_removal_holds',
    help: 'Removal holds by state',
    labelNames: ['state'] as const,
    registers: [registry],
    collect: async () => {
      opened.reset();
      for (const { state, count } of await holds.countStates()) opened.set({ state }, count);
    },
  });
}
