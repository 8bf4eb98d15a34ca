import {
  type DirectoryChange,
  seesDeletes,
  type Watermark,
  WatermarkExpired,
} from '../../src/directory/changes/changeSource';
import type { ObservedOperation, SearchRequest } from '../../src/directory/directory';
import type { LdapError } from '../../src/directory/error';
import { parseFilter } from '../../src/directory/filter';
import { type MemoryDirectory, openMemoryDirectory } from '../../src/directory/memoryDirectory';
import {
  ANNA,
  change,
  dn,
  find,
  GROUPS,
  group,
  names,
  opened,
  PEOPLE,
  person,
  read,
  refused,
  SUFFIX,
  unit,
} from './memoryFixture';

describe('search', () => {
  it('looks where it is told', async () => {
    const directory = await opened({}, person(ANNA), person(`cn=B,${PEOPLE}`));
    const dns = async (scope: SearchRequest['scope'], base?: string) =>
      (await find(directory, { scope, ...(base === undefined ? {} : { base }) })).map((one) => one.dn.toString());
    expect(await dns('base')).toEqual([SUFFIX]);
    expect(await dns('one')).toEqual([PEOPLE, GROUPS]);
    expect(await dns('sub', PEOPLE.toUpperCase())).toEqual([PEOPLE, ANNA, `cn=B,${PEOPLE}`]);
    expect(await refused(dns('sub', 'dc=other'))).toBe(32);
    expect(await refused(dns('sub', ''))).toBe(32);
  });

  it('returns the attributes that were asked for', async () => {
    const directory = await opened(
      {},
      person(ANNA, { 'description;lang-fr': 'é', description: 'e', userPassword: 'secret', pwdReset: 'TRUE' }),
    );
    const asked = async (...attributes: string[]) =>
      [...((await find(directory, { base: ANNA, scope: 'base', attributes }))[0]?.attributes() ?? [])].map(
        ({ name }) => name,
      );
    expect(await asked()).toEqual([]);
    expect(await asked('1.1')).toEqual([]);
    expect(await asked('*')).toEqual(['objectClass', 'cn', 'sn', 'description;lang-fr', 'description']);
    expect(await asked('+')).toEqual(expect.arrayContaining(['pwdReset', 'entryUUID', 'entryDN']));
    expect(await asked('+')).not.toContain('cn');
    expect(await asked('COMMONNAME', '2.5.4.4', 'noSuch', 'entryuuid')).toEqual(['cn', 'sn', 'entryUUID']);
    expect(await asked('name')).toEqual(['cn', 'sn']);
    expect(await asked('description')).toEqual(['description;lang-fr', 'description']);
    expect(await asked('description;lang-fr')).toEqual(['description;lang-fr']);
    expect(await asked('userPassword')).toEqual(['userPassword']);
  });

  it('ends at the size limit, without an error', async () => {
    const directory = await opened(
      { seed: 'empty' },
      ...Array.from({ length: 30 }, (_, i) => person(`cn=p${i},${PEOPLE}`)),
    );
    expect(await find(directory, { filter: '(sn=s)', sizeLimit: 7 })).toHaveLength(7);
    expect(await find(directory, { filter: '(sn=s)' })).toHaveLength(30);
  });

  it('does not return what is deleted while it goes on, nor what is added', async () => {
    const directory = await opened({}, ...Array.from({ length: 5 }, (_, i) => person(`cn=p${i},${PEOPLE}`)));
    const seen: string[] = [];
    for await (const one of directory.search({
      base: dn(PEOPLE),
      scope: 'one',
      filter: parseFilter('(!(title=x))'),
      attributes: [],
    })) {
      seen.push(one.dn.rdn?.toString() ?? '');
      if (seen.length > 1) continue;
      await directory.delete(dn(`cn=p1,${PEOPLE}`));
      await directory.modify(dn(`cn=p3,${PEOPLE}`), [change('add', 'title', 'x')]);
      await directory.modifyDN(dn(`cn=p4,${PEOPLE}`), dn(`cn=q4,${PEOPLE}`), { deleteOldRdn: true });
      await directory.add(person(`cn=p5,${PEOPLE}`));
    }
    expect(seen).toEqual(['cn=p0', 'cn=p2', 'cn=q4']);
  });

  it('shows the root DSE and the schema', async () => {
    const directory = openMemoryDirectory();
    const [root] = await find(directory, { base: '', scope: 'base', attributes: ['*', '+'] });
    expect(root?.values('namingContexts')).toEqual([SUFFIX]);
    expect(root?.values('supportedControl')).toContain('1.3.6.1.1.13.2');
    const [subschema] = await find(directory, {
      base: root?.first('subschemaSubentry') ?? '',
      scope: 'base',
      attributes: ['objectClasses'],
    });
    expect(subschema?.values('objectClasses').join()).toContain("NAME 'inetOrgPerson'");
  });
});

