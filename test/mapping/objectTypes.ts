/** Object types to test with: the embedded directory's schema, with attributes of every kind that it lacks. */

import { demoSchema } from '../../src/directory/demoSchema';
import { DN } from '../../src/directory/dn';
import { Schema } from '../../src/directory/schema';
import { compileObjectType } from '../../src/mapping/compileObjectType';
import type { ObjectType } from '../../src/mapping/objectType';
import type { Fault, ObjectTypeOptions } from '../../src/mapping/options';
import { type References, referredDN } from '../../src/mapping/reference';

const OWN = '1.3.6.1.4.1.99999.1';
const own = (number: number, name: string, rest: string) => `( ${OWN}.${number} NAME '${name}' ${rest} )`;
const syntax = (number: number) => `SYNTAX 1.3.6.1.4.1.1466.115.121.1.${number}`;

const { attributeTypes, objectClasses, ...others } = demoSchema().source();

/** `oddities` is an auxiliary class that has all of them. */
export const schema = Schema.parse(
  {
    ...others,
    attributeTypes: [
      ...attributeTypes,
      own(1, 'flag', `EQUALITY booleanMatch ${syntax(7)} SINGLE-VALUE`),
      own(2, 'moment', `EQUALITY generalizedTimeMatch ORDERING generalizedTimeOrderingMatch ${syntax(24)}`),
      own(3, 'count', `EQUALITY integerMatch ORDERING integerOrderingMatch ${syntax(27)}`),
      own(4, 'octets', `EQUALITY octetStringMatch ${syntax(40)}`),
      own(
        5,
        'exact',
        `EQUALITY caseExactMatch SUBSTR caseExactSubstringsMatch ORDERING caseExactOrderingMatch ${syntax(15)}`,
      ),
      own(6, 'ruleless', syntax(15)),
      own(7, 'constructor', `EQUALITY caseIgnoreMatch ${syntax(15)}`),
      own(8, 'only', `EQUALITY caseIgnoreMatch SUBSTR caseIgnoreSubstringsMatch ${syntax(15)} SINGLE-VALUE`),
      `( ${OWN}.9 NAME ( 'nick' 'handle' ) EQUALITY caseIgnoreMatch SUBSTR caseIgnoreSubstringsMatch ${syntax(15)} )`,
    ],
    objectClasses: [
      ...objectClasses,
      `( ${OWN}.100 NAME 'oddities' SUP top AUXILIARY MAY ( flag $ moment $ count $ octets $ exact $ ruleless $ constructor $ only $ nick $ c $ entryUUID ) )`,
      // What posixGroup is where RFC 2307 was never revised.
      `( ${OWN}.101 NAME 'uidGroup' SUP top STRUCTURAL MUST cn MAY memberUid )`,
    ],
  },
  (fault) => {
    throw new Error(fault);
  },
);

export type Options = Partial<ObjectTypeOptions> & { schema?: Schema; proposedAnchor?: string; aliases?: string[] };

export function compile({
  schema: of = schema,
  proposedAnchor = 'entryUUID',
  aliases = [],
  ...options
}: Options = {}): {
  objectType?: ObjectType;
  faults: readonly Fault[];
} {
  return compileObjectType({
    options: {
      resourceType: 'User',
      targetObject: 'inetOrgPerson',
      auxiliaryClasses: [],
      matchingAttributes: [],
      stored: ['externalId'],
      deleteFlow: { action: 'delete' },
      ...options,
    },
    schema: of,
    proposedAnchor,
    passwordAttribute: 'userPassword',
    attributeAliases: aliases,
    includeOperational: false,
    includeExtensible: false,
    allowManualAnchorSelection: false,
    path: 'objectTypes[0]',
  });
}

/** @throws when the options have a fault */
export function objectType(options: Options = {}): ObjectType {
  const { objectType: compiled, faults } = compile(options);
  if (compiled === undefined) throw new Error(faults.map(({ path, message }) => `${path}: ${message}`).join('\n'));
  return compiled;
}

export const group = (options: Options = {}): ObjectType =>
  objectType({ resourceType: 'Group', targetObject: 'groupOfNames', ...options });

export const container = DN.parse('ou=people,dc=example,dc=com');

export const clock = {
  now: () => new Date('2026-01-02T03:04:05Z'),
  random: (length: number) => new Uint8Array(length),
};

/** Resources that are known by id and name. */
export function references(known: Readonly<Record<string, string>>, type = 'User'): References {
  const dns = new Map(Object.entries(known).map(([id, dn]) => [id, DN.parse(dn)]));
  const ids = new Map([...dns].map(([id, dn]) => [dn.normalized(schema), id]));
  return {
    idOf: ({ ldapName }, value) => ids.get(referredDN(value, ldapName, schema)?.normalized(schema) ?? ''),
    nameOf: (_, id) => dns.get(id)?.toString(),
    target: (id) => (dns.has(id) ? { type, endpoint: `/${type}s` } : undefined),
  };
}
