/** References to nobody: what is written, and what is kept. */
import { DN } from '../../src/directory/dn';
import { Entry } from '../../src/directory/entry';
import { pendingOf, setAside, withoutUnknown } from '../../src/mapping/pendingReferences';
import { noReferences, type References } from '../../src/mapping/reference';
import type { Resource } from '../../src/scim/resource';
import { group, objectType } from './objectTypes';

const enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
const name = `${enterprise}:manager`;
const type = objectType();
const references: References = { ...noReferences, nameOf: (_, id) => (id === 'boss' ? 'uid=boss,dc=x' : undefined) };
const withManager = (value?: string): Resource => ({
  schemas: [],
  [enterprise]: { department: 'Sales', ...(value !== undefined && { manager: { value } }) },
});
const entryOf = (...manager: string[]) =>
  new Entry(DN.parse('uid=ann,dc=x'), manager.length > 0 ? [{ name: 'manager', values: manager }] : []);

describe('references to nobody', () => {
  test('a new entry goes without them, and they are kept', () => {
    expect(withoutUnknown(type, withManager('Taylor'), references)).toEqual(withManager());
    for (const value of ['boss', 'uid=any,dc=x', undefined]) {
      const resource = withManager(value);
      expect(withoutUnknown(type, resource, references)).toBe(resource);
    }
    expect(pendingOf(type, entryOf(), withManager('Taylor'))).toEqual({ [name]: { value: 'Taylor' } });
    expect(pendingOf(type, entryOf('uid=boss,dc=x'), withManager('boss'))).toEqual({});
    expect(pendingOf(type, entryOf(), withManager())).toEqual({});
  });

  const aside = (kind: 'replace' | 'patch', was: string | undefined, is: string | undefined, kept?: string) => {
    const stored = kept === undefined ? {} : { [name]: { value: kept } };
    const { current, desired } = setAside(
      type,
      { kind, entry: entryOf(), stored, current: withManager(was), desired: withManager(is) },
      references,
    );
    const managerOf = (resource: Resource) => (resource[enterprise] as { manager?: { value: string } }).manager?.value;
    return [managerOf(current), managerOf(desired)];
  };

  test.each<[string, ReturnType<typeof aside>, ReturnType<typeof aside>]>([
    ['a replace names nobody', aside('replace', undefined, 'Taylor'), [undefined, undefined]],
    ['a replace names nobody else', aside('replace', 'Taylor', 'Ray', 'Taylor'), [undefined, undefined]],
    ['a replace names somebody', aside('replace', 'Taylor', 'boss', 'Taylor'), [undefined, 'boss']],
    ['a PATCH of something else', aside('patch', 'Taylor', 'Taylor', 'Taylor'), [undefined, undefined]],
    ['who was nobody is somebody now', aside('patch', 'boss', 'boss', 'boss'), [undefined, 'boss']],
    ['a PATCH names nobody, and is refused', aside('patch', undefined, 'Taylor'), [undefined, 'Taylor']],
    ['a PATCH names nobody else', aside('patch', 'Ray', 'Taylor', 'Ray'), [undefined, 'Taylor']],
    ['a PATCH removes it', aside('patch', 'Taylor', undefined, 'Taylor'), [undefined, undefined]],
  ])('%s', (_, found, expected) => {
    expect(found).toEqual(expected);
  });

  test('an entry that names somebody keeps what it has', () => {
    const change = {
      kind: 'replace' as const,
      entry: entryOf('uid=boss,dc=x'),
      stored: {},
      current: withManager('boss'),
      desired: withManager('Taylor'),
    };
    expect(setAside(type, change, references)).toEqual({ current: change.current, desired: change.desired });
  });

  test('members are no single references', () => {
    const resource: Resource = { schemas: [], members: [{ value: 'nobody' }] };
    expect(withoutUnknown(group(), resource, references)).toBe(resource);
  });
});