describe('passwords', () => {
  it('are kept as salted hashes, returned only by name, and can be checked', async () => {
    const directory = await opened(
      {},
      person(ANNA, { userPassword: 'first' }),
      person(`cn=B,${PEOPLE}`, { userPassword: 'first' }),
    );
    const stored = async (name: string) => String((await read(directory, name, 'userPassword'))?.first('userPassword'));
    expect(await stored(ANNA)).toMatch(/^\{SSHA512\}[A-Za-z0-9+/]{100,}={0,2}$/);
    expect(await stored(ANNA)).not.toBe(await stored(`cn=B,${PEOPLE}`));
    expect(await directory.checkPassword(dn(ANNA), 'first')).toBe(true);
    expect(await directory.checkPassword(dn(ANNA), 'second')).toBe(false);
    await directory.modify(dn(ANNA), [change('replace', 'userPassword', Buffer.from('sécond'))]);
    expect([
      await directory.checkPassword(dn(ANNA), 'sécond'),
      await directory.checkPassword(dn(ANNA), 'first'),
    ]).toEqual([true, false]);
    expect(await refused(directory.modify(dn(ANNA), [change('delete', 'userPassword', 'first')]))).toBe(16);
    await directory.modify(dn(ANNA), [
      change('delete', 'userPassword', 'sécond'),
      change('add', 'userPassword', 'third'),
    ]);
    expect(await directory.checkPassword(dn(ANNA), 'third')).toBe(true);
    expect(await names(directory, '(userPassword=third)')).toEqual([]);
    expect(await directory.checkPassword(dn(`cn=No,${PEOPLE}`), 'third')).toBe(false);
  });

  it('take hashes that are hashes, and hash what only looks like one', async () => {
    const sha = '{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g='; // "password"
    const ssha256 = '{SSHA256}ZImOgJQ4FZcHF+QxjIPbWuSYBQhRfAx7cjaT3iMhGKRzYWx0'; // not of "password"
    const directory = await opened({}, person(ANNA, { userPassword: [sha, ssha256, '{SSHA512}short', '{clear}', ''] }));
    const kept = (await read(directory, ANNA, 'userPassword'))?.values('userPassword').map(String) ?? [];
    expect(kept.slice(0, 2)).toEqual([sha, ssha256]);
    expect(kept.slice(2).every((value) => /^\{SSHA512\}.{100,}$/.test(value))).toBe(true);
    const check = (password: string) => directory.checkPassword(dn(ANNA), password);
    expect([await check('password'), await check('{SSHA512}short'), await check('{clear}'), await check('')]).toEqual([
      true,
      true,
      true,
      false,
    ]);
  });
});

describe('changes', () => {
  async function changesSince(directory: MemoryDirectory, watermark: Watermark) {
    const changes: DirectoryChange[] = [];
    for await (const one of directory.changes.since(watermark)) changes.push(one);
    return changes;
  }
  const told = (changes: DirectoryChange[]) =>
    changes.map((one) => [
      one.kind,
      ...('oldDN' in one ? [one.oldDN.toString()] : []),
      'dn' in one ? String(one.dn) : '',
    ]);

  const anchorOf = (one: DirectoryChange | undefined) => (one && 'anchor' in one ? one.anchor : undefined);

  it('are told in order, deletes, renames and followed references among them', async () => {
    const sub = `ou=sub,${PEOPLE}`;
    const directory = await opened({});
    expect(directory.changes.methods.every(seesDeletes)).toBe(true);
    const start = await directory.changes.latest();
    await directory.add(unit(sub));
    await directory.add(person(`cn=A,${sub}`));
    const uuid = (await read(directory, `cn=A,${sub}`))?.first('entryUUID');
    await directory.add(group(`cn=g,${GROUPS}`, `cn=A,${sub}`));
    const middle = await directory.changes.latest();
    await refused(directory.add(unit(sub)));
    await directory.modify(dn(sub), []);
    await directory.modifyDN(dn(sub), dn(`ou=new,${SUFFIX}`), { deleteOldRdn: true });
    await directory.delete(dn(`ou=new,${SUFFIX}`), { tree: true });
    const all = await changesSince(directory, start);
    expect(told(all)).toEqual([
      ['changed', sub],
      ['changed', `cn=A,${sub}`],
      ['changed', `cn=g,${GROUPS}`],
      ['renamed', sub, `ou=new,${SUFFIX}`],
      ['renamed', `cn=A,${sub}`, `cn=A,ou=new,${SUFFIX}`],
      ['changed', `cn=g,${GROUPS}`],
      ['deleted', `cn=A,ou=new,${SUFFIX}`],
      ['deleted', `ou=new,${SUFFIX}`],
      ['changed', `cn=g,${GROUPS}`],
    ]);
    expect([1, 4, 6].map((index) => anchorOf(all[index]))).toEqual([uuid, uuid, uuid]);
    expect(await changesSince(directory, middle)).toEqual(all.slice(3));
    expect(await changesSince(directory, all[6]?.watermark as Watermark)).toEqual(all.slice(7));
    expect(await changesSince(directory, await directory.changes.latest())).toEqual([]);
  });

  it('are refused for another instance, another method, the future, and what is forgotten', async () => {
    const directory = await opened({ changeLogSize: 3 });
    const start = await directory.changes.latest();
    const other = await openMemoryDirectory().changes.latest();
    const wrong = [
      other,
      { ...start, method: 'x' },
      { ...start, value: '99' },
      { ...start, value: '-1' },
      { ...start, value: 'x' },
    ];
    for (const watermark of wrong) await expect(changesSince(directory, watermark)).rejects.toThrow(WatermarkExpired);
    for (const name of ['a', 'b', 'c']) await directory.add(person(`cn=${name},${PEOPLE}`));
    expect(await changesSince(directory, start)).toHaveLength(3);
    const reading = directory.changes.since(start)[Symbol.asyncIterator]();
    await reading.next();
    for (const name of ['d', 'e']) await directory.add(person(`cn=${name},${PEOPLE}`));
    await expect(reading.next()).rejects.toThrow(WatermarkExpired);
    await expect(changesSince(directory, start)).rejects.toThrow(WatermarkExpired);
  });
});

