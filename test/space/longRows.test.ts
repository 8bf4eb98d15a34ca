/** Rows of very many values: prepared ahead, in turns, and right whatever happens in between. */
import { encodeAttributes, encodeSteps } from '../../src/directory/attributeOctets';
import { atOnce } from '../../src/directory/steps';
import { type ConnectorSpace, LONG, openSpace, type SpaceRow } from '../../src/space/connectorSpace';
import { SpaceBuilder } from '../../src/space/spaceBuilder';
import { openState, type State } from '../../src/space/state';
import { removeTemporaryFolders, row, temporaryFolder } from './support';

let folder: string;
let state: State;
let space: ConnectorSpace;

const member = (index: number) => `uid=u${index},ou=people,dc=example,dc=com`;
const members = (count: number, from = 0) => Array.from({ length: count }, (_, index) => member(from + index));
const group = (values: string[], uid = 'g') => row(uid, { member: values, cn: 'Staff', manager: member(999_999) });
const upsert = (one: SpaceRow, sequence?: number) =>
  space.save([{ kind: 'upsert', row: one, ...(sequence !== undefined && { sequence }) }]);
const stored = (id = 'id-g') => space.get(id)?.entry.values('member').map(String);
const referrers = async (...names: string[]) =>
  (await space.referrers(names)).map((dn) => dn.rdn?.value('uid')?.toString()).sort();

/** A generation of these rows; `meanwhile` runs after they were read. */
async function switchTo(rows: readonly SpaceRow[], meanwhile: () => Promise<void> = async () => undefined) {
  const next = space.beginGeneration();
  const builder = new SpaceBuilder(next.file, next.sequence, [], ['member', 'manager']);
  builder.add(rows);
  await meanwhile();
  builder.finish({ importedAt: 77 }, next.previous);
  await next.switch();
}

beforeEach(async () => {
  folder = temporaryFolder();
  state = await openState(folder, 'hr');
  space = await openSpace({ folder, name: 'hr', state });
  await switchTo([row('u0')]);
});
afterEach(async () => {
  await space.close();
  await state.close();
});
afterAll(removeTemporaryFolders);

test('octets that are made in steps are those that are made at once', () => {
  const attributes = [
    { name: 'member', values: [...members(2_345), 'cn=Müller', Buffer.from([0xff, 0x00])] },
    { name: 'cn', values: ['x'] },
    { name: 'Ähnlich', values: ['a'.repeat(300)] },
  ];
  expect(atOnce(encodeSteps(attributes))).toEqual(encodeAttributes(attributes).octets);
});

describe('a row of very many values', () => {
  it('is new, changed and the same again, and who it names is found', async () => {
    await upsert(group(members(LONG + 500)));
    expect(stored()).toEqual(members(LONG + 500));
    for (const one of members(LONG + 500)) expect(await space.referrers([one])).toHaveLength(1);
    expect(await referrers(member(999_999))).toEqual(['g']);
    await upsert(group(members(LONG + 500, 1)));
    expect(stored()).toEqual(members(LONG + 500, 1));
    expect(await referrers(member(LONG + 500))).toEqual(['g']);
    const { revision } = space;
    await upsert(group(members(LONG + 500, 1)));
    expect(stored()).toEqual(members(LONG + 500, 1));
    expect(space.revision).not.toBe(revision);
    expect(space.count()).toBe(2);
  });

  it('leaves the numbers of other rows alone that come while it is prepared', async () => {
    const saved = upsert(group(members(LONG + 500)));
    const others = [...'abcdefgh'].map((uid) => `other-${uid}`);
    for (const uid of others) {
      space.upsert(row(uid, { manager: member(5) }));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await saved;
    space.upsert(row('d'));
    expect(space.count()).toBe(11);
    expect(await referrers(member(5))).toEqual(['g', ...others]);
    expect(space.get('id-d')?.entry.values('member')).toEqual([]);
    expect(stored()).toEqual(members(LONG + 500));
  });

  it('is there with all that it names when two saves of it overlap', async () => {
    await Promise.all([upsert(group(members(LONG + 500))), upsert(group(members(LONG + 500, 300)))]);
    expect(stored()).toEqual(members(LONG + 500, 300));
    expect(await referrers(member(LONG + 799))).toEqual(['g']);
    expect(space.count()).toBe(2);
  });

  it('is not the newer truth because it took longer', async () => {
    const older = upsert(group(members(LONG + 500)));
    space.upsert(group(['uid=newer,dc=x']));
    await older;
    expect(stored()).toEqual(['uid=newer,dc=x']);
  });

  it('does not come back after a delete that took place while it was prepared', async () => {
    const older = upsert(group(members(LONG + 500)));
    space.remove({ id: 'id-g' });
    // Whatever else is saved must not make the space forget that.
    space.upsert(row('other'));
    await older;
    expect(space.get('id-g')).toBeUndefined();
  });

  it('comes into the generation that is in use when it is ready', async () => {
    await switchTo([row('u0')], async () => {
      await upsert(group(members(LONG + 500)));
    });
    expect(stored()).toEqual(members(LONG + 500));
    expect(await referrers(member(7))).toEqual(['g']);
    const switched = switchTo([row('u0')]);
    const saved = upsert(group(members(LONG + 9_000), 'h'));
    await Promise.all([switched, saved]);
    expect(stored('id-h')).toEqual(members(LONG + 9_000));
    expect(await referrers(member(LONG + 8_999))).toEqual(['h']);
  });

  it('names nobody before it is there, as far as anybody can see', async () => {
    const saved = upsert(group(members(LONG + 5_000)));
    for (let turn = 0; turn < 4; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    expect(space.get('id-g')).toBeUndefined();
    expect(await referrers(...members(50))).toEqual([]);
    await saved;
    expect(await referrers(...members(50))).toEqual(['g']);
  });

  it('is read as a whole in turns, with the changes of single values', async () => {
    await upsert(group(members(LONG + 500)));
    space.changeValues('id-g', [
      { operation: 'add', attribute: 'member', value: 'UID=New,dc=x' },
      { operation: 'add', attribute: 'member', value: 'UID=u7,OU=people,DC=example,DC=com' },
      { operation: 'remove', attribute: 'member', value: 'uid=u3, ou=people, dc=example,dc=com' },
    ]);
    const short = space.get('id-g', 'short');
    const whole = short && (await space.long.whole(short));
    expect(whole).toEqual(space.get('id-g'));
    const values = whole?.entry.values('member').map(String);
    expect(values).toEqual([...members(LONG + 500).filter((value) => value !== member(3)), 'UID=New,dc=x']);
    space.remove({ id: 'id-g' });
    expect(short && (await space.long.whole(short))).toBeUndefined();
  });
});
