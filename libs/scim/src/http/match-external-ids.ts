import type { Directory } from '#model';
import type { DialectSwitches } from '../dialects/switches.js';

/** Whether members may be named by external ids: as the directory says (`config.match_external_ids`), else its dialect. */
export function matchesExternalIds(
  { config }: Pick<Directory, 'config'>,
  { matchExternalIds }: Pick<DialectSwitches, 'matchExternalIds'>,
): boolean {
  const own = config['match_external_ids'];
  return typeof own === 'boolean' ? own : matchExternalIds;
}
