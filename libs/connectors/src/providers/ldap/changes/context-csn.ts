import { dnKey } from '../dn.js';
import { textsOf } from '../entry.js';
import { baseSearch } from '../client.js';
import { SUCCESS } from '../wire/result-errors.js';
import type { TrackerParts } from './tracker.js';

/** Time, count, id of the server, count of the modification (OpenLDAP Administrator's Guide, 18.2). */
const CSN = /^\d{14}\.\d{6}Z#[0-9a-f]{6}#([0-9a-f]{3})#[0-9a-f]{6}$/;

/**
 * The cookie of OpenLDAP's present state, made of the newest change that it keeps at the top of the tree: so nothing has
 * to be listed to get one, which a limit of size would cut. Null elsewhere, and when the account may not read it.
 */
export async function contextCookie({ client, session }: TrackerParts, base: string): Promise<Buffer | null> {
  if (session.dialect.kind !== 'openldap') return null;
  const key = dnKey(base);
  const above = session.facts.contexts.filter((context) => `,${key}`.endsWith(`,${dnKey(context)}`));
  const [context] = above.sort((one, other) => other.length - one.length);
  if (context === undefined) return null;
  const { entries, result } = await client.search(baseSearch(context, ['contextCSN']), session);
  const states = entries[0] === undefined ? [] : textsOf(entries[0], 'contextcsn');
  if (result.code !== SUCCESS || states.length === 0 || !states.every((state) => CSN.test(state)))
    return null;
  const byServer = states.sort((one, other) => serverOf(one).localeCompare(serverOf(other)));
  // Without a number of the reader the server takes the cookie for none.
  return Buffer.from(`rid=000,csn=${byServer.join(';')}`);
}

/** Without the id of the server that sent it: at the reader's place it would name the reader, whose own changes are left out. */
export function portableCookie(cookie: Buffer): Buffer {
  return Buffer.from(cookie.toString('latin1').replace(/,sid=[0-9a-f]{1,3}(?=,|$)/, ''), 'latin1');
}

function serverOf(csn: string): string {
  return CSN.exec(csn)?.[1] ?? '';
}
