/** What a connector sees of a directory is what it may change. */
import fc from 'fast-check';
import type { ConnectorOptions } from '../../src/connector/options';
import { ReadScope, readScopeOf } from '../../src/connector/readScope';
import type { DirectoryDescription } from '../../src/directory/directory';
import { DN } from '../../src/directory/dn';
import { present } from '../../src/directory/filter';
import type { FlowOptions } from '../../src/mapping/options';
import { covers } from '../../src/space/importScope';
import { schema } from '../mapping/objectTypes';

const dns = (...texts: readonly string[]) => texts.map((text) => DN.parse(text));

const names = fc
  .array(fc.constantFrom('ou=a', 'OU=A', 'ou=b', 'ou=\\,c'), { maxLength: 3 })
  .map((rdns) => DN.parse([...rdns, 'dc=x'].join(',')));

test('an entry is in scope when it is below a base and below nothing that is left out', () => {
  fc.assert(
    fc.property(fc.array(names, { maxLength: 4 }), fc.array(names, { maxLength: 2 }), names, (bases, excluded, dn) => {
      const scope = new ReadScope(bases, excluded, schema);
      const below = (base: DN) => dn.isWithin(base, schema);
      expect(scope.contains(dn)).toBe(bases.some(below) && !excluded.some(below));
      // No entry is read twice.
      for (const [index, base] of scope.bases.entries())
        for (const [other, above] of scope.bases.entries())
          expect(index !== other && base.isWithin(above, schema)).toBe(false);
    }),
  );
});

test('what is outside is refused with the places that are inside', () => {
  const scope = new ReadScope(dns('ou=a,dc=x', 'ou=b,dc=x'), [], schema);
  expect(() => scope.require(DN.parse('cn=q,OU=A,dc=x'))).not.toThrow();
  expect(() => scope.require(DN.parse('cn=q,dc=x'))).toThrow(
    expect.objectContaining({
      status: 400,
      detail:
        '"cn=q,dc=x" is outside the containers of this connector ("ou=a,dc=x", "ou=b,dc=x"): correct the name, or add its container to the connector file.',
    }),
  );
});

interface Given {
  partitions?: {
    dn: string;
    containers?: string[];
    excludedContainers?: string[];
    searchOnlyInSelectedContainers?: boolean;
    connectivity?: object;
  }[];
  contexts?: string[];
  more?: string[];
  types?: { container?: string; disableFlow?: FlowOptions; deleteFlow?: FlowOptions }[];
}

function scopeOf({ partitions = [], contexts = [], more = [], types = [] }: Given) {
  const options = {
    partitions: partitions.map((one) => ({
      containers: [],
      excludedContainers: [],
      searchOnlyInSelectedContainers: true,
      ...one,
    })),
    global: { partitionNames: more },
    objectTypes: types.map((one) => ({ deleteFlow: { action: 'delete' }, ...one })),
  } as unknown as ConnectorOptions;
  const { scope, faults } = readScopeOf(
    options,
    { namingContexts: contexts } as unknown as DirectoryDescription,
    schema,
  );
  return { bases: scope.bases.map(String), faults: faults.map(({ path, message }) => `${path}: ${message}`) };
}

