/**
 * Whether somebody is in a group, asked by who does not want its members back (identity providers ask so before each
 * change of a membership): the directory finds that out without anybody reading 100,000 members.
 */
import { and, type Filter as DirectoryFilter, or } from '../directory/filter';
import { anchorFilter, anchorOfId, isDNAnchor } from '../mapping/anchor';
import { type FilterPlan, planOf } from '../mapping/filter';
import type { ObjectType } from '../mapping/objectType';
import { looksLikeDN, type References } from '../mapping/reference';
import type { Filter } from '../scim/filter';
import type { AttributePath } from '../scim/path';

/** A filter in two parts, both of which have to hold. */
export interface ApartFilter {
  /** Each asks for one member, by its id: what the directory answers exactly. */
  readonly members: Filter;
  readonly rest: Filter | undefined;
}

/** The filter with the members that it asks for apart; undefined where it asks for none, or in another way. */
export function membersApart(filter: Filter, { anchor }: ObjectType): ApartFilter | undefined {
  if (isDNAnchor(anchor)) return undefined;
  const terms = filter.kind === 'and' ? filter.filters : [filter];
  const members = terms.filter(asksForMember);
  if (members.length === 0) return undefined;
  const rest = terms.filter((term) => !members.includes(term));
  return {
    members: { kind: 'and', filters: members },
    rest: rest.length === 0 ? undefined : { kind: 'and', filters: rest },
  };
}

function asksForMember(term: Filter): boolean {
  if (term.kind === 'valuePath') return isMembers(term.path) && isEqualValue(term.filter);
  return term.kind === 'compare' && isMembers(term.path) && isEqualValue(term);
}

function isMembers(path: AttributePath | undefined): boolean {
  return path !== undefined && !path.extension && path.attribute === 'members';
}

function isEqualValue(term: Filter): boolean {
  if (term.kind !== 'compare' || term.operator !== 'eq' || term.path?.subAttribute !== 'value') return false;
  return typeof term.value === 'string' && !looksLikeDN(term.value);
}

/** What the directory is asked for; `none` where nothing can match, undefined where it cannot tell. */
export function membershipFilter(
  { members, rest }: ApartFilter,
  objectType: ObjectType,
  references: References,
): DirectoryFilter | 'none' | undefined {
  const asked = planOf(members, objectType, references).superset;
  if (typeof asked === 'string') return asked === 'none' ? 'none' : undefined;
  const plan = rest === undefined ? undefined : planOf(rest, objectType, references);
  if (plan?.superset === 'none') return 'none';
  const narrowed = plan === undefined ? undefined : narrowing(plan, objectType);
  return narrowed === undefined ? asked : and(narrowed, asked);
}

/** A filter that finds what a plan finds, as far as there is one. */
function narrowing(
  { superset, candidates = [] }: FilterPlan,
  { anchor, schema }: ObjectType,
): DirectoryFilter | undefined {
  if (typeof superset !== 'string') return superset;
  const anchors = candidates.map((candidate) =>
    candidate.kind === 'id' ? anchorOfId(candidate.id, anchor) : undefined,
  );
  const known = anchors.filter((one) => one !== undefined);
  if (known.length === 0 || known.length < anchors.length) return undefined;
  return or(...known.map((one) => anchorFilter(one, anchor, schema.isBinary(anchor))));
}
