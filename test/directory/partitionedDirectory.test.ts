/** Several servers as one directory: who is asked, what a search puts together, and what one that is down keeps from working. */
import type { ChangeSource, DirectoryChange, Watermark } from '../../src/directory/changes/changeSource';
import type { Directory, Options, SearchRequest } from '../../src/directory/directory';
import { DN } from '../../src/directory/dn';
import { Entry } from '../../src/directory/entry';
import { LdapError } from '../../src/directory/error';
import { equality, present } from '../../src/directory/filter';
import { openMemoryDirectory } from '../../src/directory/memoryDirectory';
import { partitioned } from '../../src/directory/partitionedDirectory';
import { all, BASE, failure } from '../support/ldap';

const SALES = `ou=sales,${BASE}`;
const LAB = `ou=lab,${SALES}`;

const unit = (dn: string) => new Entry(DN.parse(dn), { objectClass: 'organizationalUnit' });
const person = (uid: string, parent: string) =>
  new Entry(DN.parse(`uid=${uid},${parent}`), { objectClass: 'inetOrgPerson', uid, cn: uid, sn: uid });

/** A server with these containers below the base, and a person in each. */
async function server(...containers: string[]): Promise<Directory> {
  const directory = openMemoryDirectory({});
  for (const container of containers) {
    for (let dn: DN | undefined = DN.parse(container), missing: DN[] = []; dn; dn = dn.parent) {
      if (dn.toString() === BASE) {
        for (const each of missing.reverse()) await directory.add(unit(each.toString())).catch(() => undefined);
        break;
      }
      missing.push(dn);
    }
  }
  return directory;
}

async function threeServers(down = false) {
  const first = await server(`ou=people,${BASE}`, SALES);
  const sales = await server(SALES, LAB);
  const lab = await server(LAB);
  await first.add(person('ann', `ou=people,${BASE}`));
  // A stale copy of what another server holds.
  await first.add(person('stale', SALES));
  await sales.add(person('sam', SALES));
  await sales.add(person('old', LAB));
  await lab.add(person('lee', LAB));
  let isDown = down;
  let opened = 0;
  let now = 0;
  let fault = new LdapError('connectionLost', 'bind', 'cn=connector', 'nothing listens there');
  const partitions = [
    { context: DN.parse(SALES), open: async () => sales },
    {
      context: DN.parse(LAB),
      open: async () => {
        opened += 1;
        if (isDown) throw fault;
        return lab;
      },
    },
  ];
  const directory = partitioned(first, partitions, () => now);
  const wait = (milliseconds: number) => {
    now += milliseconds;
  };
  const up = () => {
    isDown = false;
    wait(60_000);
  };
  const refuse = () => {
    fault = new LdapError(49, 'bind', 'cn=connector', 'no such password');
  };
  return { directory, first, sales, lab, up, wait, refuse, opened: () => opened };
}

const people = equality('objectClass', 'inetOrgPerson');
async function uids(directory: Directory, base: string, more: Partial<SearchRequest> = {}): Promise<string[]> {
  const request = { base: DN.parse(base), scope: 'sub', filter: people, attributes: ['uid'], ...more } as const;
  return (await all(directory.search(request))).map((entry) => entry.first('uid') ?? entry.dn.toString());
}

describe('what is asked goes to the server that holds the name', () => {
  test('searches put together what several hold, without copies', async () => {
    const { directory } = await threeServers();
    expect(await uids(directory, `ou=people,${BASE}`)).toEqual(['ann']);
    expect((await uids(directory, BASE)).sort()).toEqual(['ann', 'lee', 'sam']);
    expect((await uids(directory, SALES)).sort()).toEqual(['lee', 'sam']);
    expect(await uids(directory, LAB)).toEqual(['lee']);
    expect(await uids(directory, BASE, { sizeLimit: 2 })).toHaveLength(2);
    expect(await uids(directory, SALES, { scope: 'one' })).toEqual(['sam']);
    const units = await uids(directory, BASE, { scope: 'one', filter: present('ou') });
    expect(units.sort()).toEqual([`ou=people,${BASE}`, SALES]);
    expect(await uids(directory, `uid=lee,${LAB}`, { scope: 'base' })).toEqual(['lee']);
  });

  test('writes', async () => {
    const { directory, sales, lab } = await threeServers();
    await directory.add(person('new', LAB));
    expect(await uids(lab, LAB)).toContain('new');
    expect(await uids(sales, LAB)).toEqual(['old']);
    const dn = DN.parse(`uid=new,${LAB}`);
    await directory.modify(dn, [{ operation: 'replace', attribute: 'sn', values: ['Changed'] }]);
    await directory.modifyDN(dn, DN.parse(`uid=newer,${LAB}`), { deleteOldRdn: true });
    expect(await uids(lab, LAB, { filter: equality('sn', 'Changed') })).toEqual(['newer']);
    await directory.delete(DN.parse(`uid=newer,${LAB}`));
    expect(await uids(lab, LAB)).toEqual(['lee']);
  });

  test('an entry is not moved to another server, and nothing is sent', async () => {
    const { directory, lab } = await threeServers();
    const from = DN.parse(`uid=lee,${LAB}`);
    const error = await failure(directory.modifyDN(from, DN.parse(`uid=lee,${SALES}`), { deleteOldRdn: true }));
    expect(error).toMatchObject({ result: 71, sent: false, ambiguous: false });
    expect(await uids(lab, LAB)).toEqual(['lee']);
  });
});

