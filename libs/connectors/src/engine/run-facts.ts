import type { ConnectorManifest } from '../sdk/manifest.js';
import type { Asking } from './asking.js';
import type { RunFacts } from './snapshot-door.js';
import { provenCoverage, type StreamProgress } from './sync-run.js';

/** What the directory has to know of a run, beside what it was shown. */
export function runFacts(
  streams: readonly StreamProgress[],
  { kind, capabilities }: ConnectorManifest,
  asking: Asking,
): RunFacts {
  return {
    complete: provenCoverage(streams),
    // In an HR system nobody is deleted who has worked there; in a directory accounts are, every day.
    listsInactive: capabilities.listsInactive && kind === 'hris',
    // A closed site and the end of a season are stated; a directory where many accounts vanish at once has had an accident.
    statedCountsHalf: kind !== 'idp',
    ...asking.facts(capabilities.lookUp),
  };
}
