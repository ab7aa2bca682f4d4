import type { Connector, Source } from '#connectors';
import type { JsonObject } from '#kernel';
import { askSource } from './check-source.js';
import type { ConformanceFake } from './connector-conformance/conformance-world.js';
import type { FakeServer } from './fake-source/fake-server.js';
import { FakeTenant, type FakeTenantSize } from './fake-source/fake-tenant.js';
import { startLiar, type Liar } from './fake-source/liar.js';
import { fakeTime, type FakeTime } from './fake-time.js';
import { readSource, type Reading, type ReadResult } from './read-source.js';

/** A connector whose vendor is heard through a liar. */
export interface LiedTo {
  readonly time: FakeTime;
  readonly tenant: FakeTenant;
  readonly server: FakeServer;
  readonly liar: Liar;
  /** `answers` replace some of the form's. */
  read(options?: Partial<Reading>, answers?: JsonObject): Promise<ReadResult>;
  ask<T>(question: (source: Source) => Promise<T>, answers?: JsonObject): Promise<T>;
  close(): Promise<void>;
}

/** Pages have three items. */
export async function lieTo(
  connector: Connector,
  fake: ConformanceFake,
  size: FakeTenantSize,
): Promise<LiedTo> {
  const time = fakeTime();
  const tenant = new FakeTenant(size, time.clock);
  const server = await fake.start(tenant, { pageSize: 3 });
  const liar = await startLiar(server.url);
  const connection = (answers?: JsonObject): Reading => ({
    time,
    answers: { ...fake.answers(liar.url), ...answers },
    hosts: fake.hosts?.(liar.url),
  });
  return {
    time,
    tenant,
    server,
    liar,
    read: (options, answers) => readSource(connector, { ...connection(answers), ...options }),
    ask: (question, answers) => askSource(connector, connection(answers), question),
    close: async () => {
      await liar.close();
      await server.close();
    },
  };
}
