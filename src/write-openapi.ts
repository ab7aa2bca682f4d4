import { readFileSync, writeFileSync } from 'node:fs';
import { buildOpenApi } from '#api';
import { VERSION } from './version.js';

/** Writes docs/openapi.json; with --check it only says whether the file is up to date. */
const file = 'docs/openapi.json';
const text = `${JSON.stringify(buildOpenApi({ version: VERSION }), null, 2)}\n`;

if (!process.argv.includes('--check')) {
  writeFileSync(file, text);
} else if (readOrEmpty() !== text) {
  process.stderr.write(`${file} is not what the routes declare. Run "npm run openapi".\n`);
  process.exitCode = 1;
}

function readOrEmpty(): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
