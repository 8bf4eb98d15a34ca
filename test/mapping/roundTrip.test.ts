/** What a client sets reads back as it was set (decision 12), on either face and for every syntax. */
import fc from 'fast-check';
import { Entry } from '../../src/directory/entry';
import { resourceOf } from '../../src/mapping/attributes';
import { containerOf } from '../../src/mapping/coreFace';
import { entryOf } from '../../src/mapping/create';
import { describeReferences } from '../../src/mapping/described';
import type { ObjectType } from '../../src/mapping/objectType';
import { noReferences, type References } from '../../src/mapping/reference';
import { remainderOf } from '../../src/mapping/remainder';
import { canonicalize } from '../../src/scim/dialect';
import type { Resource } from '../../src/scim/resource';
import { clock, container, group, objectType, references, schema } from './objectTypes';

const enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';

function create(type: ObjectType, resource: Resource, known: References = noReferences): Entry {
  return entryOf(type, resource, { ...clock, references: known, container });
}

/** As the connector reads it: attributes under the schema's names, and what the state store keeps of the elements. */
function read(type: ObjectType, entry: Entry, set: Resource = {}, known: References = noReferences): Resource {
  const input = { id: 'x', references: known, spelled: new Map<string, string[]>() };
  const derived = resourceOf(type, entry, { ...input, stored: {} });
  const stored: Record<string, unknown> = {};
  for (const link of type.links) {
    if (!link.multiValued || type.attributes.get(link.target)?.type === 'reference') continue;
    const wanted = containerOf(link, set)?.[link.attribute];
    const had = containerOf(link, derived)?.[link.attribute] ?? [];
    const remainder = wanted === undefined ? undefined : remainderOf(wanted as Record<string, unknown>[], had as []);
    if (remainder !== undefined) stored[link.attribute] = remainder;
  }
  return resourceOf(type, entry, { ...input, stored });
}

const word = fc.stringMatching(/^[A-Za-z0-9äß日'][A-Za-z0-9äß日' ,+"\\<>;=#*()-]{0,10}[A-Za-z0-9äß日)]$/);
const printable = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9 .-]{0,8}[A-Za-z0-9]$/);
const ascii = fc.stringMatching(/^[!-~]{1,12}$/).filter((text) => !text.includes('\\'));

