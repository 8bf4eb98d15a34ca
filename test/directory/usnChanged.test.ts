/** What update sequence numbers of Active Directory are followed by, and when they are worth nothing. */
import fc from 'fast-check';
import { type ChangeOptions, changesOf } from '../../src/directory/changes/candidates';
import {
  ChangesUnreadable,
  type DirectoryChange,
  type Watermark,
  WatermarkExpired,
} from '../../src/directory/changes/changeSource';
import { type ChangeReader, NamingContexts } from '../../src/directory/changes/naming';
import { renamedSince } from '../../src/directory/changes/propertyMetaData';
import { UsnChanged } from '../../src/directory/changes/usnChanged';
import { Oid } from '../../src/directory/controls';
import type { SearchRequest } from '../../src/directory/directory';
import { DN } from '../../src/directory/dn';
import { Entry } from '../../src/directory/entry';
import { LdapError, ResultCode } from '../../src/directory/error';
import { filterToString } from '../../src/directory/filter';
import { Schema } from '../../src/directory/schema';

const SUFFIX = 'DC=example,DC=com';
const CONFIGURATION = `CN=Configuration,${SUFFIX}`;
const SERVICE = `CN=NTDS Settings,CN=DC1,${CONFIGURATION}`;
const DELETED = `CN=Deleted Objects,${SUFFIX}`;
const LIFETIMES = `CN=Directory Service,CN=Windows NT,CN=Services,${CONFIGURATION}`;
const DAY_MS = 86_400_000;
const ATTID_NAME = 0x0009_0001;
const ATTID_DESCRIPTION = 13;

/** A value as a server gives it: each attribute with the number of its last write on this server. */
function metaData(...written: readonly (readonly [attribute: number, usn: bigint])[]): Buffer {
  const value = Buffer.alloc(16 + written.length * 48);
  value.writeUInt32LE(1, 0);
  value.writeUInt32LE(written.length, 8);
  for (const [index, [attribute, usn]] of written.entries()) {
    value.writeUInt32LE(attribute, 16 + index * 48);
    value.writeBigUInt64LE(usn, 16 + index * 48 + 40);
  }
  return value;
}

let usn: string;
let service: string;
let invocation: string;
let lifetimes: Record<string, string> | undefined;
let deletedShown: boolean | 'by name';
let found: Entry[];
let searches: SearchRequest[];
let now: number;

function answer(base: string): Entry[] {
  if (base === '')
    return [
      new Entry(DN.root, {
        highestCommittedUSN: usn,
        dsServiceName: service,
        configurationNamingContext: CONFIGURATION,
      }),
    ];
  if (base === SERVICE) return [new Entry(DN.parse(base), { invocationId: Buffer.from(invocation) })];
  if (base === LIFETIMES && lifetimes) return [new Entry(DN.parse(base), lifetimes)];
  if (base === DELETED && deletedShown)
    return [new Entry(DN.parse(base), deletedShown === true ? { isDeleted: 'TRUE' } : {})];
  throw new LdapError(ResultCode.noSuchObject, 'search', base, '');
}

const reader = {
  schema: Schema.parse({
    attributeTypes: ["( 1.2.840.113556.1.2.3 NAME 'whenChanged' SYNTAX 1.3.6.1.4.1.1466.115.121.1.24 )"],
    objectClasses: [],
  }),
  description: { product: 'ad', namingContexts: [SUFFIX], supportedControls: [Oid.showDeleted] },
  search: async function* (request: SearchRequest) {
    if (request.scope === 'sub') {
      searches.push(request);
      yield* found;
    } else if (request.base.toString() === SUFFIX) {
      yield new Entry(request.base, { objectGUID: Buffer.from('suffix') });
    } else yield* answer(request.base.toString());
  },
} as unknown as ChangeReader;

const source = new UsnChanged(new NamingContexts(reader, () => [DN.parse(SUFFIX)]), () => now);

async function told(watermark: Watermark): Promise<DirectoryChange[]> {
  const changes: DirectoryChange[] = [];
  for await (const change of source.since(watermark)) changes.push(change);
  return changes;
}

const entry = (cn: string, attributes: Record<string, string | Buffer>) =>
  new Entry(DN.parse(`CN=${cn},${SUFFIX}`), { objectGUID: Buffer.from(cn), ...attributes });

beforeEach(() => {
  usn = '9007199254740993';
  service = SERVICE;
  invocation = 'first';
  lifetimes = undefined;
  deletedShown = true;
  found = [];
  searches = [];
  now = 1_763_700_000_000;
});

