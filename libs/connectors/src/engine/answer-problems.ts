import { InvalidInputError, isJsonObject, type InputProblem, type JsonObject } from '#kernel';
import type { Connector } from '../sdk/contract.js';

/** Settings of a directory that are ours and not its connector's. */
export const DIRECTORY_SETTINGS: readonly string[] = [
  'auto_apply',
  'unique_group_names',
  'match_external_ids',
  'guard',
];

/**
 * Our own settings among the answers of one request: another kind of value would count as the default, and nobody would
 * know why. What was stored before is not looked at; null takes a setting back.
 * @throws InvalidInputError with one problem per setting
 */
export function checkOwnSettings(answers: JsonObject): void {
  const isWrong = (name: string): boolean => {
    const value = answers[name] ?? null;
    return value !== null && !(name === 'guard' ? isJsonObject(value) : typeof value === 'boolean');
  };
  refuseAll(
    DIRECTORY_SETTINGS.filter(isWrong).map((name) => ({
      field: `config.${name}`,
      message: `config.${name} must be ${name === 'guard' ? 'a JSON object' : 'true or false'}, or null for the default.`,
    })),
  );
}

/** @throws InvalidInputError for what is no secret of the connector's form, with where it belongs */
export function refuseUnknownCredentials({ manifest }: Connector, answers: JsonObject): void {
  const { form } = manifest;
  const secrets = form.filter((field) => field.secret).map((field) => field.key);
  const isSetting = (name: string): boolean => form.some((field) => field.key === name);
  refuseAll(
    Object.keys(answers)
      .filter((name) => !secrets.includes(name))
      .map((name) => ({
        field: `credentials.${name}`.slice(0, 100),
        message: `"${name.slice(0, 80)}" is no credential of this source. ${
          isSetting(name)
            ? 'It is a setting: change it with PATCH of the directory.'
            : `It has: ${secrets.join(', ')}.`
        }`,
      })),
  );
}

/** Problems with answers that were sent as `credentials` are reported there, not at `config`. */
export function underCredentials<T>(answers: JsonObject, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof InvalidInputError)) throw error;
    const moved = error.problems.map(({ field, message }) => {
      const name = field.replace(/^config\./, '');
      return { message, field: Object.hasOwn(answers, name) ? `credentials.${name}` : field };
    });
    throw new InvalidInputError(error.message, { problems: moved, cause: error });
  }
}

function refuseAll(problems: readonly InputProblem[]): void {
  if (problems.length > 0) throw new InvalidInputError('Validation failed', { problems });
}
