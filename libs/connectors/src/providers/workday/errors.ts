import { SourceError } from '../../sdk/source-error.js';

/** What Workday says, in the words that decide. Of a SOAP fault its code is part of the text. */
interface Meaning {
  readonly words: RegExp;
  readonly error: (facts: Readonly<Record<string, unknown>>) => SourceError;
}

/** Rights that reading workers takes; which of them is missing Workday does not say. */
const DOMAINS =
  '"Worker Data: Public Worker Reports", "Worker Data: Current Staffing Information", "Person Data: Name", ' +
  '"Person Data: Work Email" and "Worker Data: Organization Information"';

const MEANINGS: readonly Meaning[] = [
  {
    words:
      /authenticationError|invalid (user ?name|username)|invalid credentials|password (has )?expired|account (is )?(locked|disabled)/i,
    error: (facts) =>
      new SourceError(
        'invalid_credentials',
        'Workday refused the integration system user. Check user name and password, that the account is neither locked nor ' +
          'expired, and that an authentication policy lets it in by password.',
        { facts },
      ),
  },
  {
    words: /not authorized|permission denied|access denied|insufficient (privileges|permissions)/i,
    error: (facts) => notAuthorized(facts),
  },
  {
    words: /invalid[ _]tenant|tenant .{0,60}(not found|does not exist|not available)/i,
    error: (facts) =>
      new SourceError(
        'not_found_tenant',
        'Workday has no such tenant on this host. Check both: tenants live on different hosts (wd2, wd3, wd5 …).',
        { facts },
      ),
  },
  {
    words: /report .{0,200}(does not exist|not found|is not valid|invalid)|invalid report|no such report/i,
    error: (facts) => noReport(facts),
  },
];

/** Undefined for words that say nothing definite. */
export function meaningOf(text: string, facts: Readonly<Record<string, unknown>>): SourceError | undefined {
  return MEANINGS.find(({ words }) => words.test(text))?.error(facts);
}

export function notAuthorized(facts: Readonly<Record<string, unknown>>): SourceError {
  return new SourceError(
    'insufficient_permissions',
    `The integration system user may not do this. Give its security group Get access to the domains ${DOMAINS}, share the ` +
      'report with it where one is read, and run "Activate Pending Security Policy Changes".',
    { facts },
  );
}

export function noReport(facts: Readonly<Record<string, unknown>>): SourceError {
  return new SourceError(
    'config_error',
    'Workday has no such report at this address. It may have been renamed, its owner changed, or "Enable As Web Service" ' +
      'switched off: copy the JSON address anew.',
    { facts },
  );
}

/** A vendor's words as an admin may see them: cut, on one line. */
export function quoted(text: string, most = 200): string {
  return text
    .replaceAll(/[\s\p{C}]+/gu, ' ')
    .trim()
    .slice(0, most);
}
