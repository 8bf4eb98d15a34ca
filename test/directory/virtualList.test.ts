/** Lists that are read in windows: against a list that others change meanwhile, and on a real slapd without paged results. */
import fc from 'fast-check';
import type { SearchNotice } from '../../src/directory/directory';
import { DN, RDN } from '../../src/directory/dn';
import { Entry } from '../../src/directory/entry';
import { equality } from '../../src/directory/filter';
import { type LdapOptions, openLdapDirectory } from '../../src/directory/ldapDirectory';
import { ListReading, ListRefused, sortKeyOf, type Target, type Window } from '../../src/directory/virtualList';
import { oneAnswerText } from '../../src/space/searchNotices';
import { result, Tag } from '../support/fakeLdap';
import { all, BASE, closing, fake, openKnown } from '../support/ldap';
import { type Slapd, startSlapd } from '../support/slapd';

const PAGED_RESULTS = '1.2.840.113556.1.4.319';
const VIRTUAL_LIST_VIEW = '2.16.840.1.113730.3.4.9';

/** A list as a server keeps it: sorted at each request anew. */
class List {
  readonly entries = new Map<string, string>();
  asked = 0;

  constructor(
    names: readonly (readonly [name: string, key: string])[],
    /** What somebody else does before each answer. */
    readonly meanwhile: (list: List) => void = () => undefined,
  ) {
    for (const [name, key] of names) this.entries.set(name, key);
  }

  read(pageSize: number, unique = true): AsyncGenerator<readonly Entry[]> {
    const window = async (target: Target, after: number): Promise<Window> => {
      this.asked += 1;
      this.meanwhile(this);
      const sorted = [...this.entries].sort(([a, x], [b, y]) => (x === y ? (a < b ? -1 : 1) : x < y ? -1 : 1));
      const place = 'offset' in target ? target.offset - 1 : sorted.findIndex(([, key]) => key >= String(target.from));
      const start = place < 0 ? sorted.length : place;
      const entries = sorted
        .slice(start, start + after + 1)
        .map(([name, key]) => new Entry(DN.parse(`uid=${name},${BASE}`), { key }));
      return { entries, view: { position: start + 1, count: sorted.length, result: 0 } };
    };
    const key = { attribute: 'key', unique };
    const incomplete = (text: string) => new Error(text);
    return new ListReading((_, { target, after }) => window(target, after), key, pageSize, incomplete).windows();
  }
}

async function names(windows: AsyncGenerator<readonly Entry[]>): Promise<string[]> {
  const found: string[] = [];
  for await (const entries of windows) found.push(...entries.map(({ dn }) => String(dn.rdn?.value('uid'))));
  return found;
}

const key = (n: number) => String(n).padStart(4, '0');
const numbered = (count: number) => Array.from({ length: count }, (_, n) => [`n${n}`, key(n * 10)] as const);

