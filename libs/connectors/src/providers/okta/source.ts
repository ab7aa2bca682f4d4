import type { Source, SourceCheck } from '../../sdk/contract.js';
import { listedIds, lookUpByMember, lookUpEach, plural } from '../../sdk/look-up.js';
import type { SourcePorts } from '../../sdk/ports.js';
import { sampleListing } from '../../sdk/sample-listing.js';
import { isRefusal } from '../../sdk/unless-refused.js';
import { OktaClient } from './client.js';
import type { OktaConfig } from './config.js';
import { mapGroup } from './map-group.js';
import { mapUser } from './map-user.js';
import { oktaStreams } from './streams.js';

export function connect(config: OktaConfig, ports: SourcePorts): Source {
  const client = new OktaClient(config, ports);
  return {
    streams: (run) => oktaStreams({ client, config, ports }, run),
    check: () => check(client, config, ports),
    lookUp: (kind, ids) => lookUpEach(ids, (id) => client.exists(plural(kind), id)),
    lookUpMembers: (asked) =>
      lookUpByMember(asked, ({ id }) => listedIds((token) => client.groupsOf(id, token))),
  };
}

async function check(client: OktaClient, config: OktaConfig, ports: SourcePorts): Promise<SourceCheck> {
  const users = await sampleListing((token) => client.users('1970-01-01T00:00:00.000Z', token), mapUser);
  const groups = await sampleListing(
    (token) => client.groups(undefined, token),
    (item) => mapGroup(item, config),
  );
  const warnings: string[] = [];
  try {
    await client.log('eventType eq "group.lifecycle.delete"', ports.clock.now().toISOString(), null);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    warnings.push('The System Log may not be read (okta.logs.read): only full runs notice deletions.');
  }
  return {
    users: users.count,
    groups: groups.count,
    samples: [...users.samples, ...groups.samples],
    warnings,
  };
}
