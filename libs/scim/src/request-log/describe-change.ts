import { getOwn, isJsonObject, type JsonObject, type JsonValue } from '#kernel';
import type { DirectoryUser, MemberOperation, UserInput } from '#model';
import { describeEvents } from './describe-events.js';
import type { ObservedChange } from './observe.js';

/** What the IdP did, to be completed by who (`Okta created …`, `Okta tried to create …`), and what came of it. */
export interface Deed {
  readonly did: string;
  readonly tried: string;
  readonly outcome: string;
}

/** A verb in the two forms that a line needs, and what follows it. */
interface Clause {
  readonly did: string;
  readonly tried: string;
  readonly rest: string;
}

const MOST_ATTRIBUTES = 4;

/** What one change means, in plain words. */
export function describeChange(observed: ObservedChange): Deed {
  const { change } = observed;
  switch (change.kind) {
    case 'create_user':
      return deed([clause('create', change.user.userName)], outcomeOf(observed));
    case 'create_group': {
      const size = change.members.length;
      const name = `the group ${change.group.name}${size === 0 ? '' : ` with ${members(size)}`}`;
      return deed([clause('create', name)], outcomeOf(observed));
    }
    case 'delete_user':
      return deed(
        [clause('delete', observed.result?.user?.userName ?? `the user ${change.id}`)],
        outcomeOf(observed),
      );
    case 'delete_group':
      return deed(
        [clause('delete', `the group ${observed.result?.group?.name ?? change.id}`)],
        outcomeOf(observed),
      );
    case 'update_user':
      return describeUserUpdate(observed, change.id);
    case 'update_group':
      return describeGroupUpdate(observed, change.id);
  }
}

function describeUserUpdate(observed: ObservedChange, id: string): Deed {
  const { userUpdate, result } = observed;
  if (userUpdate === undefined) return deed([clause('change', `the user ${id}`)], '');
  const { before, wanted } = userUpdate;
  const isHeld = result?.user?.pendingRemoval === true;
  const hasFlipped = before.active !== wanted.active && !isHeld;
  const flip = wanted.active ? 'activated, ' : 'deactivated, ';
  return deed(userClauses(before, wanted), `${hasFlipped ? flip : ''}${outcomeOf(observed)}`);
}

function userClauses(before: DirectoryUser, wanted: UserInput): Clause[] {
  const name = before.userName;
  const isFlipped = before.active !== wanted.active;
  const attributes = changedKeys(before.raw, wanted.raw).filter((attribute) => attribute !== 'active');
  const clauses: Clause[] = [];
  if (isFlipped)
    clauses.push({ did: 'set', tried: 'set', rest: `active=${String(wanted.active)} for ${name}` });
  if (attributes.length > 0)
    clauses.push(clause('change', `${listed(attributes)} of ${isFlipped ? 'the same person' : name}`));
  return clauses.length === 0 ? [unchanged(name)] : clauses;
}

function describeGroupUpdate(observed: ObservedChange, id: string): Deed {
  if (observed.groupUpdate === undefined) return deed([clause('change', `the group ${id}`)], '');
  const { before, wanted } = observed.groupUpdate;
  const clauses: Clause[] = [];
  if (before.name !== wanted.group.name)
    clauses.push(clause('rename', `the group ${before.name} to ${wanted.group.name}`));
  else if (!isSame(before.raw, wanted.group.raw))
    clauses.push(
      clause('change', `${listed(changedKeys(before.raw, wanted.group.raw))} of the group ${before.name}`),
    );
  clauses.push(...wanted.members.filter(hasEffect).map((step) => memberClause(step, wanted.group.name)));
  if (clauses.length === 0) clauses.push(unchanged(`the group ${before.name}`));
  return deed(clauses, outcomeOf(observed));
}

function memberClause(step: MemberOperation, group: string): Clause {
  switch (step.op) {
    case 'add':
      return clause('add', `${members(step.values.length)} to ${group}`);
    case 'remove':
      return clause('remove', `${members(step.values.length)} from ${group}`);
    case 'replace':
      return clause('set', `the members of ${group} (${step.values.length})`);
    case 'remove_all':
      return clause('remove', `all members from ${group}`);
  }
}

function hasEffect(step: MemberOperation): boolean {
  return step.op === 'remove_all' || step.op === 'replace' || step.values.length > 0;
}

function outcomeOf({ result }: ObservedChange): string {
  if (result === undefined) return '';
  const events = describeEvents(result.events);
  if ((result.user ?? result.group)?.pendingRemoval === true)
    return `held back until somebody approves it, ${events}`;
  if (result.restored === true) return `brought back with the old id, ${events}`;
  return result.events.length === 0 ? 'nothing new, no event' : events;
}

const PAST: Readonly<Record<string, string>> = { set: 'set', add: 'added' };

function clause(verb: string, rest: string): Clause {
  return { did: PAST[verb] ?? `${verb}${verb.endsWith('e') ? 'd' : 'ed'}`, tried: verb, rest };
}

function unchanged(name: string): Clause {
  return { did: 'sent', tried: 'send', rest: `${name} as it already was` };
}

function deed(clauses: readonly Clause[], outcome: string): Deed {
  const text = (tense: 'did' | 'tried'): string =>
    clauses.map((each) => `${each[tense]} ${each.rest}`).join(' and ');
  return { did: text('did'), tried: text('tried'), outcome };
}

/** Names of the attributes that differ. Those of an extension are named one by one: the URN means nothing to anybody. */
function changedKeys(before: JsonObject, after: JsonObject): string[] {
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return keys.flatMap((key) => {
    const [left, right] = [getOwn(before, key), getOwn(after, key)];
    if (key === 'schemas' || isSame(left, right)) return [];
    if (!key.startsWith('urn:')) return [key];
    return changedKeys(isJsonObject(left) ? left : {}, isJsonObject(right) ? right : {});
  });
}

function isSame(left: JsonValue | undefined, right: JsonValue | undefined): boolean {
  return left === right || JSON.stringify(left) === JSON.stringify(right);
}

function listed(names: readonly string[]): string {
  if (names.length === 0) return 'schemas';
  const shown = names.slice(0, MOST_ATTRIBUTES).join(', ');
  return names.length > MOST_ATTRIBUTES ? `${shown} and ${names.length - MOST_ATTRIBUTES} more` : shown;
}

function members(count: number): string {
  return count === 1 ? '1 member' : `${count} members`;
}
