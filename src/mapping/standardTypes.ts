/** The resource types as they are whole, before a connector reduces them to what it has mappings for. */
import { coreGroup, coreUser, enterpriseUser } from '../scim/core';
import type { AttributeDefinition, ResourceType, SchemaDefinition } from '../scim/resourceType';

const standardUser: ResourceType = {
  name: 'User',
  endpoint: '/Users',
  description: 'User Account',
  schema: coreUser,
  extensions: [enterpriseUser],
};

const standardGroup: ResourceType = {
  name: 'Group',
  endpoint: '/Groups',
  description: 'Group',
  schema: coreGroup,
  extensions: [],
};

// One object each: what is derived from a resource type is kept by its identity.
const types = new Map([
  ['User', standardUser],
  ['Group', standardGroup],
]);

/** The resource type of this name: RFC 7643's, or one that the administrator has named. What paths in a file are looked up in. */
export function standardType(resourceType: string): ResourceType {
  let type = types.get(resourceType);
  if (type === undefined) {
    type = ownType(resourceType);
    types.set(resourceType, type);
  }
  return type;
}

/** A type that RFC 7643 does not know has a name for display; all the rest is said by the directory's own face. */
function ownType(name: string): ResourceType {
  const displayName: AttributeDefinition = {
    name: 'displayName',
    description: 'A name for display.',
    type: 'string',
    multiValued: false,
    required: false,
    caseExact: false,
    mutability: 'readWrite',
    returned: 'default',
    uniqueness: 'none',
  };
  const schema: SchemaDefinition = {
    id: `urn:ietf:params:scim:schemas:core:2.0:${name}`,
    name,
    description: `${name}, an object type of this connector`,
    attributes: [displayName],
  };
  return { name, endpoint: `/${name}s`, description: name, schema, extensions: [] };
}
