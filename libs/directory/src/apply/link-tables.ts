/** The kinds of links differ only in where they are stored. */
export interface LinkTable {
  /** Tells the prepared statements apart. */
  readonly kind: string;
  readonly name: string;
  readonly column: string;
  /** SQL that tells whether the source asserts the link, and lists it itself. */
  readonly asserted: string;
  readonly direct: string;
  /** SQL that picks the rows of this kind. */
  readonly where: string;
}

const ALWAYS = { asserted: 'true', direct: 'true', where: 'true' };
export const MEMBERSHIPS: LinkTable = {
  kind: 'memberships',
  name: 'memberships',
  column: 'user_id',
  asserted: 'l.asserted',
  direct: 'l.asserted AND l.direct',
  where: 'true',
};
export const NESTED_GROUPS: LinkTable = {
  ...ALWAYS,
  kind: 'nested_groups',
  name: 'nested_groups',
  column: 'member_id',
};
const PENDING = { ...ALWAYS, name: 'pending_memberships', column: 'value' };
export const PENDING_MEMBERSHIPS: LinkTable = { ...PENDING, kind: 'pending_people', where: 'NOT l.is_group' };
export const PENDING_GROUPS: LinkTable = { ...PENDING, kind: 'pending_groups', where: 'l.is_group' };
