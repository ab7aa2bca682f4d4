import { InvalidInputError } from '#kernel';

/** A list that needs one of two filters got neither. */
export function missingFilter(first: string, second: string): InvalidInputError {
  const sentence = (name: string, other: string): string => `${name} is required when ${other} is not given.`;
  return new InvalidInputError('Validation failed', {
    problems: [
      { field: first, message: sentence(first, second) },
      { field: second, message: sentence(second, first) },
    ],
  });
}
