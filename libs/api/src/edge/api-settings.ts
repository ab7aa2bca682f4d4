/** What the composition tells the controllers. */
export class ApiSettings {
  /** Address under which clients reach this server, without a slash at the end. */
  readonly publicUrl: string;
  /** Ids of the SCIM dialects that are built in. */
  readonly knownDialects: readonly string[];
  /** Version of the service, for the OpenAPI document. */
  readonly version: string;

  constructor(settings: ApiSettings) {
    this.publicUrl = settings.publicUrl.replace(/\/+$/, '');
    this.knownDialects = settings.knownDialects;
    this.version = settings.version;
  }
}
