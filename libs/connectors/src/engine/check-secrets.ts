import type { JsonObject } from '#kernel';
import type { FormField } from '../sdk/manifest.js';
import type { RotatingSecrets } from '../sdk/rotating-secrets.js';
import { Credentials } from './credentials.js';
import { digestOf, EnteredSecrets } from './entered-secrets.js';
import { StoredSecrets, type SealingParts } from './stored-secrets.js';

/**
 * The rotating secrets of a connection test. What the directory has stored is replaced there; what was only entered, beside
 * it. A test must not use up what the next run needs.
 */
export async function secretsForCheck(
  parts: SealingParts,
  form: readonly FormField[],
  request: {
    readonly environmentId: string;
    readonly directoryId: string | null;
    readonly answers: JsonObject;
  },
): Promise<RotatingSecrets> {
  const { environmentId, directoryId, answers } = request;
  const entered = new Map(
    form.flatMap(({ key, rotates }) => {
      const answer = answers[key];
      return rotates === true && typeof answer === 'string' ? [[key, answer.trim()] as const] : [];
    }),
  );
  const own = new EnteredSecrets(parts, environmentId, entered);
  if (directoryId === null || entered.size === 0) return own;
  const key = { environmentId, directoryId };
  const credentials = new Credentials(parts);
  const [known, origins] = [await credentials.open(key), await credentials.origins(parts.database, key)];
  const stored = new StoredSecrets(parts, key);
  const isStored = (field: string): boolean => {
    const value = entered.get(field) ?? '';
    return known[field] === value || origins.get(field) === digestOf(value);
  };
  const placeOf = (field: string): RotatingSecrets => (isStored(field) ? stored : own);
  return {
    current: (field) => placeOf(field).current(field),
    replace: (field, change) => placeOf(field).replace(field, change),
  };
}
