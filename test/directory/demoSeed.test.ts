import { LdapError } from '../../src/directory/error';
import { type MemoryDirectory, openMemoryDirectory } from '../../src/directory/memoryDirectory';
import { find, names, PEOPLE, read } from './memoryFixture';

describe('seeds', () => {
  it.each(['dc=example,dc=com', 'o=Acme', 'ou=lab,o=Acme', 'c=DE'])('begins with the suffix %s', async (suffix) => {
    const directory = openMemoryDirectory({ suffix });
    expect((await find(directory, { base: suffix })).map((one) => one.dn.toString())).toEqual([suffix]);
  });

  it.each(['', 'cn=x', 'dc=a+o=b', 'c=Germany'])('refuses the suffix %j', (suffix) => {
    expect(() => openMemoryDirectory({ suffix })).toThrow(LdapError);
  });

  it('demo: people with names of many kinds, managers and groups; the same ids in every run, and no changes', async () => {
    const [one, other] = [openMemoryDirectory({ seed: 'demo' }), openMemoryDirectory({ seed: 'demo' })];
    const people = await find(one, { filter: '(objectClass=inetOrgPerson)', attributes: ['*', 'entryUUID'] });
    expect(people).toHaveLength(13);
    expect(people.some((entry) => entry.first('cn')?.includes(','))).toBe(true);
    const groups = await find(one, { filter: '(objectClass=groupOfNames)' });
    const named = [...people, ...groups].flatMap((e) => [...e.values('manager'), ...e.values('member')]);
    for (const value of named) expect(await read(one, value.toString())).toBeDefined();
    expect(groups).toHaveLength(3);
    expect(await names(one, '(cn=jörg weiß)')).toEqual([`uid=jorge,${PEOPLE}`]);
    const uuid = (directory: MemoryDirectory) =>
      read(directory, `uid=jorge,${PEOPLE}`).then((e) => e?.first('entryUUID'));
    expect(await uuid(one)).toBe(await uuid(other));
    expect(await uuid(one)).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect((await one.changes.latest()).value).toBe('0');
  });
});