test('changes are what has a higher number; renames and deletes are told apart', async () => {
  const watermark = await source.latest();
  expect(await told(watermark)).toEqual([]);
  expect(searches).toEqual([]);
  usn = '9007199254741003';
  const [before, after] = [9_007_199_254_740_990n, 9_007_199_254_740_994n];
  found = [
    entry('renamed', {
      uSNCreated: '5',
      replPropertyMetaData: metaData([ATTID_DESCRIPTION, before], [ATTID_NAME, after]),
    }),
    entry('changed', {
      uSNCreated: '5',
      replPropertyMetaData: metaData([ATTID_NAME, before], [ATTID_DESCRIPTION, after]),
    }),
    entry('added', { uSNCreated: String(after), replPropertyMetaData: metaData([ATTID_NAME, after]) }),
    entry('hidden', { uSNCreated: '5' }),
    entry('gone\\0ADEL:1', { isDeleted: 'TRUE' }),
    // Whoever may not read the mark still sees the name.
    entry('gone\\0ADEL:158b95e5-4e7f-45f3-b6e5-33ca4f694243', {}),
  ];
  const changes = await told(watermark);
  expect(
    changes.map((one) => [one.kind, 'subtree' in one && one.subtree, 'dn' in one && one.dn?.rdn?.value('cn')]),
  ).toEqual([
    ['changed', true, 'renamed'],
    ['changed', false, 'changed'],
    ['changed', false, 'added'],
    ['changed', true, 'hidden'],
    ['deleted', false, false],
    ['deleted', false, false],
  ]);
  expect(changes.at(-2)).toMatchObject({ anchor: Buffer.from('gone\\0ADEL:1').toString('hex') });
  expect(searches.map(({ filter, showDeleted }) => [filterToString(filter), showDeleted])).toEqual([
    ['(uSNChanged>=9007199254740994)', true],
  ]);
  // They are in no order, so none but the last one may move the watermark.
  expect(changes.slice(0, -1).every((change) => change.watermark === watermark)).toBe(true);
  expect(await told(changes.at(-1)!.watermark)).toEqual([]);
});

test.each<[string, () => void]>([
  [
    'has set its counter back',
    () => {
      usn = '7';
    },
  ],
  [
    'was restored from a backup',
    () => {
      invocation = 'second';
    },
  ],
  [
    'is another one',
    () => {
      service = `CN=NTDS Settings,CN=DC2,${CONFIGURATION}`;
    },
  ],
  [
    'names itself by no name',
    () => {
      service = 'no,name';
    },
  ],
  [
    'does not show deleted objects any more',
    () => {
      deletedShown = false;
    },
  ],
  [
    'has forgotten the deleted by default',
    () => {
      now += 60 * DAY_MS;
    },
  ],
  [
    'has forgotten the deleted as configured',
    () => {
      lifetimes = { tombstoneLifetime: '180', 'msDS-DeletedObjectLifetime': '3' };
      now += 3 * DAY_MS;
    },
  ],
])('a server that %s means a full import', async (_, change) => {
  const watermark = await source.latest();
  usn = '9007199254740999';
  change();
  await expect(told(watermark)).rejects.toBeInstanceOf(WatermarkExpired);
});

test('deleted objects are there as long as the directory says', async () => {
  const watermark = await source.latest();
  usn = '9007199254740999';
  lifetimes = { tombstoneLifetime: '180' };
  now += 179 * DAY_MS;
  expect(await told(watermark)).toEqual([]);
});

test.each([
  ['them', false],
  // As Samba does it.
  ['more of them than their container', 'by name'],
] as const)('an account that may not see %s is told what to do, and time stamps are used', async (_, shown) => {
  deletedShown = shown;
  await expect(source.latest()).rejects.toThrow(ChangesUnreadable);
  await expect(source.latest()).rejects.toThrow(/list and read CN=Deleted Objects,DC=example,DC=com/);
  const offered = (method: ChangeOptions['method']) =>
    changesOf(reader, () => Promise.reject(new Error('not asked')), { method, bases: [] });
  expect(offered('auto')?.methods).toEqual(['usnChanged', 'timeStamp']);
  expect(offered('usnChanged')?.methods).toEqual(['usnChanged']);
});

test('a directory without such numbers is told so', async () => {
  usn = '';
  await expect(source.latest()).rejects.toThrow(/no highestCommittedUSN/);
});

test('meta data that cannot be read mean that an entry may have been renamed', () => {
  const whole = metaData([ATTID_NAME, 4n]);
  expect([renamedSince(whole, 4n), renamedSince(whole, 3n), renamedSince(undefined, 4n)]).toEqual([false, true, true]);
  expect(renamedSince(metaData([ATTID_DESCRIPTION, 4n]), 9n)).toBe(true);
  fc.assert(
    fc.property(fc.nat(whole.length - 1), (length) => {
      expect(renamedSince(whole.subarray(0, length), 9n)).toBe(true);
    }),
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (octets) => {
      expect(typeof renamedSince(Buffer.from(octets), 9n)).toBe('boolean');
    }),
  );
});
