/** Resource types for tests: users with the enterprise extension and a directory's own attributes, and groups. */
import { coreGroup, coreUser, enterpriseUser } from '../../src/scim/core';
import { ScimError } from '../../src/scim/error';
import type { AttributeDefinition, ResourceType } from '../../src/scim/resourceType';

export const ecma = 'urn:ietf:params:scim:schemas:extension:ECMA2Host:2.0:User';
export const enterprise = enterpriseUser.id;

function native(name: string, more: Partial<AttributeDefinition> = {}): AttributeDefinition {
  return {
    name,
    type: 'string',
    multiValued: false,
    required: false,
    caseExact: false,
    mutability: 'readWrite',
    returned: 'default',
    uniqueness: 'none',
    ...more,
  };
}

export const userType: ResourceType = {
  name: 'User',
  endpoint: '/Users',
  description: 'People',
  schema: coreUser,
  extensions: [
    enterpriseUser,
    {
      id: ecma,
      name: 'ECMA2HostUser',
      description: 'Attributes of the directory',
      attributes: [
        native('-dn-', { caseExact: true }),
        native('_distinguishedName', { mutability: 'readOnly' }),
        native('export_password', { mutability: 'writeOnly', returned: 'never' }),
        native('userPassword', { returned: 'never' }),
        native('objectClass', { multiValued: true }),
        native('sn', { aliases: ['surname'] }),
        native('mail'),
        native('uidNumber', { type: 'integer' }),
        native('accountExpires', { type: 'integer' }),
        native('msDS-UserAccountDisabled', { type: 'boolean' }),
        native('userCertificate;binary', { type: 'binary', multiValued: true, caseExact: true }),
        native('1.2.840.113556.1.4.1', { aliases: ['longName'] }),
        native('employeeType', { returned: 'request' }),
        native('entryUUID', { mutability: 'immutable', caseExact: true }),
        native('seeAlso', { multiValued: true }),
        native('whenHired', { type: 'dateTime' }),
        native('constructor'),
        native('title'),
        native('department'),
        native('secretSauce', { hidden: true }),
      ],
    },
  ],
};

export const groupType: ResourceType = {
  name: 'Group',
  endpoint: '/Groups',
  description: 'Groups',
  schema: coreGroup,
  extensions: [],
};

/** The SCIM error that an action ends in. */
export function refusal(action: () => unknown): ScimError {
  try {
    action();
  } catch (error) {
    if (error instanceof ScimError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}