describe('a server that is down', () => {
  test('keeps no other from working; the error names its partition, and it is opened when it is back', async () => {
    const { directory, up, opened } = await threeServers(true);
    expect(await uids(directory, `ou=people,${BASE}`)).toEqual(['ann']);
    await directory.refresh();
    const error = await failure(uids(directory, BASE));
    expect(error).toMatchObject({ result: 'connectionLost', dn: LAB, sent: false });
    expect(error.diagnostic).toContain('nothing listens there');
    expect(await failure(directory.add(person('x', LAB)))).toMatchObject({ dn: LAB, ambiguous: false });
    up();
    expect(await uids(directory, LAB)).toEqual(['lee']);
    const before = opened();
    await Promise.all([uids(directory, LAB), uids(directory, LAB)]);
    expect(opened()).toBe(before);
    await directory.close();
  });
});

describe('a server that could not be opened', () => {
  test('is not tried for each request anew, and less often with credentials that it has refused', async () => {
    const { directory, opened, wait, refuse } = await threeServers(true);
    const ask = () => failure(uids(directory, LAB));
    await Promise.all([ask(), ask()]);
    expect(await ask()).toMatchObject({ result: 'connectionLost', dn: LAB, sent: false });
    expect(opened()).toBe(1);
    wait(6_000);
    refuse();
    expect(await ask()).toMatchObject({ result: 49, dn: LAB });
    wait(6_000);
    expect(await ask()).toMatchObject({ result: 49 });
    expect(opened()).toBe(2);
    wait(30_000);
    await ask();
    expect(opened()).toBe(3);
  });

  test('is waited for no longer than a request has time', async () => {
    const never = partitioned(await server(), [{ context: DN.parse(LAB), open: () => new Promise(() => undefined) }]);
    const search = (more: Options) =>
      failure(all(never.search({ base: DN.parse(LAB), scope: 'sub', filter: people, attributes: [] }, more)));
    expect(await search({ timeoutMs: 1 })).toMatchObject({ result: 'timeout', dn: LAB, ambiguous: false });
    expect(await search({ signal: AbortSignal.abort() })).toMatchObject({ result: 'cancelled', ambiguous: false });
  });
});

describe('changes', () => {
  const settled = async (changes: ChangeSource, watermark: Watermark) => {
    const found: DirectoryChange[] = [];
    for await (const change of changes.since(watermark)) found.push(change);
    return found;
  };
  const names = (changes: readonly DirectoryChange[]) =>
    changes.map((change) => ('dn' in change ? change.dn?.rdn?.value('uid') : 'present'));
  const source = ({ changes }: Directory) => changes as ChangeSource;

  test('of all servers, each from where it was', async () => {
    const { directory, sales, first } = await threeServers();
    const start = await source(directory).latest();
    await sales.add(person('sue', SALES));
    await first.add(person('al', `ou=people,${BASE}`));
    const told = await settled(source(directory), start);
    expect(names(told).sort()).toEqual(['al', 'sue']);
    const last = told.at(-1)?.watermark as Watermark;
    expect(await settled(source(directory), last)).toEqual([]);
    await sales.add(person('sid', SALES));
    expect(names(await settled(source(directory), last))).toEqual(['sid']);
  });

  test('one that cannot be asked keeps back none of the others, and the run fails; once it is back all is read again', async () => {
    const { directory, first, up } = await threeServers(true);
    const start = await source(directory).latest();
    await first.add(person('al', `ou=people,${BASE}`));
    const found: DirectoryChange[] = [];
    const reading = (async () => {
      for await (const change of source(directory).since(start)) found.push(change);
    })();
    await expect(reading).rejects.toMatchObject({ result: 'connectionLost', dn: LAB });
    expect(names(found)).toEqual(['al']);
    up();
    await expect(settled(source(directory), start)).rejects.toThrow('can be read again');
    const again = await source(directory).latest();
    expect(await settled(source(directory), again)).toEqual([]);
    await expect(settled(source(first), again)).rejects.toThrow();
    const partly = source(directory).without?.(again, DN.parse(LAB)) as Watermark;
    await expect(settled(source(directory), partly)).rejects.toThrow(`${LAB} can be read again`);
    await expect(settled(source(directory), await source(first).latest())).rejects.toThrow('was one server');
  });
});
