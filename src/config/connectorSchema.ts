/**
 * `config/` turns files into options: every fault at once, with its path. This file is the one description of a
 * connector file; the JSON Schema for editors and the reference page are generated from it.
 */
import { z } from 'zod';
import { passwordHashes } from '../connector/options';
import { checked } from './checkedText';
import { connectivity, partitionConnectivity, secret } from './connectivitySchema';
import { changeLog, guardRails } from './exportSchema';
import { connectorNotifications } from './notificationSchema';
import { autosync, runProfiles } from './runProfileSchema';

const dn = checked('dn');
const apply = z.enum(['always', 'onCreate']).default('always');

const properties = z.strictObject({
  ...autosync,
  secretToken: z
    .union([secret, z.array(secret).min(1)])
    .optional()
    .describe(
      'The secret token of the identity provider, at least 12 characters; several so that a token can be rolled. ' +
        'Also `sha256:…`, the digest of a token that `connector-host token` has made. ' +
        'Absent: SECRET_TOKEN when set, else one is made and kept in the certificate folder as `<name>.token`.',
    ),
});

const usedWhereListed = (what: string) => z.boolean().default(true).describe(what);

const global = z.strictObject({
  matching: z
    .strictObject({
      maxAge: z
        .number()
        .min(0)
        .default(60)
        .describe('Seconds a hit in the connector space counts without a live search.'),
    })
    .default({ maxAge: 60 }),
  supportedControls: z
    .strictObject({
      treeDelete: z
        .boolean()
        .default(false)
        .describe('Entries with others below them are deleted by the tree delete control, where the server has it.'),
      pagedResults: usedWhereListed('Large searches in pages (RFC 2696).'),
      vlv: usedWhereListed(
        'Large searches as sorted lists (virtual list views with server side sorting), where there are no pages.',
      ),
      showDeleted: usedWhereListed('Deleted objects of Active Directory, which tell of deletes.'),
      permissiveModify: usedWhereListed('Members are added and removed without an error where that is done already.'),
      postRead: usedWhereListed('A write answers the entry as it is then (RFC 4527).'),
      assertion: usedWhereListed('A write with `If-Match` happens only if the entry is as it was (RFC 4528).'),
      manageDsaIT: usedWhereListed('Entries that are referrals are seen as such (RFC 3296).'),
    })
    .prefault({})
    .describe(
      'Controls that the connector may use where the root DSE lists them; `false` for one that the server lists and does not serve.',
    ),
  references: z
    .enum(['auto', 'follow', 'leave'])
    .default('auto')
    .describe(
      'Values that name an entry (`member`, `manager` …) when it is renamed or deleted. `auto`: the connector changes memberships, unless the product always does so itself; `follow`: it changes the others too, which needs an index on each of their attributes; `leave`: it changes none.',
    ),
  published: z
    .strictObject({
      directoryFace: z
        .boolean()
        .default(true)
        .describe(
          "The directory's attributes under their own names (`urn:ietf:params:scim:schemas:extension:ECMA2Host:2.0:…`) in `/Schemas`, `/ResourceTypes` and answers. `false`: requests may use them all the same, and `attributes` asks for them.",
        ),
      pagination: z
        .boolean()
        .default(true)
        .describe('Cursors in `/ServiceProviderConfig` (RFC 9865). `false`: they work all the same.'),
    })
    .prefault({})
    .describe(
      'What clients are shown beside what RFC 7643 names. Some refuse a server for it: names such as `-dn-` and `userCertificate;binary`, and features that came later.',
    ),
  deltaImport: z
    .strictObject({
      method: z.enum(['auto', 'accessLog', 'changeLog', 'usnChanged', 'syncRepl', 'timeStamp', 'none']).default('auto'),
      changeLogDN: dn
        .optional()
        .describe('Where the log is; absent: where the directory says, else `cn=accesslog` or `cn=changelog`.'),
    })
    .default({ method: 'auto' }),
  passwordAttribute: z
    .string()
    .min(1)
    .optional()
    .describe('Where passwords are written; absent: as the product demands.'),
  partitionNames: z.array(dn).default([]).describe('Namespaces that the root DSE does not list.'),
});

