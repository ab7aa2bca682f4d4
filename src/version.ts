import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

/** Of package.json, found beside the sources and above the compiled files alike. */
export const VERSION = readVersion();

function readVersion(): string {
  for (const path of ['../package.json', '../../package.json']) {
    try {
      return (require(path) as { version: string }).version;
    } catch {
      continue;
    }
  }
  return '0.0.0';
}
