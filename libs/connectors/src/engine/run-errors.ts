import { SourceError, type SourceErrorCode } from '../sdk/source-error.js';
import type { RunError, RunErrorCode } from './sync-run.js';

/** What the admin does about each kind of failure. */
const REMEDIES: Readonly<Record<RunErrorCode, string>> = {
  wrong_host: 'Check the address in the settings, and that the name resolves from where Rollcall runs.',
  tls_failed: 'Check the certificate of the source; add the issuing authority if it is a private one.',
  invalid_credentials:
    'Enter new credentials, or make a new link where an admin’s consent gives them. Nothing in the directory was changed.',
  consent_missing:
    'Let an admin of the source open the link: the answer to the creation of the directory has one, POST /management/directories/<id>/authorizations makes another.',
  insufficient_permissions:
    'Grant the missing right at the source, then run again. What could not be read stays as it is.',
  not_found_tenant: 'Check the tenant or domain in the settings; the source does not know it.',
  rate_limited: 'Nothing to do: the run goes on by itself. If it keeps happening, make the interval longer.',
  source_unavailable:
    'Nothing to do: the run is tried again by itself. If it lasts, see the status page of the source.',
  source_changed_shape:
    'Compare with the connector’s notes and update Rollcall; what was not understood stays as it is.',
  incomplete_listing:
    'Nothing was removed. If the next run says the same, check paging and limits at the source.',
  cursor_expired: 'Nothing to do: the stream is read whole.',
  config_error: 'Correct the settings that the message names.',
  internal_error: 'Report it with the run’s id; the log holds the details. Nothing was removed.',
  run_deadline: 'Nothing was removed. Let the run take longer, or let it read less.',
  cancelled: 'Start another run when you are ready.',
  superseded: 'Look at the run that replaced it.',
  approval_expired: 'A fresh preview follows by itself; look at it and apply it within a day.',
};

export function runError(code: RunErrorCode, message: string): RunError {
  return { code, message, remedy: REMEDIES[code] };
}

/** The same failure of a run that had begun to change the directory. */
export function whileApplying({ code, message }: RunError): RunError {
  return {
    code,
    message: `${message} It was being applied: a part of its changes has taken effect.`,
    remedy:
      'The next run compares again and applies the rest. If it fails as well, report it with the run’s id; the log holds the details.',
  };
}

/** Failures that no other stream can escape: the run ends, and nothing of it is applied. */
const FATAL: readonly SourceErrorCode[] = [
  'wrong_host',
  'tls_failed',
  'invalid_credentials',
  'consent_missing',
  'not_found_tenant',
  'config_error',
];

/** Failures that pass by themselves: the run waits and goes on where it was. */
const PASSING: readonly SourceErrorCode[] = ['rate_limited', 'source_unavailable'];

/**
 * What becomes of a run when a stream fails.
 * - `fatal`: the run fails.
 * - `wait`: it goes on later, from its checkpoint.
 * - `restart`: the stream is read again, whole.
 * - `cut`: the stream is incomplete, the others go on.
 */
export type FailureKind = 'fatal' | 'wait' | 'restart' | 'cut';

export function classifyFailure(error: unknown): FailureKind {
  if (!(error instanceof SourceError)) return 'fatal';
  if (FATAL.includes(error.code)) return 'fatal';
  if (PASSING.includes(error.code)) return 'wait';
  return error.code === 'cursor_expired' ? 'restart' : 'cut';
}

export function describeFailure(error: unknown): RunError {
  if (error instanceof SourceError) return runError(error.code, error.message);
  return runError('internal_error', 'The run failed for a reason that Rollcall did not foresee.');
}
