import type { JsonObject } from '#kernel';
import type { Email } from '#model';
import { elementsOf, textOf } from './values.js';

/** RFC 5321 4.5.3.1.3 allows 256 for a path with its angle brackets. */
const LONGEST_ADDRESS = 254;

/**
 * The addresses of a person and the one to write to: the element flagged primary, else the first of type work, else
 * the first of type home, else none. A chosen address that is malformed leaves `email` null: writing to somebody else
 * of the list would be a guess. Without any address, a userName that looks like one stands in as primary work address.
 */
export function readEmails(
  resource: JsonObject,
  userName: string,
): { readonly email: string | null; readonly emails: readonly Email[] } {
  const emails = elementsOf(resource, 'emails').map(toEmail);
  if (emails.length === 0 && isAddress(userName.trim())) {
    const value = userName.trim();
    return { email: value, emails: [{ primary: true, type: 'work', value }] };
  }
  const chosen =
    emails.find((email) => email.primary === true) ??
    emails.find((email) => email.type?.toLowerCase() === 'work') ??
    emails.find((email) => email.type?.toLowerCase() === 'home');
  const address = chosen?.value?.trim() ?? '';
  return { email: isAddress(address) ? address : null, emails };
}

/** Good enough to tell an address from a log-in name; deliverability is nobody's claim here. Linear in the length. */
export function isAddress(text: string): boolean {
  const at = text.lastIndexOf('@');
  if (at < 1 || at === text.length - 1 || text.length > LONGEST_ADDRESS) return false;
  if (text.startsWith('.', at + 1) || text.endsWith('.')) return false;
  if (text.indexOf('@') !== at && !text.startsWith('"')) return false;
  return !Array.from(text).some(isForbidden);
}

function isForbidden(char: string): boolean {
  return char <= ' ' || char === '\u007f' || char === ',' || char === ';';
}

function toEmail(element: JsonObject): Email {
  const type = textOf(element['type']);
  return {
    ...(typeof element['primary'] === 'boolean' ? { primary: element['primary'] } : {}),
    ...(type === null ? {} : { type }),
    value: textOf(element['value']),
  };
}
