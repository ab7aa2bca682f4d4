import type { Connector, Source, SourceCheck } from '#connectors';
import type { JsonObject } from '#kernel';
import type { SnapshotFinding, SnapshotKind, SnapshotMembership } from '#model';
import { fakePorts, type FakePortsOptions } from './fake-source/fake-ports.js';
import { fakeTime } from './fake-time.js';

/** Connects as a run does, outside of one. @throws SourceError */
export async function askSource<T>(
  connector: Connector,
  { answers, ...options }: FakePortsOptions & { readonly answers: JsonObject },
  ask: (source: Source) => Promise<T>,
): Promise<T> {
  const { ports, end } = fakePorts(options);
  const source = connector.connect(connector.readConfig(answers), ports);
  try {
    return await ask(source);
  } finally {
    await source.close?.();
    end();
  }
}

/** What a connection test says of a source on loopback. @throws SourceError */
export function checkSource(connector: Connector, answers: JsonObject): Promise<SourceCheck> {
  const time = fakeTime(new Date().toISOString());
  return askSource(connector, { answers, time }, (source) => source.check());
}

/**
 * What a source on loopback says of memberships, in their order.
 * @param asked `group > kind:id`, as `readSource` shows them
 */
export async function askMembers(
  connector: Connector,
  reading: Partial<FakePortsOptions> & { readonly answers: JsonObject },
  asked: readonly string[],
): Promise<readonly (SnapshotFinding | undefined)[]> {
  const memberships = asked.map((text): SnapshotMembership => {
    const [groupId = '', member = ''] = text.split(' > ');
    const at = member.indexOf(':');
    return { groupId, member: { kind: member.slice(0, at) as SnapshotKind, id: member.slice(at + 1) } };
  });
  const found = await askSource(
    connector,
    { time: fakeTime(new Date().toISOString()), ...reading },
    async (source) => source.lookUpMembers?.(memberships),
  );
  return memberships.map((one) => found?.get(one));
}
