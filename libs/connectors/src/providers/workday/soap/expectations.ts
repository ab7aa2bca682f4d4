import type { SnapshotRecord } from '#model';
import { SourceError } from '../../../sdk/source-error.js';
import type { ReadWorker } from '../map-worker.js';
import { FEW, lostFields, ShapeCount, type Shape } from '../shape.js';
import { DOMAIN_OF } from './read-worker.js';
import type { Step } from './walk.js';

/** Fields that nobody has when a domain is not granted. */
const DOMAIN_OF_FIELD: Readonly<Record<string, string>> = {
  work_email: 'Person Data: Work Email',
  user_name: 'Workday Accounts',
  department: 'Worker Data: Organization Information',
  company: 'Worker Data: Organization Information',
  cost_center: 'Worker Data: Organization Information',
  manager_id: 'Worker Data: Public Worker Reports',
};

/**
 * What everybody has at Workday, and nobody here, is hidden: Workday leaves it out without a word.
 * @throws SourceError that names the domain
 */
export function expectReadable(workers: readonly ReadWorker[]): void {
  if (workers.length === 0) return;
  const hidden = Object.keys(DOMAIN_OF).filter((part) =>
    workers.every((worker) => worker.hidden.includes(part)),
  );
  if (hidden.length === 0) return;
  throw new SourceError(
    'insufficient_permissions',
    `Workday shows ${hidden.join(' and ')} of nobody. Give the security group of the integration system user Get access to ` +
      `${domains(hidden.map((part) => DOMAIN_OF[part]))}, and run "Activate Pending Security Policy Changes".`,
  );
}

/**
 * A field that the last run found, and the first page shows of nobody, became unreadable; it must not pass for cleared.
 * @throws SourceError
 */
export function expectSameFields(previous: Shape | null, { workers, isLast }: Step): void {
  const count = new ShapeCount();
  for (const { fields } of workers) count.add(fields);
  const lost = lostFields(previous, count.shape(), { isWhole: isLast });
  if (lost.length === 0) return;
  const needed = lost.map((field) => DOMAIN_OF_FIELD[field]).filter((domain) => domain !== undefined);
  throw new SourceError(
    'insufficient_permissions',
    `Workday showed ${lost.join(', ')} the last time, and shows it of nobody now. ` +
      (needed.length === 0 ? 'Look for a domain that was taken from' : `Give ${domains(needed)} back to`) +
      ' the security group of the integration system user; or, if it is meant so, save the settings again.',
  );
}

function domains(names: readonly (string | undefined)[]): string {
  return [...new Set(names)].map((name) => `"${name}"`).join(' and ');
}

/** What works and will surprise, of the first page. */
export function warningsOf(workers: readonly ReadWorker[], people: readonly SnapshotRecord[]): string[] {
  if (workers.length === 0)
    return [
      'Workday shows nobody. The security group of the integration system user may be constrained to organizations without workers.',
    ];
  const unreadable = people.filter(({ kind }) => kind === 'invalid').length;
  const count = new ShapeCount();
  for (const { fields } of workers) count.add(fields);
  const given = count.shape().fields;
  const absent =
    workers.length < FEW ? [] : Object.keys(DOMAIN_OF_FIELD).filter((field) => !(field in given));
  return [
    ...(unreadable === 0
      ? []
      : [
          `${unreadable} of ${people.length} people cannot be read. They stay as they were; see the samples.`,
        ]),
    ...absent.map(
      (field) =>
        `Workday shows ${field} of nobody. If it is used, grant the domain "${DOMAIN_OF_FIELD[field]}".`,
    ),
  ];
}
