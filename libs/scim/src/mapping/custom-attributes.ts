import { isJsonObject, type JsonObject, type JsonValue } from '#kernel';
import type { Email } from '#model';
import { isAddress } from './emails.js';
import { elementsOf, objectOf, textOf } from './values.js';

const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';

/** JSON text inside a role longer than this is not looked into. */
const LONGEST_ROLE_TEXT = 4_096;

/**
 * The predefined custom attributes that a SCIM resource can fill. An attribute that the source does not have is left
 * out. SCIM has no source for `employment_start_date`.
 */
export function readCustomAttributes(resource: JsonObject, emails: readonly Email[]): JsonObject {
  const enterprise = objectOf(resource, ENTERPRISE);
  const attributes: JsonObject = {};
  const put = (name: string, value: JsonValue): void => {
    if (value !== null && !(Array.isArray(value) && value.length === 0)) attributes[name] = value;
  };
  put('username', textOf(resource['userName']));
  put('job_title', textOf(resource['title']));
  put('employee_type', textOf(resource['userType']));
  put('employee_number', textOf(enterprise?.['employeeNumber']));
  put('department_name', textOf(enterprise?.['department']));
  put('division_name', textOf(enterprise?.['division']));
  put('cost_center_name', textOf(enterprise?.['costCenter']));
  put('organization', textOf(enterprise?.['organization']));
  put('manager_email', managerEmail(objectOf(enterprise, 'manager')));
  put(
    'emails',
    emails.map((email) => ({ ...email })),
  );
  put('addresses', elementsOf(resource, 'addresses').map(address));
  put(
    'roles',
    elementsOf(resource, 'roles')
      .map(roleName)
      .filter((name) => name !== null),
  );
  return attributes;
}

/** SCIM says who the manager is by id; some sources write an address there, and only that is an e-mail for sure. */
function managerEmail(manager: JsonObject | undefined): string | null {
  const value = textOf(manager?.['value']);
  return value !== null && isAddress(value) ? value : null;
}

function address(element: JsonObject): JsonObject {
  const fields: readonly (readonly [string, string | null])[] = [
    ['type', textOf(element['type'])],
    ['street_address', textOf(element['streetAddress'])],
    ['locality', textOf(element['locality'])],
    ['region', textOf(element['region'])],
    ['postal_code', textOf(element['postalCode'])],
    ['country', textOf(element['country'])],
    ['raw_address', textOf(element['formatted'])],
  ];
  const result: JsonObject = {};
  for (const [name, value] of fields) if (value !== null) result[name] = value;
  if (typeof element['primary'] === 'boolean') result['primary'] = element['primary'];
  return result;
}

/** Entra writes a role as JSON text (`{"id":…,"value":"Admin",…}`); its `value` is the role, the rest is Entra's. */
function roleName(element: JsonObject): string | null {
  const text = textOf(element['value']);
  if (text === null || !text.startsWith('{') || text.length > LONGEST_ROLE_TEXT) return text;
  try {
    const role: unknown = JSON.parse(text);
    return (isJsonObject(role) ? textOf(role['value']) : null) ?? text;
  } catch {
    return text; // no JSON after all: the text itself is the role
  }
}
