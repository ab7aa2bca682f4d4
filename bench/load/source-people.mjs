/*
 * A source of people, groups and memberships that grows no memory: page by page, always the same for the same round.
 * From one round to the next a hundredth of the people has another title: half of them a new one, half the old one again.
 * Every 200th membership moves to somebody else, so that a hundredth of all is new or gone.
 */
const PAGE = 1_000;
const CHANGING = 200;

/** @typedef {{ people: number, groups: number, memberships: number }} Size */

/** Pages of records as a connector reads them. @param {Size} size */
export function* pagesOf(size, round) {
  yield* inPages(peopleOf(size, round));
  yield* inPages(groupsOf(size));
  yield* inPages(memberRecords(size, round));
}

/** @param {Size} size */
export function* peopleOf({ people }, round) {
  for (let index = 0; index < people; index += 1) yield { kind: 'user', user: personOf(index, round) };
}

/** @param {Size} size */
export function* groupsOf({ groups }) {
  for (let index = 0; index < groups; index += 1) {
    const sourceId = groupId(index);
    yield { kind: 'group', group: { sourceId, name: `Team ${index}`, raw: { id: sourceId, kind: 'team' } } };
  }
}

/** Group and person of every membership. The first group has everybody. @param {Size} size */
export function* edgesOf({ people, groups, memberships }, round) {
  for (let person = 0; person < people; person += 1) yield [groupId(0), personId(person)];
  const each = Math.floor((memberships - people) / (groups - 1));
  for (let group = 1; group < groups; group += 1)
    for (let place = 0; place < each; place += 1) {
      const edge = group * each + place;
      const moves = edge % CHANGING === 0 ? round : 0;
      yield [groupId(group), personId((group * 37 + place + moves * each) % people)];
    }
}

function* memberRecords(size, round) {
  let record;
  for (const [group, id] of edgesOf(size, round)) {
    if (record !== undefined && (record.groupId !== group || record.members.length === PAGE)) {
      yield record;
      record = undefined;
    }
    record ??= { kind: 'members', groupId: group, members: [] };
    record.members.push({ id, kind: 'user' });
  }
  if (record !== undefined) yield record;
}

/** Pages of about as many things, memberships counted one by one. */
function* inPages(records) {
  let page = [];
  let weight = 0;
  for (const record of records) {
    page.push(record);
    weight += record.members?.length ?? 1;
    if (weight < PAGE) continue;
    yield page;
    page = [];
    weight = 0;
  }
  if (page.length > 0) yield page;
}

function personOf(index, round) {
  const sourceId = personId(index);
  const email = `person.${index}@example.com`;
  const title = index % CHANGING === round % CHANGING ? `Cook of round ${round}` : 'Cook';
  const first = `First${index % 997}`;
  const last = `Last${index}`;
  return {
    sourceId,
    userName: email,
    email,
    emails: [{ primary: true, type: 'work', value: email }],
    firstName: first,
    lastName: last,
    name: `${first} ${last}`,
    jobTitle: title,
    active: true,
    stateReason: null,
    raw: {
      id: sourceId,
      status: 'ACTIVE',
      created: '2024-01-15T09:30:00.000Z',
      profile: rawProfile(index, email, title),
    },
    customAttributes: { department_name: `Department ${index % 200}`, employee_number: String(index) },
  };
}

function rawProfile(index, email, title) {
  return {
    login: email,
    email,
    title,
    department: `Department ${index % 200}`,
    city: 'Bergen',
    employeeNumber: String(index),
  };
}

function personId(index) {
  return `00u${String(index).padStart(17, '0')}`;
}

function groupId(index) {
  return `00g${String(index).padStart(17, '0')}`;
}
