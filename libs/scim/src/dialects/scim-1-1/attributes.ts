import { ENTERPRISE_USER_URN, GROUP_URN, USER_URN } from '../../protocol/schema/urns.js';
import type { ResourceTypeName } from '../../protocol/schema/definitions.js';

/** One URN for User, Group and lists (SCIM 1.1 core schema, section 6 and 8). */
export const CORE_1_0 = 'urn:scim:schemas:core:1.0';
export const ENTERPRISE_1_0 = 'urn:scim:schemas:extension:enterprise:1.0';
/** Not in the specification, but Okta's test set looks for it in the answer of `/Schemas`. */
export const LIST_1_0 = 'urn:scim:schemas:core:1.0:ListResponse';

/** The 2.0 URN for a 1.x one of a resource type; unknown URNs stay as they are. */
export function toCanonicalUrn(urn: string, resourceType: ResourceTypeName): string {
  const lower = urn.toLowerCase();
  if (lower === CORE_1_0) return resourceType === 'User' ? USER_URN : GROUP_URN;
  return lower === ENTERPRISE_1_0 ? ENTERPRISE_USER_URN : urn;
}

/** The 1.x URN for a 2.0 one; unknown URNs stay as they are. */
export function toLegacyUrn(urn: string): string {
  if (urn === USER_URN || urn === GROUP_URN) return CORE_1_0;
  return urn === ENTERPRISE_USER_URN ? ENTERPRISE_1_0 : urn;
}

/** An attribute name or path whose URN, if it has one, is turned into the 2.0 one. */
export function toCanonicalName(name: string, resourceType: ResourceTypeName): string {
  const path = name.replace(/\bmanager\.managerId$/i, 'manager.value');
  for (const urn of [CORE_1_0, ENTERPRISE_1_0])
    if (path.toLowerCase().startsWith(urn)) return toCanonicalUrn(urn, resourceType) + path.slice(urn.length);
  return path;
}

/** Replaces 1.x names inside a filter or a list of attributes. What stands in quotes is a value and stays. */
export function toCanonicalText(text: string, resourceType: ResourceTypeName): string {
  return text.replaceAll(/"(?:[^"\\]|\\.)*"|[^"]+/g, (piece) =>
    piece.startsWith('"') ? piece : toCanonicalNames(piece, resourceType),
  );
}

function toCanonicalNames(names: string, resourceType: ResourceTypeName): string {
  const text = names.replaceAll(/\bmanager\.managerId\b/gi, 'manager.value');
  if (!text.toLowerCase().includes('urn:scim:')) return text;
  return text
    .replaceAll(/urn:scim:schemas:extension:enterprise:1\.0(?=[:.])/gi, ENTERPRISE_USER_URN)
    .replaceAll(/urn:scim:schemas:core:1\.0(?=[:.])/gi, resourceType === 'User' ? USER_URN : GROUP_URN);
}
