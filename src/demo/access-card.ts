import type { Acme, DemoDirectory } from './create-acme.js';
import type { PolledDirectory } from './play-polled.js';
import type { Screen } from './screen.js';

export interface Access {
  readonly baseUrl: string;
  readonly instanceKey: string;
  readonly acme: Acme;
  readonly polled: PolledDirectory;
}

/** Addresses and keys to go on with, and commands that work when pasted. */
export function showAccess(screen: Screen, { baseUrl, instanceKey, acme, polled }: Access): void {
  const [directory] = acme.directories;
  screen.heading('Yours to try', 'everything above lives on in this environment');
  row(screen, 'API', baseUrl);
  row(screen, 'API key', acme.apiKey);
  row(screen, 'instance key', `${instanceKey} (all scopes, makes environments)`);
  row(screen, 'environment', `${acme.environmentName} (${acme.environmentId})`);
  row(screen, 'organization', `Acme (${acme.organizationId})`);
  row(screen, 'webhook endpoint', `${acme.endpointId}, secret ${acme.secret}`);
  for (const { role, id, endpoint, token } of acme.directories) {
    row(screen, role.label, id);
    row(screen, '  SCIM endpoint', endpoint);
    row(screen, '  bearer token', token);
  }
  row(screen, polled.label, `${polled.id} (asked, not pushed)`);
  if (directory) showCommands(screen, { baseUrl, acme, polled }, directory);
}

function showCommands(
  screen: Screen,
  { baseUrl, acme, polled }: Omit<Access, 'instanceKey'>,
  directory: DemoDirectory,
): void {
  const key = `-H 'Authorization: Bearer ${acme.apiKey}'`;
  const token = `-H 'Authorization: Bearer ${directory.token}'`;
  const user = JSON.stringify({
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
    userName: 'you@acme.test',
    name: { givenName: 'You', familyName: 'Yourself' },
    active: true,
  });
  screen.line();
  command(
    screen,
    'the people of a directory',
    `curl '${baseUrl}/directory_users?directory=${directory.id}' ${key}`,
  );
  command(
    screen,
    'the event feed',
    `curl '${baseUrl}/events?events=dsync.user.created,dsync.user.updated' ${key}`,
  );
  command(screen, 'one SCIM look-up', `curl '${directory.endpoint}/Users?count=1' ${token}`);
  command(
    screen,
    'the removals that wait, with names – approve or reject them by POST to …/approve, …/reject',
    `curl '${baseUrl}/management/holds/${polled.holdId}' ${key}`,
  );
  command(
    screen,
    'the runs of the polled directory',
    `curl '${baseUrl}/management/directories/${polled.id}/sync_runs' ${key}`,
  );
  command(
    screen,
    'hire yourself and watch the webhook arrive here',
    `curl '${directory.endpoint}/Users' ${token} -H 'Content-Type: application/scim+json' -d '${user}'`,
  );
}

function row(screen: Screen, name: string, value: string): void {
  screen.line(`  ${screen.paint('dim', name.padEnd(17))} ${value}`);
}

function command(screen: Screen, purpose: string, text: string): void {
  screen.line(`  ${screen.paint('dim', `# ${purpose}`)}`);
  screen.line(`  ${text}`);
}
