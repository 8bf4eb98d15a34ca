/** Who names whom: found without reading all rows, whatever way a row came into the space. */
import fc from 'fast-check';
import { RDN } from '../../src/directory/dn';
import { type ConnectorSpace, LONG, openSpace } from '../../src/space/connectorSpace';
import { numberOfName } from '../../src/space/references';
import type { SpaceRow } from '../../src/space/row';
import { SpaceBuilder } from '../../src/space/spaceBuilder';
import { openState, type State } from '../../src/space/state';
import { PEOPLE, removeTemporaryFolders, row, temporaryFolder } from './support';

let folder: string;
let state: State;
let space: ConnectorSpace;

const open = () => openSpace({ folder, name: 'hr', state });
const person = (uid: string) => `uid=${uid},ou=people,dc=example,dc=com`;
const group = (uid: string, member: string[]) => row(uid, { Member: member });

async function switchTo(rows: readonly SpaceRow[], meanwhile: () => void = () => undefined): Promise<void> {
  const next = space.beginGeneration();
  const builder = new SpaceBuilder(next.file, next.sequence, [], ['member', 'manager']);
  builder.add(rows);
  meanwhile();
  builder.finish({ importedAt: 77 }, next.previous);
  await next.switch();
}

const referrers = async (...names: string[]) =>
  (await space.referrers(names)).map((dn) => dn.rdn?.value('uid')?.toString()).sort();

beforeEach(async () => {
  folder = temporaryFolder();
  state = await openState(folder, 'hr');
  space = await open();
});
afterEach(async () => {
  await space.close();
  await state.close();
});
afterAll(removeTemporaryFolders);

describe('whoever names an entry is found', () => {
  it('after an import, in any spelling, by any attribute that the import was told of', async () => {
    const many = Array.from({ length: LONG + 1 }, (_, index) => person(`m${index}`));
    await switchTo([
      group('g', [person('a'), ' UID = B , ou=People,dc=example,dc=com', 'no name at all']),
      group('large', many),
      row('a', { manager: person('boss'), secretary: person('other') }),
    ]);
    expect(await referrers(person('a'))).toEqual(['g']);
    expect(await referrers('uid=b,OU=people, dc=example,dc=com')).toEqual(['g']);
    expect(await referrers(person(`m${LONG}`), person('boss'))).toEqual(['a', 'large']);
    expect(await referrers(person('other'), person('nobody'), 'no name at all')).toEqual([]);
    expect([space.refersBy(['MEMBER']), space.refersBy(['member', 'secretary'])]).toEqual([true, false]);
  });

  it('after a row came or changed, after single values came, and after a restart', async () => {
    await switchTo([group('g', [person('a')]), row('u')]);
    space.upsert(group('h', [person('b')]));
    space.upsert(group('g', [person('a'), person('c')]));
    space.upsert(row('u', { manager: person('boss') }));
    space.changeValues('id-h', [
      { operation: 'add', attribute: 'Member', value: person('d') },
      { operation: 'remove', attribute: 'Member', value: person('e') },
      { operation: 'add', attribute: 'description', value: person('f') },
    ]);
    await space.close();
    space = await open();
    const found = await Promise.all(['a', 'b', 'c', 'd', 'e', 'f', 'boss'].map((uid) => referrers(person(uid))));
    expect(found).toEqual([['g'], ['h'], ['g'], ['h'], [], [], ['u']]);
  });

  it('after the host has written while an import was under way', async () => {
    space.upsert(group('h', [person('a')]));
    await switchTo([group('h', [person('a')])], () => {
      space.upsert(group('g', [person('b')]));
      space.changeValues('id-h', [{ operation: 'add', attribute: 'member', value: person('c') }]);
    });
    expect(await referrers(person('a'), person('c'))).toEqual(['h']);
    expect(await referrers(person('b'))).toEqual(['g']);
  });

  it('not by a row that is gone', async () => {
    await switchTo([group('g', [person('a')])]);
    space.remove({ id: 'id-g' });
    expect(await referrers(person('a'))).toEqual([]);
  });
});

describe('the number of a name', () => {
  it('is the same for each spelling of it', () => {
    const any = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 });
    const plain = fc.stringMatching(/^[A-Za-z0-9._@=#-]{1,8}( [A-Za-z0-9._@-]{1,8}){0,2}$/);
    fc.assert(
      fc.property(fc.oneof(any, plain), (value) => {
        const dn = PEOPLE.child(new RDN([{ type: 'uid', value }]));
        const text = dn.toString();
        const number = numberOfName(text);
        expect(number).toBe(numberOfName(`UID${text.slice(3)}`));
        expect(number).toBe(numberOfName(text.replace(`,${PEOPLE}`, ` ; OU = people, DC=Example,dc="com"`)));
        expect(number).not.toBe(numberOfName(dn.child(new RDN([{ type: 'cn', value }])).toString()));
      }),
    );
  });

  it.each([
    ['uid=a=b,dc=x', 'uid=a\\=b,dc=x'],
    ['uid=a  b,dc=x', 'uid=a b,dc=X'],
    ['uid=a+cn=b,dc=x', 'cn=b + uid=a,dc=x'],
    ['uid=\\61,dc=x', 'UID=A,dc=x'],
  ])('of %s is that of %s', (one, other) => {
    expect([numberOfName(one), numberOfName(one)]).toEqual([numberOfName(other), expect.any(Number)]);
  });

  it('fits in 48 bits, and is another one for another name', () => {
    const numbers = Array.from({ length: 50_000 }, (_, index) => numberOfName(person(`u${index}`)) ?? -1);
    expect(new Set(numbers).size).toBe(numbers.length);
    expect(numbers.every((number) => Number.isSafeInteger(number) && number >= 0 && number < 2 ** 48)).toBe(true);
    // The low words alone are nearly as many: the number does not lean on a few of its bits.
    expect(new Set(numbers.map((number) => number % 2 ** 24)).size).toBeGreaterThan(49_800);
    expect(numberOfName('no name')).toBeUndefined();
  });
});
