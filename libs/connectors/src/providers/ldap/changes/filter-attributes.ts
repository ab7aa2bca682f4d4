import {
  AndFilter,
  ApproximateFilter,
  EqualityFilter,
  ExtensibleFilter,
  GreaterThanEqualsFilter,
  LessThanEqualsFilter,
  NotFilter,
  OrFilter,
  PresenceFilter,
  SubstringFilter,
  type Filter,
} from 'ldapts';

/**
 * Attributes that servers work out, or keep without noting a change of the entry: back links (MS-ADTS 3.1.1.1.6, among
 * them `memberOf`, also of OpenLDAP's overlays), roles of 389 DS, constructed ones and those that every domain controller
 * keeps for itself (MS-ADTS 3.1.1.4.5).
 */
const SILENT =
  /^((is)?memberof|nsrole|hassubordinates|numsubordinates|directreports|managedobjects|.+bl|msds-.*(computed|transitive|approx)|tokengroups.*|lastlog(on|off)|logoncount|badpwdcount|badpasswordtime)$/;

/** Attributes that a filter compares, in lower case and without options; empty for a rule that names none. */
export function attributesIn(filter: Filter): readonly string[] {
  if (filter instanceof AndFilter || filter instanceof OrFilter) return filter.filters.flatMap(attributesIn);
  if (filter instanceof NotFilter) return attributesIn(filter.filter);
  const name = nameIn(filter).toLowerCase();
  return [name.split(';')[0] as string];
}

/**
 * Whether entries may enter or leave a filter without a change that the server would tell of: who was taken out of a
 * group that the filter names with `memberOf` is an entry that has not changed.
 */
export function isSilent(filter: Filter): boolean {
  return attributesIn(filter).some((name) => name === '' || SILENT.test(name));
}

function nameIn(filter: Filter): string {
  if (filter instanceof ExtensibleFilter) return filter.matchType;
  const isComparison = [
    EqualityFilter,
    ApproximateFilter,
    GreaterThanEqualsFilter,
    LessThanEqualsFilter,
    PresenceFilter,
    SubstringFilter,
  ].some((kind) => filter instanceof kind);
  return isComparison ? (filter as EqualityFilter).attribute : '';
}
