/** The schemas of RFC 7643 §4 against those of another implementation, which knows nothing of ours. */
import { Schemas } from 'scimmy';
import { coreGroup, coreUser, enterpriseUser } from '../../src/scim/core';
import type { AttributeDefinition } from '../../src/scim/resourceType';

interface Described {
  readonly name: string;
  readonly type: string;
  readonly multiValued: boolean;
  readonly required: boolean;
  readonly mutability: string;
  readonly returned: string;
  readonly caseExact?: boolean;
  readonly uniqueness?: string;
  readonly referenceTypes?: readonly string[];
  readonly subAttributes?: readonly Described[];
}

/** What both have to say the same of; an id is caseExact here, as RFC 7643 §3.1 has it. */
function told(attribute: Described | AttributeDefinition): object {
  const { name, type, multiValued, required, mutability, returned, subAttributes } = attribute;
  return {
    ...{ name, type, multiValued, required, mutability, returned },
    subAttributes: Object.fromEntries(subAttributes?.map((sub) => [sub.name, told(sub)]) ?? []),
  };
}

/** Less the common attributes, which no schema lists (RFC 7643 §3.1). */
const common = ['schemas', 'id', 'externalId', 'meta'];
const described = (definition: unknown) =>
  (JSON.parse(JSON.stringify(definition)).attributes as Described[]).filter(({ name }) => !common.includes(name));

describe('the core schemas', () => {
  it.each([
    ['User', coreUser, Schemas.User],
    ['EnterpriseUser', enterpriseUser, Schemas.EnterpriseUser],
    ['Group', coreGroup, Schemas.Group],
  ])('%s has the attributes and characteristics that another implementation gives it', (_, ours, theirs) => {
    const names = (attributes: readonly { name: string }[]) => attributes.map(({ name }) => name).sort();
    const other = described(theirs.definition);
    expect(names(ours.attributes)).toEqual(names(other));
    for (const attribute of ours.attributes) {
      expect(told(attribute)).toEqual(told(other.find(({ name }) => name === attribute.name) as Described));
    }
  });
});
