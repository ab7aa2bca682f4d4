import { isJsonObject, type JsonObject, type JsonValue } from '#kernel';
import type { ReceivedMessage } from '../contract.js';

/** A person without `userName` is called by the primary e-mail address, or the first one. */
export function readRequest({ kind, resourceType, body }: ReceivedMessage): JsonObject {
  const isWhole = kind === 'create' || kind === 'replace';
  if (!isWhole || resourceType !== 'User' || valueOf(body, 'username')) return body;
  const address = addressOf(valueOf(body, 'emails'));
  return address === undefined ? body : { ...body, userName: address };
}

function addressOf(emails: JsonValue | undefined): string | undefined {
  const elements = [emails ?? []].flat().filter(isJsonObject);
  const chosen = elements.find(isPrimary) ?? elements[0];
  const address = chosen && valueOf(chosen, 'value');
  return typeof address === 'string' && address !== '' ? address : undefined;
}

function isPrimary(element: JsonObject): boolean {
  const primary = valueOf(element, 'primary');
  return primary === true || (typeof primary === 'string' && primary.toLowerCase() === 'true');
}

/** Names of attributes have no letter case (RFC 7643 2.1). */
function valueOf(object: JsonObject, lowerCaseName: string): JsonValue | undefined {
  return Object.entries(object).find(([name]) => name.toLowerCase() === lowerCaseName)?.[1];
}