const partition = z.strictObject({
  dn: dn.describe('The naming context.'),
  containers: z.array(dn).default([]).describe('Subtrees that are read and written; none: the whole partition.'),
  excludedContainers: z.array(dn).default([]).describe('Subtrees inside them that are left alone.'),
  searchOnlyInSelectedContainers: z
    .boolean()
    .default(true)
    .describe(
      '`true`: a search for each container. `false`: one search of the whole partition, of which what is in no container is left out: better where there are dozens of containers.',
    ),
  connectivity: partitionConnectivity.optional(),
});

const mapping = z.union(
  [
    z.strictObject({
      source: z.string().min(1).describe('A SCIM attribute path.'),
      target: z.string().min(1).describe('An LDAP attribute.'),
    }),
    z.strictObject({ expression: checked('expression'), target: z.string().min(1), apply }),
    z.strictObject({ constant: z.string(), target: z.string().min(1), apply }),
  ],
  { error: 'a mapping has a target and exactly one of source, expression or constant (and apply beside the last two)' },
);

/** A value of any syntax, as JSON has it; booleans are written as LDAP has them (RFC 4517 §3.3.3). */
const attributeValue = z
  .union([z.string(), z.number().int(), z.boolean()], { error: 'text, an integer, true or false' })
  .transform((value) => (typeof value === 'boolean' ? String(value).toUpperCase() : String(value)));
const attributeValues = z.record(
  z.string(),
  z.union([attributeValue, z.array(attributeValue).min(1)], {
    error: 'text, an integer, true or false, or a list of them',
  }),
);
const flow = z
  .discriminatedUnion('action', [
    z.strictObject({ action: z.literal('none') }),
    z.strictObject({
      action: z.literal('delete'),
      recursive: z.boolean().default(false).describe('With everything below it; false: 409 that names the children.'),
    }),
    z.strictObject({ action: z.literal('setAttribute'), values: attributeValues.prefault({}) }),
    z.strictObject({
      action: z.literal('setBits'),
      attribute: z.string().min(1).describe('An integer with one value, e.g. `userAccountControl`.'),
      bits: z.number().int().min(1).max(0x7fffffff).describe('The bits that disable, as one number, e.g. 2.'),
      initial: z
        .number()
        .int()
        .min(0)
        .max(0x7fffffff)
        .optional()
        .describe(
          'What a new entry starts with, e.g. 512: with the bits when it is created inactive, without them when it has a password.',
        ),
    }),
    z.strictObject({ action: z.literal('move'), container: dn }),
  ])
  .describe(
    '`none`, `setAttribute` with values (without: the way of the product), `setBits` of an integer, `move` to a container, or `delete` (`recursive`: with everything below it).',
  );

const password = z
  .strictObject({
    initial: z
      .enum(['none', 'random', 'fromRequest'])
      .default('fromRequest')
      .describe(
        'The password of a new entry: `fromRequest`: the one that the request brings, if any; `random`: one that nobody knows where it brings none; `none`: none, whatever it brings.',
      ),
    length: z.number().int().min(8).max(128).default(24).describe('Characters of a random password.'),
    characters: z
      .string()
      .regex(/^[\x21-\x7e]+$/, 'printable ASCII characters without blanks')
      .refine((text) => new Set(text).size >= 10, 'at least ten different characters')
      .optional()
      .describe('What a random password is made of; absent: letters, digits and signs, at least one of each kind.'),
    hash: z
      .enum(['none', ...passwordHashes])
      .default('none')
      .describe(
        'Hashes a password before it is sent, for directories that store it as it comes. The directory can then not check its quality.',
      ),
    mustChange: z
      .boolean()
      .default(false)
      .describe('The user has to change a password that the connector has set, where the product has a flag for it.'),
    method: z
      .enum(['attribute', 'passwordModify'])
      .default('attribute')
      .describe(
        '`attribute`: in the same add or modify as everything else; `passwordModify`: by the operation of RFC 3062, so that the directory hashes it.',
      ),
  })
  .describe('Passwords: `password`, `export_password` and the password attribute itself are the same thing.');