test.each<[string, Given, string[], string[]]>([
  ['the naming contexts of the root DSE', { contexts: ['dc=x', 'ou=a,dc=x'], more: ['dc=y'] }, ['dc=x', 'dc=y'], []],
  ['partitions instead', { partitions: [{ dn: 'dc=z' }], contexts: ['dc=x'], more: ['dc=y'] }, ['dc=z'], []],
  ['containers instead', { partitions: [{ dn: 'dc=x', containers: ['OU=a, dc=X'] }] }, ['OU=a,dc=X'], []],
  [
    'a container of another partition',
    { partitions: [{ dn: 'dc=x' }, { dn: 'dc=y', containers: ['ou=b,dc=y', 'ou=a,dc=x'] }] },
    ['dc=x', 'ou=b,dc=y'],
    ['partitions[1].containers[1]: "ou=a,dc=x" is not below the partition "dc=y"'],
  ],
  [
    'the whole partition, for the sake of some containers in it',
    {
      partitions: [
        { dn: 'dc=x', containers: ['ou=a,dc=x', 'ou=b,dc=x'], searchOnlyInSelectedContainers: false },
        { dn: 'dc=y', containers: ['ou=b,dc=y'] },
      ],
      types: [{ container: 'ou=c,dc=x' }],
    },
    ['dc=x', 'ou=b,dc=y'],
    [
      'objectTypes[0].container: "ou=c,dc=x" is outside the containers that this connector reads: add it to a partition\'s containers',
    ],
  ],
  [
    'containers of two servers, between which nothing moves',
    {
      partitions: [{ dn: 'dc=x' }, { dn: 'dc=y', connectivity: {} }, { dn: 'ou=a,dc=y', connectivity: {} }],
      types: [{ deleteFlow: { action: 'move', container: 'ou=gone,dc=y' } }],
    },
    ['dc=x', 'dc=y'],
    [
      'objectTypes[0].deprovisioning.deleteFlow.container: entries of "dc=x" cannot be moved to "ou=gone,dc=y": another server holds it, and an entry does not move between servers',
    ],
  ],
  [
    'nothing',
    { types: [{ container: 'dc=x' }] },
    [],
    ['partitions: the root DSE lists no naming context: name the partitions, e.g. [{ "dn": "dc=example,dc=com" }]'],
  ],
  [
    'places that the connector could not see afterwards',
    {
      partitions: [{ dn: 'dc=x', excludedContainers: ['ou=gone,dc=x'] }],
      types: [
        { container: 'ou=a,dc=x' },
        {
          container: 'ou=a,dc=y',
          disableFlow: { action: 'move', container: 'ou=gone,dc=x' },
          deleteFlow: { action: 'move', container: 'dc=z' },
        },
      ],
    },
    ['dc=x'],
    [
      'objectTypes[1].container: "ou=a,dc=y" is outside the containers that this connector reads: add it to a partition\'s containers',
      'objectTypes[1].deprovisioning.disableFlow.container: "ou=gone,dc=x" is outside the containers that this connector reads: add it to a partition\'s containers',
      'objectTypes[1].deprovisioning.deleteFlow.container: "dc=z" is outside the containers that this connector reads: add it to a partition\'s containers',
    ],
  ],
])('%s', (_name, given, bases, faults) => {
  expect(scopeOf(given)).toEqual({ bases, faults });
});

test('what is searched as a whole is sought for its containers', () => {
  const bases = dns('dc=x', 'ou=b,dc=y');
  const scope = new ReadScope(dns('ou=a,dc=x', 'ou=b,dc=x', 'ou=b,dc=y'), dns('ou=q,ou=a,dc=x'), schema, { bases });
  const [whole, single] = bases as [DN, DN];
  expect(scope.soughtBelow(whole)?.map(String)).toEqual(['ou=a,dc=x', 'ou=b,dc=x']);
  expect(scope.soughtBelow(single)).toBeUndefined();
  const containers = scope.soughtBelow(whole) ?? [];
  const importScope = { objectType: 'User', base: whole, scope: 'sub', filter: present('cn'), attributes: [] } as const;
  for (const [name, isCovered] of [
    ['cn=p,ou=a,dc=x', true],
    ['cn=p,ou=b,dc=x', true],
    ['cn=p,ou=c,dc=x', false],
    ['cn=p,dc=x', false],
    ['cn=p,ou=q,ou=a,dc=x', false],
  ] as const) {
    expect([name, scope.contains(DN.parse(name))]).toEqual([name, isCovered]);
    const given = { ...importScope, containers, excluded: scope.excluded };
    expect([name, covers(given, DN.parse(name), schema)]).toEqual([name, isCovered]);
  }
});
