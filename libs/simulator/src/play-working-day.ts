import type { Company } from './company.js';
import type { IdpClient } from './idp-client.js';
import { pause, type Pace } from './pace.js';
import { planWorkingDay, type DayStep } from './plan-working-day.js';

export interface WorkingDayOptions extends Omit<Pace, 'inFlight'> {
  /** Called before every step. */
  readonly onStep?: (step: DayStep) => void;
}

/** Plays `planWorkingDay` for an onboarded company, one step after the other. */
export async function playWorkingDay(
  client: IdpClient,
  company: Company,
  options: WorkingDayOptions = {},
): Promise<void> {
  for (const step of planWorkingDay(company)) {
    options.signal?.throwIfAborted();
    options.onStep?.(step);
    await step.run(client);
    await pause(options);
  }
}