describe('a list that changes while it is read', () => {
  test.each([0, 1, 2, 3, 7, 8, 9])('of %s entries each comes once, and nothing is asked in vain', async (count) => {
    const list = new List(numbered(count));
    expect(await names(list.read(2))).toEqual(numbered(count).map(([name]) => name));
    expect(list.asked).toBeLessThanOrEqual(Math.max(1, Math.ceil(count / 2)));
  });

  test('by a unique key nothing that was there all the time is passed over, whatever comes and goes', async () => {
    const change = fc.record({
      add: fc.option(fc.integer({ min: 0, max: 999 })),
      remove: fc.integer({ min: 0, max: 59 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(change), fc.integer({ min: 1, max: 9 }), async (changes, pageSize) => {
        const removed = new Set(changes.map(({ remove }) => `n${remove}`));
        const list = new List(numbered(60), ({ entries }) => {
          const next = changes.shift();
          if (next === undefined) return;
          entries.delete(`n${next.remove}`);
          if (next.add !== null && next.add % 10 !== 0) entries.set(`added${next.add}`, key(next.add));
        });
        const found = await names(list.read(pageSize));
        expect(new Set(found).size).toBe(found.length);
        const stayed = numbered(60).filter(([name]) => !removed.has(name));
        expect(found).toEqual(expect.arrayContaining(stayed.map(([name]) => name)));
      }),
    );
  });

  test('by a key that entries change, one that moves to where the list was read already is found all the same', async () => {
    const list = new List(numbered(30), ({ asked, entries }) => {
      if (asked === 3) entries.set('n29', '0001');
    });
    const found = await names(list.read(5, false));
    expect(found.sort()).toEqual(
      numbered(30)
        .map(([name]) => name)
        .sort(),
    );
  });

  test('and where another one was deleted at the same time, so that the numbers agree', async () => {
    const list = new List(numbered(30), ({ asked, entries }) => {
      if (asked !== 3) return;
      entries.set('n29', '0001');
      entries.delete('n2');
    });
    expect(await names(list.read(5, false))).toContain('n29');
  });

  test('one that never stays as it is cannot be read: that is an error, and no end', async () => {
    const list = new List(numbered(30), ({ asked, entries }) => void entries.set(`more${asked}`, '0001'));
    await expect(names(list.read(5, false))).rejects.toThrow('3 times that it was read: sort it by an attribute');
  });

  test('entries that share a key, more of them than a window holds', async () => {
    const list = new List([...numbered(3), ...Array.from({ length: 50 }, (_, n) => [`same${n}`, '0005'] as const)]);
    expect(new Set(await names(list.read(4, false))).size).toBe(53);
  });

  test('an entry that shows no key is no place to go on from; a refusal in the middle is no end', async () => {
    const view = { position: 1, count: 9, result: 0 };
    const reading = (...windows: Window[]) =>
      names(
        new ListReading(
          async () => windows.shift() as Window,
          sortKeyOf('key', 'key'),
          1,
          (text) => new Error(text),
        ).windows(),
      );
    const entry = (uid: string, more = {}) => new Entry(DN.parse(`uid=${uid},${BASE}`), more);
    await expect(reading({ entries: [entry('a')], view })).rejects.toThrow(`uid=a,${BASE} shows no key`);
    const first = { entries: [entry('a', { key: '1' })], view };
    const refusal = { refusal: 'busy now' };
    await expect(reading(first, refusal)).rejects.toThrow('busy now');
    await expect(reading(refusal)).rejects.toThrow(ListRefused);
    await expect(reading(first, { entries: [], view })).rejects.toThrow('nothing new in the window at 1 of 9');
  });
});

describe('on slapd without paged results', () => {
  let slapd: Slapd | undefined;
  const base = DN.parse(`ou=people,${BASE}`);
  const people = equality('objectClass', 'inetOrgPerson');

  beforeAll(async () => {
    slapd = await startSlapd({
      faults: false,
      modules: ['sssvlv'],
      directives: [
        'overlay sssvlv',
        'sssvlv-maxperconn 5',
        `limits dn.exact="cn=reader,${BASE}" size.prtotal=disabled`,
      ],
    });
    if (!slapd) return;
    const directory = await openLdapDirectory(options(slapd));
    const add = (n: number) => {
      const dn = base.child(new RDN([{ type: 'uid', value: `listed${n}` }]));
      return directory.add(new Entry(dn, { objectClass: 'inetOrgPerson', uid: `listed${n}`, cn: 'Listed', sn: 'L' }));
    };
    await Promise.all(Array.from({ length: 40 }, (_, n) => add(n)));
    await directory.close();
  });
  afterAll(() => slapd?.stop());

  function options(
    { host, port, connectorDN, connectorPassword }: Slapd,
    more: Partial<LdapOptions> = {},
  ): LdapOptions {
    const where = { hosts: [{ host, port }], binding: 'Basic', connectionTimeoutMs: 60_000 } as const;
    return {
      ...where,
      userName: connectorDN,
      password: () => connectorPassword,
      operationTimeoutMs: 60_000,
      pageSize: 7,
      ...more,
    };
  }

  async function read(more: Partial<LdapOptions>) {
    const directory = closing(await openLdapDirectory(options(slapd as Slapd, more)));
    const notices: SearchNotice[] = [];
    const request = { base, scope: 'sub', filter: people, attributes: ['uid'] } as const;
    const heard: (number | string)[] = [];
    const found = await all(
      directory.search(request, {
        notice: (notice) => notices.push(notice),
        observer: ({ operation, result }) => operation === 'search' && heard.push(result),
      }),
    );
    return { found: found.map((entry) => entry.first('uid')), notices, asked: heard.length };
  }

  test.each([
    ['by the immutable id', {}],
    ['by an attribute with an ordering rule of its own choice', { sortKey: 'uid:caseIgnoreOrderingMatch' }],
    ['by an attribute that all of them share', { sortKey: 'cn:caseIgnoreOrderingMatch' }],
  ])('%s', async (_, more) => {
    if (!slapd) return;
    const { found, notices, asked } = await read({ withheld: [PAGED_RESULTS], ...more });
    expect(new Set(found).size).toBe(45);
    expect(found).toHaveLength(45);
    expect(notices).toEqual([]);
    expect(asked).toBeGreaterThan(3);
  });

  test('where the account may not have pages although the root DSE lists them', async () => {
    if (!slapd) return;
    const { readerDN: userName, readerPassword } = slapd;
    const { found, notices } = await read({ userName, password: () => readerPassword });
    expect([new Set(found).size, notices]).toEqual([45, []]);
  });

  test('where nothing can be sorted or lists are not served, all comes in one answer, and that is told', async () => {
    if (!slapd) return;
    const unsorted = await read({ withheld: [PAGED_RESULTS], sortKey: 'uid' });
    expect(unsorted.found).toHaveLength(45);
    expect(unsorted.notices).toEqual([{ kind: 'oneAnswer', reason: expect.stringContaining('no paged results; ') }]);
    const neither = await read({ withheld: [PAGED_RESULTS, VIRTUAL_LIST_VIEW] });
    expect(neither.found).toHaveLength(45);
    expect(neither.notices).toEqual([{ kind: 'oneAnswer', reason: 'no paged results; no virtual list views' }]);
    expect(oneAnswerText('why')).toContain('(why)');
  });

  test('a server that is unwilling to answer has not refused pages', async () => {
    const server = await fake(({ tag, id }, socket) => tag === Tag.search && socket.write(result(id, 0x65, 53)));
    const search = all((await openKnown(server)).search({ base, scope: 'sub', filter: people, attributes: [] }));
    await expect(search).rejects.toMatchObject({ result: 53 });
    expect(server.requests.filter(({ tag }) => tag === Tag.search)).toHaveLength(1);
  });

  test('a base that is missing or empty', async () => {
    if (!slapd) return;
    const directory = closing(await openLdapDirectory(options(slapd, { withheld: [PAGED_RESULTS] })));
    const request = { scope: 'sub', filter: people, attributes: [] } as const;
    const missing = DN.parse(`ou=nowhere,${BASE}`);
    await expect(all(directory.search({ ...request, base: missing }))).rejects.toMatchObject({ result: 32 });
    const empty = DN.parse(`ou=former,${BASE}`);
    expect(await all(directory.search({ ...request, base: empty }))).toEqual([]);
  });
});