describe('the core face', () => {
  const user = objectType();
  const element = (value: fc.Arbitrary<string>, types: readonly string[]) =>
    fc.record({ value, type: fc.constantFrom(...types), display: word }, { requiredKeys: ['value'] });
  const addressPart = fc.record(
    {
      type: fc.constantFrom('work', 'home', 'Work'),
      streetAddress: word,
      locality: word,
      region: word,
      postalCode: word,
      formatted: word,
    },
    { requiredKeys: ['locality'] },
  );
  const primaries = <T extends object>(elements: fc.Arbitrary<T>) =>
    fc
      .array(elements, { minLength: 1, maxLength: 4 })
      .chain((list) =>
        fc
          .integer({ min: -1, max: list.length - 1 })
          .map((primary) => list.map((one, index): T => (index === primary ? { ...one, primary: true } : one))),
      );
  const body = fc.record(
    {
      userName: word,
      name: fc.record(
        { familyName: word, givenName: word, formatted: word },
        { requiredKeys: ['familyName', 'formatted'] },
      ),
      displayName: word,
      title: word,
      userType: word,
      preferredLanguage: fc.constantFrom('de', 'en-GB'),
      emails: primaries(element(ascii, ['work', 'home', 'WORK', 'other'])),
      phoneNumbers: primaries(element(printable, ['work', 'mobile', 'fax', 'pager', 'home', 'other'])),
      addresses: primaries(addressPart),
      [enterprise]: fc.record({ employeeNumber: word, department: word, organization: word }),
    },
    { requiredKeys: ['userName', 'name'] },
  );

  test('gives back every accepted attribute, its elements in their order', () => {
    fc.assert(
      fc.property(body, (sent) => {
        const { resource } = canonicalize(sent, user.resourceType);
        const back = read(user, create(user, resource), resource);
        const shown = Object.fromEntries(Object.keys(resource).map((name) => [name, back[name]]));
        expect(shown).toEqual(withoutAddedPrimary(resource, shown));
      }),
      { numRuns: 300 },
    );
  });

  /** Where nobody has said which element is the primary one, the first of them may be called so. */
  function withoutAddedPrimary(sent: Resource, shown: Record<string, unknown>): Resource {
    const result: Resource = { ...sent };
    for (const name of ['emails', 'phoneNumbers', 'addresses']) {
      const [elements, back] = [sent[name], shown[name]] as Record<string, unknown>[][];
      if (elements === undefined || elements.some((one) => 'primary' in one)) continue;
      result[name] = elements.map((one, index) =>
        index === 0 && back?.[0]?.primary === true ? { ...one, primary: true } : one,
      );
    }
    return result;
  }

  test('keeps both of two offices in one city, and drops only what the directory no longer has', () => {
    const addresses = [
      { type: 'work', streetAddress: 'A 1', locality: 'Bern', primary: true },
      { type: 'work', streetAddress: 'B 2', locality: 'Bern' },
      { type: 'home', locality: 'Thun' },
    ];
    const sent = { userName: 'ada', name: { familyName: 'L' }, addresses };
    const entry = create(user, sent);
    expect(entry.values('l')).toEqual(['Bern']);
    expect(read(user, entry, sent).addresses).toEqual(addresses);
    const stored = { addresses: { elements: addresses } };
    const changed = entry.with([{ name: 'street', values: ['B 2', 'C 3'] }]);
    const input = { id: 'x', references: noReferences, spelled: new Map(), stored };
    expect(resourceOf(user, changed, input).addresses).toEqual([
      addresses[1],
      addresses[2],
      { type: 'work', streetAddress: 'C 3' },
    ]);
  });

  test('an element that names no type is the first link’s, with all that it has', () => {
    const sent = { userName: 'ada', name: { familyName: 'L' }, addresses: [{ locality: 'Bern', postalCode: '3000' }] };
    const entry = create(user, sent);
    expect([entry.first('l'), entry.first('postalCode')]).toEqual(['Bern', '3000']);
    expect(read(user, entry, sent).addresses).toEqual(sent.addresses);
  });

  test('a core attribute keeps its type whatever syntax holds it', () => {
    const type = objectType({
      auxiliaryClasses: ['oddities'],
      mappings: [
        { kind: 'direct', source: 'userName', target: 'uid' },
        { kind: 'direct', source: 'name.familyName', target: 'sn' },
        { kind: 'direct', source: 'name.formatted', target: 'cn' },
        { kind: 'direct', source: `${enterprise}:employeeNumber`, target: 'count' },
      ],
    });
    const sent = { userName: 'a', name: { familyName: 'b', formatted: 'c' }, [enterprise]: { employeeNumber: '12' } };
    expect(read(type, create(type, sent), sent)).toMatchObject(sent);
  });

  test('a user without userName is known by the name of the entry', () => {
    const entry = new Entry(container.child(create(user, { userName: 'q', name: { familyName: 'L' } }).dn.rdn!), {
      objectClass: ['inetOrgPerson'],
      cn: ['x'],
      sn: ['y'],
    });
    expect(read(user, entry).userName).toBe('q');
  });

  test('30,000 members are a matter of their number, not of its square', () => {
    const known = Object.fromEntries(
      Array.from({ length: 30_000 }, (_, index) => [`id${index}`, `uid=u${index},dc=x`]),
    );
    const all = references(known);
    const sent = { displayName: 'everyone', members: Object.keys(known).map((value) => ({ value })) };
    const entry = create(group(), sent, all);
    expect(entry.values('member')).toHaveLength(30_000);
    expect((read(group(), entry, sent, all).members as unknown[]).length).toBe(30_000);
  });

  test('groups of unique names hold DNs too', () => {
    const type = group({ targetObject: 'groupOfUniqueNames' });
    const known = references({ ada: 'uid=ada,dc=x' });
    const entry = create(type, { displayName: 'g', members: [{ value: 'ada' }] }, known);
    expect(entry.values('uniqueMember')).toEqual(['uid=ada,dc=x']);
    const withUID = entry.with([{ name: 'uniqueMember', values: ["uid=ada,dc=x#'01'B"] }]);
    const shown = read(type, withUID, {}, known);
    expect(shown.members).toEqual([{ value: 'ada' }]);
    describeReferences(type, shown, known);
    expect(shown.members).toEqual([{ value: 'ada', type: 'User', $ref: '../Users/ada' }]);
  });

  test('members of a posixGroup are named by their uid', () => {
    const type = group({ targetObject: 'uidGroup' });
    const known: References = {
      idOf: ({ by }, value) => (by === 'uid' && value === 'ada' ? '1' : undefined),
      nameOf: ({ by }, id) => (by === 'uid' && id === '1' ? 'ada' : undefined),
      target: () => undefined,
    };
    const entry = create(type, { displayName: 'g', members: [{ value: '1' }] }, known);
    expect(entry.values('memberUid')).toEqual(['ada']);
    expect(read(type, entry, {}, known).members).toEqual([{ value: '1' }]);
    const named = { [type.urn]: { memberUid: ['ada', 'somebody'] } };
    expect(create(type, { displayName: 'g', ...named }, known).values('memberUid')).toEqual(['ada', 'somebody']);
    expect(() => create(type, { displayName: 'g', members: [{ value: '2' }] }, known)).toThrow('"2"');
  });
});

