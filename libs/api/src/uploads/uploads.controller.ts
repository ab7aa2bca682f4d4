import { Controller, HttpCode, Post, Put, Req, Res } from '@nestjs/common';
import { MAX_UPLOAD, UploadRefused, Uploads, type Receipt } from '#connectors';
import { DirectoryAccess, type AccessedDirectory } from '#directory';
import { AuthenticationError, type JsonObject } from '#kernel';
import { readToken } from '#scim';
import type { FastifyReply } from 'fastify';
import { Public } from '../edge/access.js';
import type { ApiRequest } from '../edge/api-request.js';
import { Filters, PathId } from '../edge/input.js';
import { parameter, query, type QueryOf } from '../edge/query.js';
import { textLike } from '../edge/values.js';
import { Operation, ref, type OperationInfo } from '../openapi/operation.js';
import { readContentDigest } from './content-digest.js';
import { bodyOf, drain } from './upload-body.js';
import { receiptWire } from './upload.wire.js';

const uploadQuery = query({
  sha256: parameter(
    textLike(/^[0-9a-fA-F]{64}$/, 64, 'must be 64 hexadecimal digits, as sha256sum prints them'),
    'SHA-256 of the file, unpacked when it is sent with `Content-Encoding: gzip`.',
  ),
  rows: parameter(
    textLike(/^\d{1,7}$/, 7, 'must be a whole number'),
    'Rows of the file without its header; another number is refused when it is read.',
  ),
});

const UPLOAD: Omit<OperationInfo, 'id'> = {
  summary: 'Upload a file for a directory',
  description:
    'Signed in with a token of the directory (`uploads.bearer_token` of its creation), as a bearer token or as the password of HTTP Basic. The body is the file, up to 256 MiB, also with `Content-Encoding: gzip`. `Content-Digest` (RFC 9530, sha-256 or sha-512, of the bytes that are sent) or `sha256` is checked, and says at the same time that the file is whole. A file that is cut off is never stored. The same file under the same name is received once. What belongs together is sent within ten seconds, or followed by `manifest.json` or `done`.',
  bodyType: 'application/octet-stream',
  security: 'uploadToken',
  returns: ref('UploadReceipt'),
  errors: {
    400: 'Content-Digest is malformed, or the body broke off.',
    401: 'The token is missing or not of this directory, or there is no such directory.',
    404: 'The directory was deleted meanwhile.',
    409: 'The files of this directory are not uploaded.',
    413: 'The file is too large.',
    422: 'The file is refused: its name, its digest, no content, or its encoding.',
    429: 'Too many uploads at once, or too much within a day.',
    503: 'The directory is paused.',
  },
};

/** What a handler of an upload takes, in this order. */
type UploadParameters = [
  key: string,
  name: string,
  said: QueryOf<typeof uploadQuery>,
  request: ApiRequest,
  reply: FastifyReply,
];

const PARAMETERS: readonly ParameterDecorator[] = [
  PathId('key', 'Directory'),
  PathId('name', 'File'),
  Filters(uploadQuery),
  Req(),
  Res({ passthrough: true }),
];

/** Some scripts send files with PUT, some with POST; apart from that it is one route. */
function UploadRoute(id: string, method: (path: string) => MethodDecorator): MethodDecorator {
  return (target, property, descriptor) => {
    for (const [index, decorate] of PARAMETERS.entries()) decorate(target, property, index);
    for (const decorate of [method(':key/:name'), HttpCode(201), Public(), Operation({ id, ...UPLOAD })])
      decorate(target, property, descriptor);
  };
}

/** Files that customers’ scripts send. */
@Controller('uploads')
export class UploadsController {
  constructor(
    private readonly uploads: Uploads,
    private readonly access: DirectoryAccess,
  ) {}

  @UploadRoute('uploadFile', Put)
  put(...parameters: UploadParameters): Promise<JsonObject> {
    return this.#receive(...parameters);
  }

  @UploadRoute('uploadFileByPost', Post)
  post(...parameters: UploadParameters): Promise<JsonObject> {
    return this.#receive(...parameters);
  }

  async #receive(...[key, name, said, request, reply]: UploadParameters): Promise<JsonObject> {
    const sent: Sent = { key, name, ...said };
    try {
      const directory = await this.#signIn(sent.key, request);
      const receipt = await this.#take(directory, sent, request);
      void reply.status(receipt.isNew ? 201 : 200);
      return receiptWire(directory.id, receipt);
    } catch (error) {
      // What is left of the file stands in the way of the next request.
      void reply.header('connection', 'close');
      drain(request.raw);
      throw error;
    }
  }

  #take(directory: AccessedDirectory, { name, sha256, rows }: Sent, request: ApiRequest): Promise<Receipt> {
    const { headers } = request;
    if (Number(announcedBytes(request)) > MAX_UPLOAD)
      throw new UploadRefused(
        'too_large',
        `A file may have ${MAX_UPLOAD / 1_048_576} MiB. Compress it, or send changes only. Nothing was stored.`,
      );
    this.uploads.expectName(directory, name);
    expectNoForm(request.announcedType ?? headers['content-type']);
    return this.uploads.receive(directory, {
      name,
      content: bodyOf(request),
      isGzip: isGzip(headers['content-encoding']),
      digests: readContentDigest(headers['content-digest'] as string | undefined),
      sha256: sha256?.toLowerCase() ?? null,
      rows: rows === undefined ? null : Number(rows),
    });
  }

  /** Whoever has no token of this directory does not even learn that there is one. */
  async #signIn(key: string, request: ApiRequest): Promise<AccessedDirectory> {
    try {
      return await this.access.authenticateUpload(key, readToken(request));
    } catch (error) {
      if (error instanceof AuthenticationError) throw new UploadRefused('unauthorized', error.message);
      throw error;
    }
  }
}

interface Sent {
  readonly key: string;
  readonly name: string;
  readonly sha256: string | undefined;
  readonly rows: string | undefined;
}

/** The header is taken away from bodies that are read as they come. */
function announcedBytes(request: ApiRequest): string | undefined {
  return request.announcedBytes ?? request.headers['content-length'];
}

/** The file would have the form's boundaries in it. */
function expectNoForm(type: string | undefined): void {
  if (type?.trim().toLowerCase().startsWith('multipart/') === true)
    throw new UploadRefused(
      'bad_encoding',
      'The body is a form with files in it (multipart); send the file itself as the body: curl -T users.csv, or --data-binary @users.csv. Nothing was stored.',
    );
}

function isGzip(encoding: string | undefined): boolean {
  const name = (encoding ?? 'identity').trim().toLowerCase();
  if (name === 'gzip' || name === 'x-gzip') return true;
  if (name === 'identity' || name === '') return false;
  throw new UploadRefused(
    'bad_encoding',
    `Content-Encoding "${name.slice(0, 40)}" is not known here; use gzip.`,
  );
}
