import type { Source, SourceCheck } from '../../sdk/contract.js';
import { lookUpEach, plural } from '../../sdk/look-up.js';
import type { SourcePorts } from '../../sdk/ports.js';
import { sampleListing } from '../../sdk/sample-listing.js';
import { GoogleClient } from './client.js';
import type { GoogleConfig } from './config.js';
import { mapGroup } from './map-group.js';
import { mapUser } from './map-user.js';
import { googleStreams } from './streams.js';

export function connect(config: GoogleConfig, ports: SourcePorts): Source {
  const client = new GoogleClient(config, ports);
  return {
    streams: () => googleStreams({ client, config, ports }),
    check: () => check(client, config),
    lookUp: (kind, ids) => lookUpEach(ids, (id) => client.exists(plural(kind), id)),
    lookUpMembers: (asked) => lookUpEach(asked, ({ groupId, member }) => client.isMember(groupId, member.id)),
  };
}

async function check(client: GoogleClient, config: GoogleConfig): Promise<SourceCheck> {
  const users = await sampleListing(
    (token) => client.users(token),
    (item) => mapUser(item, config.orgUnits),
  );
  const groups = await sampleListing((token) => client.groups(token), mapGroup);
  // A right of its own: consent, and an admin's role, may leave it out.
  const first = groups.samples.find((record) => record.kind === 'group');
  if (first !== undefined) await client.members(first.group.sourceId, null);
  return {
    users: users.count,
    groups: groups.count,
    samples: [...users.samples, ...groups.samples],
    warnings: [],
  };
}
