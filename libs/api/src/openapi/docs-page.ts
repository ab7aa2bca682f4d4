import { isJsonObject, type JsonObject, type JsonValue } from '#kernel';
import { escapeHtml } from '../edge/escape-html.js';

const STYLE = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
details { border: 1px solid #8884; border-radius: .4rem; margin: .4rem 0; padding: .4rem .8rem; }
summary { cursor: pointer; }
code, pre { font: .875rem/1.5 ui-monospace, monospace; }
pre { overflow-x: auto; background: #8881; padding: .6rem; border-radius: .4rem; }
.method { display: inline-block; min-width: 4.5rem; font-weight: 700; text-transform: uppercase; }
table { border-collapse: collapse; } td, th { text-align: left; vertical-align: top; padding: .15rem .8rem .15rem 0; }`;

/** The OpenAPI document as one self-contained page: no script, nothing loaded from elsewhere. */
export function renderDocs(document: JsonObject): string {
  const info = document.info as JsonObject;
  const tags = Map.groupBy(operations(document), (operation) => operation.tag);
  const sections = [...tags].map(
    ([tag, items]) => `<h2>${html(tag)}</h2>\n${items.map((item) => item.html).join('\n')}`,
  );
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${html(info.title)}</title>
<style>${STYLE}</style>
<h1>${html(info.title)} <small>${html(info.version)}</small></h1>
<p>${html(info.description)} The same as <a href="/openapi.json">OpenAPI 3.1</a>.</p>
${sections.join('\n')}
<h2>Schemas</h2>
${schemas(document)}
</html>
`;
}

function operations(document: JsonObject): { tag: string; html: string }[] {
  return entries(document.paths).flatMap(([path, methods]) =>
    entries(methods).map(([method, operation]) => ({
      tag: String((operation.tags as string[])[0]),
      html: renderOperation(method, path, operation),
    })),
  );
}

function renderOperation(method: string, path: string, operation: JsonObject): string {
  const scopes = (operation['x-required-scopes'] as string[] | undefined) ?? [];
  return `<details id="${html(operation.operationId)}"><summary><span class="method">${html(method)}</span>
<code>${html(path)}</code> ${html(operation.summary)}</summary>
<p>${html(operation.description ?? '')}</p>
<p>Scopes: ${scopes.length === 0 ? 'none' : scopes.map((scope) => `<code>${html(scope)}</code>`).join(', ')}</p>
${renderParameters(operation.parameters as JsonObject[])}
${operation.requestBody ? `<h4>Body</h4>${pretty(bodySchema(operation.requestBody))}` : ''}
<h4>Answers</h4><table>${renderResponses(operation)}</table></details>`;
}

function renderParameters(parameters: readonly JsonObject[]): string {
  if (parameters.length === 0) return '';
  const rows = parameters.map(
    (parameter) =>
      `<tr><td><code>${html(parameter.name)}</code></td><td>${html(parameter.in)}</td>` +
      `<td>${html(parameter.description ?? '')}</td><td><code>${html(JSON.stringify(parameter.schema))}</code></td></tr>`,
  );
  return `<h4>Parameters</h4><table>${rows.join('\n')}</table>`;
}

function renderResponses(operation: JsonObject): string {
  return entries(operation.responses)
    .map(([status, response]) => {
      const schema = response.content ? bodySchema(response) : undefined;
      return `<tr><th>${html(status)}</th><td>${html(response.description)}</td><td>${schema ? renderName(schema) : ''}</td></tr>`;
    })
    .join('\n');
}

/** Name of the schema, and of the items when it is a list. */
function renderName(schema: JsonObject): string {
  const text = JSON.stringify(schema);
  const names = [...text.matchAll(/#\/components\/schemas\/(\w+)/g)].map(([, name]) => String(name));
  return names
    .filter((name) => name !== 'ListMetadata')
    .map((name) => `<a href="#schema-${name}">${name}</a>`)
    .join(', ');
}

function schemas(document: JsonObject): string {
  const { schemas: all } = document.components as JsonObject;
  return entries(all)
    .map(
      ([name, schema]) =>
        `<details id="schema-${name}"><summary>${name}</summary>${pretty(schema)}</details>`,
    )
    .join('\n');
}

function bodySchema(holder: JsonValue): JsonObject {
  const media = entries((holder as JsonObject).content)[0]?.[1];
  return (media?.schema ?? {}) as JsonObject;
}

function pretty(value: JsonValue): string {
  return `<pre>${html(JSON.stringify(value, undefined, 2))}</pre>`;
}

function entries(value: JsonValue | undefined): [string, JsonObject][] {
  return isJsonObject(value) ? (Object.entries(value) as [string, JsonObject][]) : [];
}

function html(value: JsonValue | undefined): string {
  return escapeHtml(typeof value === 'string' ? value : JSON.stringify(value ?? ''));
}
