import type { Connector, SourceCheck } from '#connectors';
import type { JsonObject } from '#kernel';
import { fakePorts } from './fake-source/fake-ports.js';
import { fakeTime } from './fake-time.js';

/** What a connection test says of a source on loopback. @throws SourceError */
export async function checkSource(connector: Connector, answers: JsonObject): Promise<SourceCheck> {
  const { ports, end } = fakePorts({ time: fakeTime(new Date().toISOString()) });
  try {
    return await connector.connect(connector.readConfig(answers), ports).check();
  } finally {
    end();
  }
}
