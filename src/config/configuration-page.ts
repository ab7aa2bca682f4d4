import { VARIABLES, type Variable } from './variables.js';

/** docs/configuration.md, made from the table that the program reads its variables by. */
export function configurationPage(): string {
  const rows = Object.values<Variable<unknown>>(VARIABLES).map(
    ({ name, shownDefault, description, isSecret }) =>
      `| \`${name}\` | ${shownDefault} | ${description}${isSecret ? ' **Secret.**' : ''} |`,
  );
  return `<!-- Made by scripts/write-configuration.mjs from src/config/variables.ts. Change that file, not this one. -->

# Configuration

Rollcall is configured by environment variables. All of them have a default or are checked at start: what is wrong is
printed, one line each, before anything else happens. A variable that is empty counts as absent.

| variable | default | meaning |
| --- | --- | --- |
${rows.join('\n')}
`;
}
