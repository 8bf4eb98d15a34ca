/**
 * What was set comes back exactly: generated people through the whole program, on the embedded directory and on OpenLDAP.
 * A client that reads its own write finds no difference, and one that sends it again changes nothing.
 */
import fc from 'fast-check';
import { people } from '../support/connectorFiles';
import { HostProcess } from '../support/hostProcess';
import { ECMA_USER, ENTERPRISE_USER, type Json, type ScimClient } from '../support/scimClient';
import { slapdIsHere, startSystem, startTimeout } from '../support/system';

const objectType = {
  auxiliaryClasses: ['posixAccount'],
  deprovisioning: { disableFlow: { action: 'none' } },
  mappings: undefined,
};

const tricky = [
  'ß',
  'İ',
  'é',
  'e\u0301',
  '日本',
  '😀',
  '"',
  '\\',
  '#',
  ',',
  '+',
  ';',
  '<',
  '=',
  '*',
  '(',
  '\n',
  '\t',
  '  ',
  ' ',
  "'",
  '/',
];
/** Blanks at its ends, too: they are part of what was set. */
const text = fc
  .array(fc.oneof(fc.constantFrom(...tricky), fc.stringMatching(/^[A-Za-z0-9]{1,4}$/)), { minLength: 1, maxLength: 6 })
  .map((parts) => parts.join(''))
  .filter((value) => value.trim() !== '');
const ascii = fc.stringMatching(/^[A-Za-z0-9._+-]{1,8}@[a-zA-Z]{1,6}\.example$/);
const phone = fc.stringMatching(/^\+?[0-9]{2,4}[ -][0-9]{2,8}( x[0-9]{1,3})?$/);
const big = fc.constantFrom('9007199254740993', '9223372036854775807');
const integer = fc.oneof(fc.integer({ min: 0, max: 2 ** 31 }), big);
const octets = fc.uint8Array({ minLength: 1, maxLength: 40 }).map((bytes) => Buffer.from(bytes).toString('base64'));

const optional = { requiredKeys: [] };
const element = (value: fc.Arbitrary<string>, ...types: string[]) =>
  fc.record({ value, type: fc.constantFrom(...types), display: text }, { requiredKeys: ['value', 'type'] });
const address = fc.record(
  {
    type: fc.constantFrom('work', 'home', 'other'),
    formatted: text,
    streetAddress: text,
    locality: text,
    region: text,
    postalCode: text,
    country: fc.constantFrom('DE', 'jp'),
  },
  { requiredKeys: ['type', 'locality'] },
);
/** Some lists have a primary value, some say of others that they are not. */
const several = <T extends object>(one: fc.Arbitrary<T>, key: (value: T) => string) =>
  fc
    .tuple(fc.uniqueArray(one, { minLength: 1, maxLength: 4, selector: key }), fc.nat(4), fc.boolean())
    .map(([list, primary, others]) =>
      list.map((value, index) =>
        index === primary ? { ...value, primary: true } : others ? { ...value, primary: false } : value,
      ),
    );
const lowerValue = ({ value }: { value: string }) => value.toLowerCase();

const person = fc.record(
  {
    externalId: text,
    name: fc.record(
      { familyName: text, givenName: text, formatted: text },
      { requiredKeys: ['familyName', 'formatted'] },
    ),
    displayName: text,
    title: text,
    userType: text,
    preferredLanguage: fc.constantFrom('de', 'en-GB'),
    active: fc.boolean(),
    emails: several(element(ascii, 'work', 'home', 'other'), lowerValue),
    phoneNumbers: several(element(phone, 'work', 'mobile', 'fax', 'pager', 'home', 'other'), lowerValue),
    addresses: several(address, ({ locality }) => locality.toLowerCase()),
    [ENTERPRISE_USER]: fc.record({ employeeNumber: text, department: text, organization: text }, optional),
    [ECMA_USER]: fc.record(
      {
        description: fc.uniqueArray(text, {
          minLength: 1,
          maxLength: 3,
          selector: (value) => value.trim().toLowerCase(),
        }),
        jpegPhoto: fc.uniqueArray(octets, { minLength: 1, maxLength: 2 }),
        roomNumber: fc.tuple(text),
      },
      optional,
    ),
    number: integer,
  },
  { requiredKeys: ['name', 'number'] },
);

describe.each(slapdIsHere ? ['memory', 'OpenLDAP'] : ['memory'])('on %s', (directory) => {
  let client: ScimClient;
  let stop: () => Promise<void>;
  let next = 0;
  let boss: Json;

  beforeAll(async () => {
    if (directory === 'memory') {
      const host = await HostProcess.start({ connectors: { wire: people(undefined, objectType) } });
      stop = () => host.stop();
      client = host.client('wire');
    } else {
      const system = await startSystem({ connectors: (slapd) => ({ wire: people(slapd, objectType) }) });
      stop = system.stop;
      client = system.host.client('wire');
    }
    const posix = { homeDirectory: '/', uidNumber: 1, gidNumber: 1 };
    boss = (await client.post('/Users', { userName: 'boss', name: { familyName: 'B' }, [ECMA_USER]: posix })).body;
  }, startTimeout);
  afterAll(() => stop?.());

  test('every attribute, in either face, with the order of its values', async () => {
    await fc.assert(
      fc.asyncProperty(person, async ({ number, ...generated }) => {
        const posix = { homeDirectory: '/home/X', uidNumber: number, gidNumber: '0042' };
        const sent = {
          ...generated,
          userName: `rt ${++next} Ü`,
          [ENTERPRISE_USER]: { ...generated[ENTERPRISE_USER], manager: { value: boss.id } },
          [ECMA_USER]: { ...generated[ECMA_USER], ...posix },
        };
        const created = await client.post('/Users', sent);
        expect([created.status, created.body.detail]).toEqual([201, undefined]);
        expect(created.body).toMatchObject(expected(sent));
        const path = `/Users/${created.body.id}`;
        expect((await client.get(path)).body).toEqual(created.body);
        const { schemas: _schemas, id: _id, meta: _meta, ...rest } = created.body;
        for (const again of [
          await client.patch(path, { op: 'replace', value: rest }),
          await client.patch(path, ...Object.entries(rest).map(([path, value]) => ({ op: 'replace', path, value }))),
          await client.put(path, created.body),
          await client.patch(path, { op: 'add', value: expected(sent) }),
        ]) {
          expect([again.status, again.body]).toEqual([200, created.body]);
        }
        await client.delete(path);
      }),
      { numRuns: 15 },
    );
  }, 60_000);

  /** As it was sent, but for an integer that was sent as text though a number holds it. */
  function expected(sent: Record<string, unknown>): Record<string, unknown> {
    return { ...sent, [ECMA_USER]: { ...(sent[ECMA_USER] as object), gidNumber: 42 } };
  }
});