const objectType = z.strictObject({
  resourceType: z
    .string()
    .regex(/^[A-Za-z][A-Za-z0-9]{0,63}$/, 'letters and digits, beginning with a letter')
    .describe('What SCIM clients call it: `User`, `Group`, or a name of your own such as `Device`.'),
  endpoint: z
    .string()
    .regex(/^\/[A-Za-z][A-Za-z0-9]{0,63}$/, 'a slash, then letters and digits')
    .optional()
    .describe('Where it is served, e.g. `/Devices`; absent: the name of the resource type with an s.'),
  targetObject: z.string().min(1).describe('The structural object class, e.g. `inetOrgPerson`.'),
  auxiliaryClasses: z.array(z.string()).default([]).describe('Put on new entries beside those that a client sends.'),
  anchor: z
    .string()
    .optional()
    .describe('The attribute that identifies an entry for good; absent: the product’s proposal.'),
  queryAttribute: z.string().optional().describe('Accepted for old files; no longer used.'),
  matchingAttributes: z
    .array(z.string())
    .default([])
    .describe('Attributes by which an identity provider looks for existing entries.'),
  filter: checked('filter').optional().describe('Holds for every operation, e.g. `(!(employeeType=service))`.'),
  container: dn.optional().describe('Where new entries go when no DN is given.'),
  dn: checked('expression').optional().describe('DN expression of new entries; a given `-dn-` wins.'),
  attributes: z
    .array(
      z.union([
        z.string().min(1),
        z.strictObject({ name: z.string().min(1), treatAsSingleValue: z.boolean().optional() }),
      ]),
    )
    .optional()
    .describe('The attributes that clients see; absent: every attribute of the classes.'),
  mappings: z.array(mapping).optional().describe('SCIM attributes and LDAP attributes; absent: the default mapping.'),
  stored: z.array(z.string()).default(['externalId']).describe('SCIM attributes that the host keeps itself.'),
  memberAttribute: z
    .string()
    .optional()
    .describe('Group only: the attribute that holds the members; absent: by object class.'),
  emptyGroup: z
    .enum(['placeholder', 'refuse'])
    .default('placeholder')
    .describe(
      'Group only: a group without members whose class demands one. `placeholder`: the zero-length DN, which names nobody, stands in; `refuse`: 400.',
    ),
  password: password.prefault({}),
  deprovisioning: z
    .strictObject({ disableFlow: flow.optional(), deleteFlow: flow.prefault({ action: 'delete', recursive: false }) })
    .prefault({ deleteFlow: { action: 'delete', recursive: false } }),
});

/** A connector file as it stands on disk. Unknown keys are faults. */
export const connectorFileSchema = z
  .strictObject({
    $schema: z.string().optional(),
    description: z.string().optional(),
    active: z.boolean().default(true).describe('false: opened by nobody.'),
    properties: properties.prefault({}),
    connectivity,
    global: global.prefault({}),
    provisioningHierarchy: z
      .record(z.string(), z.string())
      .default({})
      .describe('Makes missing parents: RDN attribute → object class, e.g. `"ou": "organizationalUnit"`.'),
    partitions: z.array(partition).default([]).describe('Absent: the naming contexts that the server lists.'),
    runProfiles: runProfiles.prefault({}),
    notifications: connectorNotifications.prefault({}),
    changeLog: changeLog.prefault({}),
    guardRails: guardRails.prefault({}),
    objectTypes: z.array(objectType).min(1),
  })
  .describe('A connector: one endpoint /ecma2host_<name>/scim, where <name> is the name of this file.');

export type ConnectorFile = z.infer<typeof connectorFileSchema>;
