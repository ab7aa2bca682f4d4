import { existsSync, readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { transformSync } from '@swc/core';

/** How our TypeScript becomes JavaScript without type checks: in Jest, and in scripts that import sources. */
export const swcOptions = {
  jsc: {
    target: 'es2024',
    parser: { syntax: 'typescript', decorators: true },
    transform: { legacyDecorator: true, decoratorMetadata: true },
    keepClassNames: true,
  },
  module: { type: 'es6' },
  sourceMaps: 'inline',
};

const ROOT = new URL('..', import.meta.url);

/** From here on this process can import TypeScript sources, with the imports written as in the sources. */
export function allowTypeScript() {
  registerHooks({
    resolve(specifier, context, nextResolve) {
      const lib = /^#([a-z]+)$/.exec(specifier)?.[1];
      if (lib !== undefined)
        return { url: new URL(`libs/${lib}/src/index.ts`, ROOT).href, shortCircuit: true };
      const source = sourceOf(specifier, context.parentURL);
      return source === undefined ? nextResolve(specifier, context) : { url: source, shortCircuit: true };
    },
    load(url, context, nextLoad) {
      if (!url.startsWith(ROOT.href) || !url.endsWith('.ts')) return nextLoad(url, context);
      const filename = fileURLToPath(url);
      const { code } = transformSync(readFileSync(filename, 'utf8'), {
        ...swcOptions,
        filename,
        swcrc: false,
      });
      return { format: 'module', source: code, shortCircuit: true };
    },
  });
}

function sourceOf(specifier, parentUrl) {
  if (!/^\.{1,2}\/.*\.js$/.test(specifier) || !parentUrl?.startsWith(ROOT.href)) return undefined;
  if (parentUrl.includes('/node_modules/')) return undefined;
  const url = new URL(specifier.replace(/\.js$/, '.ts'), parentUrl);
  return existsSync(fileURLToPath(url)) ? pathToFileURL(fileURLToPath(url)).href : undefined;
}
