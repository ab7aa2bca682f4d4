// Writes docs/configuration.md; with --check it only says whether the page is up to date.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';

import { allowTypeScript } from './typescript.mjs';

allowTypeScript();
const { configurationPage } = await import('../src/config/configuration-page.ts');

const file = new URL('../docs/configuration.md', import.meta.url);
const page = configurationPage();

if (!process.argv.includes('--check')) {
  mkdirSync(new URL('.', file), { recursive: true });
  writeFileSync(file, page);
} else if (readText() !== page) {
  console.error('docs/configuration.md is not what src/config/variables.ts says. Run "npm run config:docs".');
  process.exitCode = 1;
}

function readText() {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
