import { Module, type DynamicModule } from '@nestjs/common';
import { ScimServer } from './http/scim-server.js';
import { ScimController } from './scim.controller.js';

/** The SCIM endpoints. The composition builds the server, because it has the store and the settings. */
@Module({})
export class ScimModule {
  static forServer(server: ScimServer): DynamicModule {
    return {
      module: ScimModule,
      controllers: [ScimController],
      providers: [{ provide: ScimServer, useValue: server }],
    };
  }
}