describe('the port', () => {
  it('tells an observer how each operation ended', async () => {
    const directory = await opened({}, person(ANNA));
    const heard: unknown[] = [];
    const observer = ({ operation, dn: name, result, entries, durationMs }: ObservedOperation) => {
      expect(durationMs).toBeGreaterThanOrEqual(0);
      heard.push([operation, name, result, ...(entries === undefined ? [] : [entries])]);
    };
    const request = { base: dn(SUFFIX), scope: 'sub' as const, filter: parseFilter('(objectClass=*)'), attributes: [] };
    for await (const _ of directory.search(request, { observer }));
    for await (const _ of directory.search(request, { observer })) break;
    await refused(
      (async () => {
        for await (const _ of directory.search({ ...request, base: dn('dc=no') }, { observer }));
      })(),
    );
    await refused(directory.add(person(ANNA), { observer }));
    await directory.modify(dn(ANNA), [], { observer });
    await directory.modifyDN(dn(ANNA), dn(`cn=B,${PEOPLE}`), { observer, deleteOldRdn: true });
    await directory.delete(dn(`cn=B,${PEOPLE}`), { observer });
    expect(heard).toEqual([
      ['search', SUFFIX, 0, 4],
      ['search', SUFFIX, 'cancelled', 1],
      ['search', 'dc=no', 32, 0],
      ['add', ANNA, 68],
      ['modify', ANNA, 0],
      ['modifyDN', ANNA, 0],
      ['delete', `cn=B,${PEOPLE}`, 0],
    ]);
  });

  it('does nothing for a caller that has gone, or after close', async () => {
    const directory = await opened({}, person(ANNA), person(`cn=B,${PEOPLE}`));
    const aborted = { signal: AbortSignal.abort() };
    expect(await refused(directory.delete(dn(ANNA), aborted))).toBe('cancelled');
    expect(await refused(directory.add(person(`cn=C,${PEOPLE}`), aborted))).toBe('cancelled');
    const controller = new AbortController();
    const late = directory.delete(dn(ANNA), { signal: controller.signal });
    controller.abort();
    expect(await refused(late)).toBe('cancelled');
    const searching = new AbortController();
    const request = { base: dn(PEOPLE), scope: 'sub' as const, filter: parseFilter('(objectClass=*)'), attributes: [] };
    let seen = 0;
    const search = (async () => {
      for await (const _ of directory.search(request, { signal: searching.signal })) {
        seen++;
        searching.abort();
      }
    })();
    expect([await refused(search), seen]).toEqual(['cancelled', 1]);
    expect(await names(directory, '(sn=s)')).toEqual([ANNA, `cn=B,${PEOPLE}`]);
    await directory.close();
    const failure = await directory.delete(dn(ANNA)).catch((error: LdapError) => error);
    expect(failure).toMatchObject({ result: 'connectionLost', ambiguous: false });
    expect(await refused(names(directory, '(sn=s)'))).toBe('connectionLost');
  });

  it('gives turns to others during a long search', async () => {
    const directory = await opened({}, ...Array.from({ length: 1000 }, (_, i) => person(`cn=p${i},${PEOPLE}`)));
    let turns = 0;
    let searching = true;
    const count = (): void => {
      turns++;
      if (searching) setImmediate(count);
    };
    count();
    await find(directory, { filter: '(cn=none)' });
    searching = false;
    expect(turns).toBeGreaterThan(4);
  });

  it('describes itself', async () => {
    const directory = openMemoryDirectory({ suffix: 'o=Acme\\, Inc' });
    expect(directory.description).toMatchObject({
      product: 'memory',
      namingContexts: ['o=Acme\\, Inc'],
      proposedAnchor: 'entryUUID',
      passwordAttribute: 'userPassword',
      serverId: expect.any(String),
    });
    const served = ['1.3.6.1.1.13.2', '1.3.6.1.1.12', '1.2.840.113556.1.4.805', '1.2.840.113556.1.4.319'];
    expect([...served, '1.2.3'].map((oid) => directory.supports(oid))).toEqual([true, true, true, true, false]);
    await expect(directory.refresh()).resolves.toBeUndefined();
  });
});
