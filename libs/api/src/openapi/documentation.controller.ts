import { Controller, Get, Header } from '@nestjs/common';
import type { JsonObject } from '#kernel';
import { Public } from '../edge/access.js';
import { OpenApiDocument } from './openapi-document.js';
import { ANY_OBJECT, Operation, STRING } from './operation.js';

@Controller()
export class DocumentationController {
  constructor(private readonly document: OpenApiDocument) {}

  @Get('openapi.json')
  @Public()
  @Header('access-control-allow-origin', '*')
  @Operation({ id: 'getOpenApi', summary: 'This document', returns: ANY_OBJECT })
  openApi(): JsonObject {
    return this.document.json;
  }

  @Get('docs')
  @Public()
  @Header('content-type', 'text/html; charset=utf-8')
  @Header('content-security-policy', "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
  @Operation({ id: 'getDocs', summary: 'This document as a page', returns: STRING, mediaType: 'text/html' })
  docs(): string {
    return this.document.page;
  }
}
