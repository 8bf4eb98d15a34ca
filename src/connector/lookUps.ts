/** Look-ups of one kind: the same query with one matching value after the other, answered from what is at hand. */

import type { DirectoryAttribute } from '../mapping/directoryFace';
import { idsInFilter, planOf } from '../mapping/filter';
import type { ObjectType } from '../mapping/objectType';
import { noReferences } from '../mapping/reference';
import type { Filter } from '../scim/filter';
import type { Query, QueryForm } from '../scim/handler';
import type { AttributePath } from '../scim/path';
import type { Resource } from '../scim/resource';
import type { ConnectorContext } from './context';
import { type LeftOut, leftOutOf, pathsIn } from './leaving';
import { membersApart } from './membershipQuery';

/** What the queries of a form have in common. */
interface Common {
  /** The matching attribute. */
  readonly attribute: DirectoryAttribute;
  /** What the answers do without. */
  readonly leave: LeftOut | undefined;
}

/** A value of a matching attribute, which every match has. */
export interface LookUp {
  /** Canonical name. */
  readonly attribute: string;
  /** The value as it is a key in the connector space. */
  readonly key: string;
  readonly leave?: LeftOut;
  /** Whether a resource that has the value matches the whole query. */
  matches(resource: Resource): boolean;
}

/** The look-ups that clients make of one object type. */
export class LookUps {
  readonly #known = new WeakMap<QueryForm, Common | 'none'>();

  constructor(
    readonly context: ConnectorContext,
    readonly objectType: ObjectType,
  ) {}

  /** The look-up that a query is; undefined for all others. */
  of({ asked }: Query): LookUp | undefined {
    if (asked === undefined || asked.value === '') return undefined;
    let common = this.#known.get(asked.form);
    if (common === undefined) {
      common = this.#commonOf(asked.form) ?? 'none';
      this.#known.set(asked.form, common);
    }
    if (common === 'none') return undefined;
    const { attribute, leave } = common;
    const key = this.objectType.schema.normalize(attribute.ldapName, asked.value);
    const matches = (resource: Resource) => asked.form.matches(resource, asked.value);
    return { attribute: attribute.key, key, matches, ...(leave && { leave }) };
  }

  /** Of a query all of whose matches have the value in one matching attribute, whatever the value is. */
  #commonOf(form: QueryForm): Common | undefined {
    const { context, objectType } = this;
    const { filter, sortBy, projection } = form.queryFor(SAMPLE);
    if (filter === undefined || sortBy !== undefined || isNamed(form.path, objectType)) return undefined;
    if (idsInFilter(filter, objectType).length > 0 || membersApart(filter, objectType) !== undefined) return undefined;
    if (othersIn(filter, form.path).some((path) => path.schema === objectType.urn)) return undefined;
    const [candidate, ...others] = planOf(filter, objectType, noReferences).candidates ?? [];
    if (candidate?.kind !== 'match' || others.length > 0 || candidate.asserted !== SAMPLE) return undefined;
    const attribute = objectType.attributes.get(candidate.attribute);
    if (attribute?.type !== 'string') return undefined;
    return { attribute, leave: leftOutOf(context, objectType, projection, pathsIn(filter)) };
  }
}

/** A text that no filter has beside it. */
const SAMPLE = '\u{f8ff}';

/** Whether values of the path select the place in which others stand: then they decide where to look. */
function isNamed({ subAttribute = '' }: AttributePath, { links }: ObjectType): boolean {
  return links.some(({ terms }) => Object.hasOwn(terms, subAttribute));
}

/** What a filter looks at beside one path: DNs among its values have more than one spelling. */
function othersIn(filter: Filter, path: AttributePath): AttributePath[] {
  return pathsIn(filter).filter((one) => one !== path);
}
