import type { JsonObject } from '#kernel';
import { renderDocs } from './docs-page.js';

/** The built document, as JSON and as a page. */
export class OpenApiDocument {
  readonly json: JsonObject;
  readonly page: string;

  constructor(json: JsonObject) {
    this.json = json;
    this.page = renderDocs(json);
  }
}
