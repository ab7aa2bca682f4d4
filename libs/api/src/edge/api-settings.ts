/** Where files are uploaded by SFTP. */
export interface SftpAddress {
  readonly host: string;
  readonly port: number;
  /** Fingerprints, `SHA256:…`. */
  readonly hostKeys: readonly string[];
}

/** What the composition tells the controllers. */
export class ApiSettings {
  /** Address under which clients reach this server, without a slash at the end. */
  readonly publicUrl: string;
  /** Names of the SCIM dialects that are built in, ids and aliases, with the id behind each. */
  readonly dialects: ReadonlyMap<string, string>;
  /** Version of the service, for the OpenAPI document. */
  readonly version: string;
  /** Null where no SFTP server runs. */
  readonly sftp: SftpAddress | null;

  constructor(settings: ApiSettings) {
    this.publicUrl = settings.publicUrl.replace(/\/+$/, '');
    this.dialects = settings.dialects;
    this.version = settings.version;
    this.sftp = settings.sftp;
  }
}
