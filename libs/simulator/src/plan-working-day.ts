import type { Company, CompanyGroup, Person } from './company.js';
import type { IdpClient, IdpGroup } from './idp-client.js';
import { FAMILY_NAMES } from './names.js';

/** One thing that the admins of a company do during a day. */
export interface DayStep {
  readonly action:
    | 'hire'
    | 'rename'
    | 'change e-mail'
    | 'transfer'
    | 'new group'
    | 'rename group'
    | 'leave group'
    | 'deactivate'
    | 'reactivate'
    | 'offboard'
    | 'delete group';
  /** Whom it concerns, in words. */
  readonly who: string;
  run(client: IdpClient): Promise<void>;
}

/** Everything that happens to an onboarded company in a day; each person has only one thing happen to them. */
export function planWorkingDay(company: Company): DayStep[] {
  const free = company.random.shuffle(company.people);
  const take = (): Person => {
    const person = free.pop();
    if (!person) throw new RangeError('The company has too few people for a working day; it takes twelve.');
    return person;
  };
  const project = [take(), take(), take()];
  const projectGroup = { externalId: company.newId('group'), name: 'Project Nightjar' };
  const resting = take();
  return [
    hire(company),
    hire(company),
    rename(company, take()),
    changeEmail(company, take()),
    transfer(company, take()),
    createGroup(projectGroup, project),
    deactivate(resting),
    ...renameGroup(company),
    hire(company),
    leaveGroup(company),
    transfer(company, take()),
    rename(company, take()),
    deactivate(take()),
    { action: 'reactivate', who: nameOf(resting), run: (client) => client.reactivate(resting) },
    { action: 'delete group', who: projectGroup.name, run: (client) => client.deleteGroup(projectGroup) },
    ...[take(), take()].map(offboard),
  ];
}

function hire(company: Company): DayStep {
  const person = company.newcomer();
  const group = departmentOf(company, person.department);
  return {
    action: 'hire',
    who: group ? `${nameOf(person)}, into ${group.name}` : nameOf(person),
    run: async (client) => {
      await client.hire(person);
      if (group) await client.addMembers(group, [person]);
    },
  };
}

function rename(company: Company, person: Person): DayStep {
  const familyName = company.random.pick(FAMILY_NAMES.filter((name) => name !== person.familyName));
  const name = { givenName: person.givenName, familyName };
  return {
    action: 'rename',
    who: `${nameOf(person)} is now ${nameOf(name)}`,
    run: async (client) => void (await client.rename(person, name)),
  };
}

function changeEmail(company: Company, person: Person): DayStep {
  const email = company.address(person.givenName.slice(0, 1), person.familyName);
  return {
    action: 'change e-mail',
    who: `${nameOf(person)} to ${email}`,
    run: async (client) => void (await client.changeEmail(person, email)),
  };
}

/** From the department's group to the next one. */
function transfer(company: Company, person: Person): DayStep {
  const groups = company.groups.slice(0, -1);
  const from = groups.find(({ memberIds }) => memberIds.includes(person.externalId));
  const to = groups.find(({ memberIds }) => !memberIds.includes(person.externalId));
  return {
    action: 'transfer',
    who: [nameOf(person), from && `from ${from.name}`, to && `to ${to.name}`].filter(Boolean).join(' '),
    run: async (client) => {
      if (from) await client.removeMembers(from, [person]);
      if (to) await client.addMembers(to, [person]);
    },
  };
}

function createGroup(group: IdpGroup, members: readonly Person[]): DayStep {
  return {
    action: 'new group',
    who: `${group.name} with ${members.length} people`,
    run: async (client) => void (await client.createGroup(group, members)),
  };
}

/**
 * The last group gets a new name. Nothing else of the day touches it: a group is known by the name that the plan saw.
 */
function renameGroup(company: Company): DayStep[] {
  const group = company.groups.at(-1);
  if (!group) return [];
  const name = `${group.name} (all)`;
  return [
    {
      action: 'rename group',
      who: `${group.name} is now ${name}`,
      run: async (client) => void (await client.renameGroup(group, name)),
    },
  ];
}

function leaveGroup(company: Company): DayStep {
  const group = largest(company.groups.slice(0, -1));
  const leavers = group ? company.membersOf(group).slice(0, 2) : [];
  return {
    action: 'leave group',
    who: `${leavers.map(nameOf).join(' and ')} leave ${group?.name ?? 'nothing'}`,
    run: async (client) => {
      if (group && leavers.length > 0) await client.removeMembers(group, leavers);
    },
  };
}

function deactivate(person: Person): DayStep {
  return { action: 'deactivate', who: nameOf(person), run: (client) => client.deactivate(person) };
}

function offboard(person: Person): DayStep {
  return { action: 'offboard', who: nameOf(person), run: (client) => client.offboard(person) };
}

function departmentOf(company: Company, department: string): CompanyGroup | undefined {
  return company.groups.find(({ name }) => name === department);
}

function largest(groups: readonly CompanyGroup[]): CompanyGroup | undefined {
  return groups.toSorted((a, b) => b.memberIds.length - a.memberIds.length)[0];
}

function nameOf({ givenName, familyName }: Pick<Person, 'givenName' | 'familyName'>): string {
  return `${givenName} ${familyName}`;
}
