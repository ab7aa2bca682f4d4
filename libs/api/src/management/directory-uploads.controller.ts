import { Controller, Delete, Get, HttpCode } from '@nestjs/common';
import { UploadRefused, Uploads } from '#connectors';
import { Directories } from '#directory';
import { NotFoundError, type JsonObject } from '#kernel';
import { Scopes } from '../edge/access.js';
import { EnvironmentId } from '../edge/api-request.js';
import { Filters, PathId } from '../edge/input.js';
import { listBody } from '../edge/list-body.js';
import { pageQuery } from '../edge/page-query.js';
import type { QueryOf } from '../edge/query.js';
import { listOf, Operation } from '../openapi/operation.js';
import { uploadWire } from '../uploads/upload.wire.js';

const uploadsQuery = pageQuery('upload', {});

/** What a customer has uploaded for a directory. */
@Controller('management/directories/:id/uploads')
export class DirectoryUploadsController {
  constructor(
    private readonly uploads: Uploads,
    private readonly directories: Directories,
  ) {}

  @Get()
  @Scopes('directories:read')
  @Operation({
    id: 'listUploads',
    summary: 'List the files that were uploaded for a directory',
    returns: listOf('Upload'),
  })
  async list(
    @EnvironmentId() environmentId: string,
    @PathId('id', 'Directory') directoryId: string,
    @Filters(uploadsQuery) query: QueryOf<typeof uploadsQuery>,
  ): Promise<JsonObject> {
    await this.directories.get(environmentId, directoryId);
    const page = await this.uploads.box.list({ environmentId, directoryId }, query.page);
    return listBody(page, (upload) => uploadWire(directoryId, upload));
  }

  @Delete(':upload_id')
  @HttpCode(204)
  @Scopes('directories:write')
  @Operation({
    id: 'deleteUpload',
    summary: 'Erase the content of an uploaded file',
    description: 'Nobody is removed because of that. The entry stays in the list as `deleted`.',
  })
  async remove(
    @EnvironmentId() environmentId: string,
    @PathId('id', 'Directory') directoryId: string,
    @PathId('upload_id', 'Upload') id: string,
  ): Promise<void> {
    await this.directories.get(environmentId, directoryId);
    try {
      await this.uploads.box.remove({ environmentId, directoryId }, { id });
    } catch (error) {
      if (!(error instanceof UploadRefused)) throw error;
      throw new NotFoundError(`Upload not found: '${id}'.`, { entityId: id });
    }
  }
}
