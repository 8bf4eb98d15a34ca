/** Groups of many members: changes of single values, of which nobody has read the others. */
import { type ConnectorSpace, LONG, openSpace } from '../../src/space/connectorSpace';
import { SpaceBuilder } from '../../src/space/spaceBuilder';
import { openState, type State } from '../../src/space/state';
import type { SpaceValueChange } from '../../src/space/valueChange';
import { removeTemporaryFolders, row, temporaryFolder } from './support';

let folder: string;
let state: State;
let space: ConnectorSpace;

const open = () => openSpace({ folder, name: 'hr', state });
const member = (index: number) => `uid=u${index},ou=people,dc=example,dc=com`;
const members = (count: number, from = 0) => Array.from({ length: count }, (_, index) => member(from + index));
const group = (values: string[], more: Record<string, string> = {}) =>
  row('g', { member: values, cn: 'Staff', ...more });
const change = (changes: SpaceValueChange[]) => space.changeValues('id-g', changes);
const add = (value: string): SpaceValueChange => ({ operation: 'add', attribute: 'member', value });
const remove = (value: string): SpaceValueChange => ({ operation: 'remove', attribute: 'member', value });
const stored = () => space.get('id-g')?.entry.values('member').map(String) ?? [];

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

describe('an attribute of many values', () => {
  it('comes whole, and is left out with its number where a short entry is enough', () => {
    space.upsert(group(members(LONG + 1)));
    expect(stored()).toEqual(members(LONG + 1));
    const short = space.get('id-g', 'short');
    expect(short?.entry.values('cn')).toEqual(['Staff']);
    expect(short?.entry.has('member')).toBe(false);
    expect(short?.leftOut).toEqual(new Map([['member', LONG + 1]]));
  });

  it('is part of every entry again when it has become shorter', () => {
    space.upsert(group(members(LONG + 1)));
    expect(space.upsert(group(members(3)))).toBe('updated');
    expect(space.get('id-g', 'short')?.entry.values('member')).toEqual(members(3));
    expect(stored()).toEqual(members(3));
  });

  it('makes two entries that differ in it alone two entries', () => {
    space.upsert(group(members(LONG + 1)));
    expect(space.upsert(group(members(LONG + 1, 1)))).toBe('updated');
    expect(space.upsert(group(members(LONG + 1, 1)))).toBe('unchanged');
    expect(stored()).toEqual(members(LONG + 1, 1));
  });

  it.each([3, LONG + 3])('takes single values (%i there)', (count) => {
    space.upsert(group(members(count)));
    expect(change([add('uid=new,dc=x'), remove(member(1)), add(member(0)), remove('uid=nobody,dc=x')])).toBe('updated');
    expect(stored()).toEqual([...members(count).filter((value) => value !== member(1)), 'uid=new,dc=x']);
    // However a name is written.
    change([remove('UID=New, DC=x'), add('UID=u2,OU=people,DC=example,DC=com')]);
    expect(stored()).toEqual(members(count).filter((value) => value !== member(1)));
  });

  it('keeps the values after a restart, and the last word on each of them', async () => {
    space.upsert(group(members(LONG + 1)));
    change([add('uid=new,dc=x')]);
    change([remove('uid=new,dc=x'), remove(member(0))]);
    change([add(member(0)), { operation: 'set', attribute: 'modifyTimestamp', value: '20260101000000Z' }]);
    await space.close();
    space = await open();
    expect(stored()).toEqual(members(LONG + 1));
    expect(space.get('id-g', 'short')?.entry.first('modifyTimestamp')).toBe('20260101000000Z');
  });
});

describe('a read of the whole entry', () => {
  it('settles the changes before it, also when it finds what the row was made from', () => {
    space.upsert(group(members(3)));
    change([remove(member(0))]);
    expect(space.upsert(group(members(3)))).toBe('unchanged');
    expect(stored()).toEqual(members(3));
  });

  it('that began before a change does not undo it', () => {
    space.upsert(group(members(3)));
    const reading = space.beginReading();
    change([remove(member(0))]);
    space.upsert(group(members(3), { cn: 'Renamed' }), reading.sequence);
    expect(stored()).toEqual(members(3).slice(1));
    expect(space.get('id-g')?.entry.first('cn')).toBe('Renamed');
  });

  it('has the last word over an older change', () => {
    space.upsert(group(members(3)));
    const older = space.beginReading();
    space.upsert(group(members(2)));
    const late = space.apply([
      { kind: 'values', id: 'id-g', changes: [add('uid=new,dc=x')], sequence: older.sequence },
    ]);
    expect(late).toEqual(['outdated']);
    expect(stored()).toEqual(members(2));
  });

  it('of an entry that is gone changes nothing', () => {
    space.upsert(group(members(3)));
    change([remove(member(0))]);
    space.remove({ id: 'id-g' });
    expect(change([add('uid=new,dc=x')])).toBe('outdated');
    space.upsert(group(members(3)));
    expect(stored()).toEqual(members(3));
  });
});

it('an import under way is changed by the values alone, not by the row that they were changed in', async () => {
  space.upsert(group(members(LONG + 1)));
  const next = space.beginGeneration();
  change([remove(member(5)), add('uid=new,dc=x')]);
  // Somebody else has added a member before the import read the group.
  const builder = new SpaceBuilder(next.file, next.sequence);
  builder.add([group([...members(LONG + 1), 'uid=beside,dc=x'])]);
  builder.finish({ importedAt: 77 }, next.previous);
  await next.switch();
  const expected = members(LONG + 1).filter((value) => value !== member(5));
  expect(stored()).toEqual([...expected, 'uid=beside,dc=x', 'uid=new,dc=x']);
});

it('a row that was read whole while an import was under way is taken over whole', async () => {
  space.upsert(group(members(2)));
  const next = space.beginGeneration();
  space.upsert(group(members(LONG + 2)));
  change([remove(member(0))]);
  const builder = new SpaceBuilder(next.file, next.sequence);
  builder.add([group(members(2))]);
  builder.finish({ importedAt: 77 }, next.previous);
  await next.switch();
  expect(stored()).toEqual(members(LONG + 2).slice(1));
});