describe('the directory’s face', () => {
  const type = objectType({
    auxiliaryClasses: ['oddities', 'posixAccount'],
    mappings: [],
    aliases: ['description;lang-fr', 'octets;binary'],
  });
  const known = references({ ada: 'uid=ada,dc=x', bob: 'uid=bob,dc=x' });
  const moment = fc
    .date({ min: new Date('0001-01-01T00:00:00Z'), max: new Date('9999-12-31T23:59:59Z'), noInvalidDate: true })
    .map((date) => date.toISOString().replace('.000Z', 'Z'));
  const integer = fc.oneof(
    fc.maxSafeInteger(),
    fc.bigInt({ min: 2n ** 60n, max: 2n ** 80n }).map(String),
    fc.bigInt({ min: -(2n ** 80n), max: -(2n ** 60n) }).map(String),
  );
  const octets = fc.uint8Array({ minLength: 1, maxLength: 12 }).map((bytes) => Buffer.from(bytes).toString('base64'));
  const several = <T>(
    value: fc.Arbitrary<T>,
    selector: (value: T) => string = (value) => schema.normalize('cn', String(value)),
  ) => fc.uniqueArray(value, { minLength: 1, maxLength: 4, selector });
  const face = fc.record(
    {
      cn: several(word),
      sn: several(word),
      uid: several(word),
      mail: several(ascii),
      flag: fc.boolean(),
      moment: several(moment, String),
      count: several(integer, String),
      octets: several(octets, String),
      'octets;binary': several(octets, String),
      exact: several(word, String),
      ruleless: several(word),
      constructor: several(word),
      only: word,
      nick: several(word),
      description: several(word),
      'description;lang-fr': several(word),
      jpegPhoto: several(octets, String),
      manager: several(fc.constantFrom('ada', 'bob', 'cn=nobody\\, at all,dc=x'), String),
      uidNumber: fc.nat(),
      gidNumber: fc.nat(),
      homeDirectory: ascii.filter((text) => text.trim() !== ''),
    },
    { requiredKeys: ['cn', 'sn', 'uid', 'uidNumber', 'gidNumber', 'homeDirectory'] },
  );

  test('gives back every attribute in its type, and values in their order', () => {
    fc.assert(
      fc.property(face, (sent) => {
        const { resource } = canonicalize({ [type.urn]: sent }, type.resourceType);
        const back = read(type, create(type, resource, known), {}, known)[type.urn] as Record<string, unknown>;
        for (const [name, value] of Object.entries(sent)) {
          expect([name, back[name]]).toEqual([name, value]);
        }
        expect(Object.keys(back).sort()).toEqual(
          [...Object.keys(sent), 'objectClass', '-dn-', '_distinguishedName'].sort(),
        );
      }),
      { numRuns: 300 },
    );
  });
});

test('what is kept of a complex attribute and what links add to it are shown together, and what is kept stays as it is', () => {
  const user = objectType();
  const entry = create(user, { userName: 'ada', name: { givenName: 'Ada', familyName: 'Lovelace' } });
  const kept = Object.freeze({ honorificPrefix: 'Lady', familyName: 'Byron' });
  const input = { id: 'x', references: noReferences, spelled: new Map<string, string[]>(), stored: { name: kept } };
  expect(resourceOf(user, entry, input).name).toMatchObject({
    honorificPrefix: 'Lady',
    givenName: 'Ada',
    familyName: 'Lovelace',
  });
});
