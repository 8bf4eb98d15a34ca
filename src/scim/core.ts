/**
 * The schemas of RFC 7643 §4 as data: User, its enterprise extension, and Group. A connector serves those attributes of
 * them that it has mappings for. One thing differs from §8.7.1: what holds an `id` is caseExact, as `id` itself is (§3.1).
 */
import type { AttributeDefinition, SchemaDefinition } from './resourceType';

/** URNs of the schemas of RFC 7643. */
export const coreUserUrn = 'urn:ietf:params:scim:schemas:core:2.0:User';
export const coreGroupUrn = 'urn:ietf:params:scim:schemas:core:2.0:Group';
export const enterpriseUserUrn = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';

/** What differs from the defaults of RFC 7643 §2.2. */
export type Characteristics = Partial<Omit<AttributeDefinition, 'name' | 'description'>>;

/** An attribute with the defaults of RFC 7643 §2.2. */
export function attribute(
  name: string,
  description: string,
  characteristics: Characteristics = {},
): AttributeDefinition {
  return {
    name,
    description,
    type: 'string',
    multiValued: false,
    required: false,
    caseExact: false,
    mutability: 'readWrite',
    returned: 'default',
    uniqueness: 'none',
    ...characteristics,
  };
}

/** A multi-valued attribute with the sub-attributes of RFC 7643 §2.4. */
function plural(
  name: string,
  description: string,
  types: readonly string[] = [],
  value: Characteristics = {},
): AttributeDefinition {
  const canonicalValues = types.length > 0 ? { canonicalValues: types } : {};
  return attribute(name, description, {
    type: 'complex',
    multiValued: true,
    subAttributes: [
      attribute('value', 'The value itself.', value),
      attribute('display', 'A name for display.'),
      attribute('type', 'What the value is for.', canonicalValues),
      attribute('primary', 'Whether this is the preferred value; true for one at most.', { type: 'boolean' }),
    ],
  });
}

const external: Characteristics = { type: 'reference', caseExact: true, referenceTypes: ['external'] };

const name = attribute('name', "The components of the user's name.", {
  type: 'complex',
  subAttributes: [
    attribute('formatted', 'The full name, formatted for display.'),
    attribute('familyName', 'The family name, or last name.'),
    attribute('givenName', 'The given name, or first name.'),
    attribute('middleName', 'The middle names.'),
    attribute('honorificPrefix', 'Titles before the name.'),
    attribute('honorificSuffix', 'Suffixes after the name.'),
  ],
});

const addresses = attribute('addresses', 'Physical mailing addresses.', {
  type: 'complex',
  multiValued: true,
  subAttributes: [
    attribute('formatted', 'The full address, formatted for display; may hold line breaks.'),
    attribute('streetAddress', 'Street, house number, PO box; may hold line breaks.'),
    attribute('locality', 'City or locality.'),
    attribute('region', 'State or region.'),
    attribute('postalCode', 'Postal code.'),
    attribute('country', 'Country, in the two letters of ISO 3166-1.'),
    attribute('type', 'What the address is for.', { canonicalValues: ['work', 'home', 'other'] }),
    attribute('primary', 'Whether this is the preferred address; true for one at most.', { type: 'boolean' }),
  ],
});

const readOnly: Characteristics = { mutability: 'readOnly' };

const groups = attribute('groups', 'The groups to which the user belongs; changed through the groups.', {
  ...readOnly,
  type: 'complex',
  multiValued: true,
  subAttributes: [
    attribute('value', 'The id of the group.', { ...readOnly, caseExact: true }),
    attribute('$ref', 'The URI of the group.', {
      ...readOnly,
      type: 'reference',
      caseExact: true,
      referenceTypes: ['User', 'Group'],
    }),
    attribute('display', 'The name of the group.', readOnly),
    attribute('type', 'direct, or indirect through another group.', {
      ...readOnly,
      canonicalValues: ['direct', 'indirect'],
    }),
  ],
});

/** The core User schema (RFC 7643 §4.1). */
export const coreUser: SchemaDefinition = {
  id: coreUserUrn,
  name: 'User',
  description: 'User Account',
  attributes: [
    attribute('userName', 'Identifies the user to the service provider; unique.', {
      required: true,
      uniqueness: 'server',
    }),
    name,
    attribute('displayName', "The user's name for display."),
    attribute('nickName', 'The casual way to address the user.'),
    attribute('profileUrl', "A page that represents the user's profile.", external),
    attribute('title', "The user's title, e.g. Vice President."),
    attribute('userType', 'The relationship between organization and user, e.g. Employee.'),
    attribute('preferredLanguage', 'Preferred language, as in the Accept-Language header (RFC 7231 §5.3.5).'),
    attribute('locale', 'Default location for currency, dates and numbers (RFC 5646).'),
    attribute('timezone', 'Time zone in the IANA database, e.g. Europe/Berlin.'),
    attribute('active', "The user's administrative status.", { type: 'boolean' }),
    attribute('password', 'The clear-text password; never returned.', {
      caseExact: true,
      mutability: 'writeOnly',
      returned: 'never',
    }),
    plural('emails', 'Email addresses.', ['work', 'home', 'other']),
    plural('phoneNumbers', 'Phone numbers.', ['work', 'home', 'mobile', 'fax', 'pager', 'other']),
    plural('ims', 'Instant messaging addresses.'),
    plural('photos', 'URLs of photos.', ['photo', 'thumbnail'], external),
    addresses,
    groups,
    plural('entitlements', 'Things the user has.'),
    plural('roles', 'What the user is, e.g. Student.'),
    plural('x509Certificates', 'X.509 certificates.', [], { type: 'binary', caseExact: true }),
  ],
};

/** The enterprise extension of User (RFC 7643 §4.3). */
export const enterpriseUser: SchemaDefinition = {
  id: enterpriseUserUrn,
  name: 'EnterpriseUser',
  description: 'Enterprise User',
  attributes: [
    attribute('employeeNumber', 'Identifies the person within the organization.'),
    attribute('costCenter', 'The cost center.'),
    attribute('organization', 'The organization.'),
    attribute('division', 'The division.'),
    attribute('department', 'The department.'),
    attribute('manager', "The user's manager.", {
      type: 'complex',
      subAttributes: [
        attribute('value', "The id of the manager's User resource.", { caseExact: true }),
        attribute('$ref', "The URI of the manager's User resource.", {
          type: 'reference',
          caseExact: true,
          referenceTypes: ['User'],
        }),
        attribute('displayName', "The manager's name for display.", readOnly),
      ],
    }),
  ],
};

const immutable: Characteristics = { mutability: 'immutable' };

/** The core Group schema (RFC 7643 §4.2). */
export const coreGroup: SchemaDefinition = {
  id: coreGroupUrn,
  name: 'Group',
  description: 'Group',
  attributes: [
    attribute('displayName', "The group's name for display.", { required: true }),
    attribute('members', 'The members of the group.', {
      type: 'complex',
      multiValued: true,
      subAttributes: [
        attribute('value', 'The id of the member.', { ...immutable, caseExact: true }),
        attribute('$ref', 'The URI of the member.', {
          ...immutable,
          type: 'reference',
          caseExact: true,
          referenceTypes: ['User', 'Group'],
        }),
        attribute('display', "The member's name for display.", immutable),
        attribute('type', 'The resource type of the member.', { ...immutable, canonicalValues: ['User', 'Group'] }),
      ],
    }),
  ],
};
