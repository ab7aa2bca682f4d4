import { Module, type DynamicModule } from '@nestjs/common';
import { ScimServer } from './http/scim-server.js';
import { TokenController } from './oauth/token.controller.js';
import { TokenEndpoint } from './oauth/token-endpoint.js';
import { ScimController } from './scim.controller.js';

/** The SCIM endpoints. The composition builds the servers, because it has the store and the settings. */
@Module({})
export class ScimModule {
  static forServer(server: ScimServer, tokens: TokenEndpoint): DynamicModule {
    return {
      module: ScimModule,
      // The wildcard of SCIM comes last.
      controllers: [TokenController, ScimController],
      providers: [
        { provide: ScimServer, useValue: server },
        { provide: TokenEndpoint, useValue: tokens },
      ],
    };
  }
}
