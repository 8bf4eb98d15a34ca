/** What sources of changes make of logs that are trimmed, set back, hidden or hostile. */
import { AccessLog } from '../../src/directory/changes/accessLog';
import { ChangeLog } from '../../src/directory/changes/changeLog';
import {
  type ChangeSource,
  ChangesUnreadable,
  type DirectoryChange,
  type Watermark,
  WatermarkExpired,
} from '../../src/directory/changes/changeSource';
import { isAfter, last, newest, setBack } from '../../src/directory/changes/csn';
import { NamingContexts } from '../../src/directory/changes/naming';
import type { SearchRequest } from '../../src/directory/directory';
import { DN, defaultRules } from '../../src/directory/dn';
import { Entry } from '../../src/directory/entry';
import { LdapError, ResultCode } from '../../src/directory/error';
import { filterToString } from '../../src/directory/filter';

const SUFFIX = 'dc=example,dc=com';
const contexts = () => [DN.parse(SUFFIX)];
const csn = (second: number, server = '000') =>
  `202611210500${String(second).padStart(2, '0')}.000000Z#000000#${server}#000000`;

/** Contexts of a directory that answers as the test says, by base and filter. */
function contextsOf(answer: (base: string, filter: string, request: SearchRequest) => Entry[]): NamingContexts {
  const reader = {
    schema: defaultRules,
    description: { product: 'generic', proposedAnchor: 'nsUniqueId', serverId: 'one' },
    search: async function* (request: SearchRequest) {
      yield* answer(request.base.toString(), filterToString(request.filter), request);
    },
  } as unknown as NamingContexts['reader'];
  return new NamingContexts(reader, contexts);
}

async function told(source: ChangeSource, watermark: Watermark): Promise<DirectoryChange[]> {
  const changes: DirectoryChange[] = [];
  for await (const change of source.since(watermark)) changes.push(change);
  return changes;
}

test('change sequence numbers compare server by server', () => {
  const moment = newest([csn(5), csn(3), csn(9, '001'), 'nonsense', `${csn(1)}#`]);
  expect([...moment.values()]).toEqual([csn(5), csn(9, '001')]);
  expect([csn(5), csn(6), csn(7, '001'), csn(1, '002'), 'nonsense'].map((one) => isAfter(one, moment))).toEqual([
    false,
    true,
    false,
    true,
    false,
  ]);
  expect(last(moment)).toBe(csn(9, '001'));
  expect(setBack(newest([csn(6), csn(8, '001')]), moment)).toBe('001');
  expect(setBack(moment, moment)).toBeUndefined();
});

describe('an access log', () => {
  let context: string[];
  let log: Entry[];
  let visible: boolean;
  const source = new AccessLog(
    contextsOf((base, filter) => {
      if (base === SUFFIX) return [new Entry(contexts()[0]!, { contextCSN: context, entryUUID: 'suffix' })];
      if (!visible) throw new LdapError(ResultCode.noSuchObject, 'search', base, '');
      if (!filter.includes('auditWriteObject')) return [new Entry(DN.parse(base), { objectClass: 'auditContainer' })];
      const [, exact] = /\(entryCSN=([^)]*)\)/.exec(filter) ?? [];
      if (exact !== undefined) return log.filter((entry) => entry.first('entryCSN') === exact);
      const [, bound] = /entryCSN<=([^)]*)/.exec(filter) ?? [];
      return bound === undefined ? log : log.filter((entry) => (entry.first('entryCSN') ?? '') <= bound);
    }),
    DN.parse('cn=accesslog'),
  );
  const logged = (second: number, attributes: Record<string, string>) =>
    new Entry(DN.parse(`reqStart=${second},cn=accesslog`), { entryCSN: csn(second), reqType: 'modify', ...attributes });

  const hide = () => {
    visible = false;
  };

  beforeEach(() => {
    visible = true;
    context = [csn(1)];
    log = [logged(1, { reqDN: `uid=a,${SUFFIX}` })];
  });

  test('is followed where it reaches back, and names are read as names', async () => {
    const watermark = await source.latest();
    expect(await told(source, watermark)).toEqual([]);
    context = [csn(3)];
    const rename = {
      reqType: 'modrdn',
      reqDN: `uid=b,${SUFFIX}`,
      reqNewRDN: 'uid=c\\2cd',
      reqNewSuperior: `ou=x,${SUFFIX}`,
    };
    log.push(logged(2, { reqDN: `uid=a,${SUFFIX}` }), logged(3, rename), logged(3, { reqType: 'bind' }));
    const changes = await told(source, watermark);
    expect(changes.map((change) => [change.kind, 'dn' in change && String(change.dn)])).toEqual([
      ['changed', `uid=a,${SUFFIX}`],
      ['renamed', `uid=c\\,d,ou=x,${SUFFIX}`],
    ]);
    expect(await told(source, changes[1]!.watermark)).toEqual([]);
    expect((await told(source, changes[0]!.watermark)).length).toBe(1);
  });

  test.each([
    ['is trimmed', () => void log.splice(0, 1, logged(9, { reqDN: SUFFIX }))],
    ['is hidden', () => void hide()],
    [
      'is set back',
      () => {
        context = [csn(0)];
        log = [];
      },
    ],
    [
      'is set back and has gone on since',
      () => {
        context = [csn(9)];
        log = [logged(0, { reqDN: SUFFIX }), logged(9, { reqDN: SUFFIX })];
      },
    ],
    ['holds no names', () => void log.push(logged(5, { reqDN: 'not,a name' }))],
  ])('that %s means a full import', async (_, change) => {
    const watermark = await source.latest();
    change();
    if (context[0] === csn(1)) context = [csn(9)];
    await expect(told(source, watermark)).rejects.toBeInstanceOf(WatermarkExpired);
  });

  test('that the account may not read is said with what to do', async () => {
    visible = false;
    await expect(source.latest()).rejects.toThrow(ChangesUnreadable);
    await expect(source.latest()).rejects.toThrow(/cn=accesslog cannot be read: give the account/);
  });
});

describe('a change log', () => {
  let first: string;
  let lastNumber: string;
  let log: Entry[];
  let numbersShown: boolean;
  let searches: number;
  const source = new ChangeLog(
    contextsOf((base, filter) => {
      searches += 1;
      const numbers = { firstChangeNumber: first, lastChangeNumber: lastNumber };
      if (base === '') return [new Entry(DN.root, numbersShown ? numbers : {})];
      if (base === SUFFIX) return [new Entry(contexts()[0]!, { nsUniqueId: 'suffix' })];
      if (base.startsWith('changeNumber=')) return log.slice(0, 1);
      const bound = (comparison: string) => new RegExp(`changeNumber${comparison}(\\d+)`).exec(filter)?.[1];
      const [from, to] = [BigInt(bound('>=') ?? 0), BigInt(bound('<=') ?? 10n ** 30n)];
      return log.filter((entry) => {
        const number = BigInt(entry.first('changeNumber') ?? 0);
        return number >= from && number <= to;
      });
    }),
    DN.parse('cn=changelog'),
  );
  const numbered = (changeNumber: string, attributes: Record<string, string>) =>
    new Entry(DN.parse(`changeNumber=${changeNumber},cn=changelog`), {
      changeNumber,
      changeType: 'modify',
      ...attributes,
    });

  beforeEach(() => {
    numbersShown = true;
    searches = 0;
    first = '1';
    lastNumber = '9007199254740993';
    log = [numbered(lastNumber, { targetDn: SUFFIX })];
  });

  test('is read in the order of its numbers, which may be longer than a number is exact', async () => {
    const watermark = await source.latest();
    lastNumber = '9007199254740996';
    log = [
      numbered('9007199254740995', {
        changeType: 'modrdn',
        targetDn: `uid=b,${SUFFIX}`,
        newRdn: 'uid=c',
        targetUniqueId: '7',
      }),
      numbered('9007199254740994', { targetDn: `uid=a,${SUFFIX}` }),
      numbered('9007199254740996', { changeType: 'delete', targetDn: `uid=c,${SUFFIX}`, targetUniqueId: '7' }),
    ];
    const changes = await told(source, watermark);
    expect(changes.map((one) => [one.kind, 'dn' in one && String(one.dn), 'anchor' in one && one.anchor])).toEqual([
      ['changed', `uid=a,${SUFFIX}`, false],
      ['renamed', `uid=c,${SUFFIX}`, '7'],
      ['deleted', `uid=c,${SUFFIX}`, '7'],
    ]);
    expect((await told(source, changes[1]!.watermark)).map(({ kind }) => kind)).toEqual(['deleted']);
  });

  describe('whose root DSE shows no numbers', () => {
    const upTo = (from: number, to: number) =>
      Array.from({ length: to - from + 1 }, (_, i) => numbered(String(from + i), { targetDn: SUFFIX }));
    beforeEach(() => {
      numbersShown = false;
    });

    test.each([1, 2, 3, 63, 64, 65, 1000])('is asked for its last one: %d', async (last) => {
      log = upTo(1, last);
      const watermark = await source.latest();
      expect(watermark.value).toBe(String(last));
      expect(searches).toBeLessThan(10 + 2 * Math.log2(last));
      searches = 0;
      expect(await told(source, watermark)).toEqual([]);
      expect(searches).toBeLessThan(7);
      log = upTo(Math.max(1, last - 1), last + 5);
      expect(await told(source, watermark)).toHaveLength(5);
      // What comes right after the last one that was read is enough.
      log = upTo(last + 1, last + 5);
      expect(await told(source, watermark)).toHaveLength(5);
    });

    test('is known to be trimmed, to count anew, to be hidden, and to make no sense', async () => {
      log = upTo(1, 10);
      const watermark = await source.latest();
      for (const other of [upTo(12, 20), upTo(1, 3), []]) {
        log = other;
        await expect(told(source, watermark)).rejects.toThrow(WatermarkExpired);
      }
      await expect(source.latest()).rejects.toThrow(ChangesUnreadable);
      log = [numbered('9'.repeat(29), { targetDn: SUFFIX })];
      await expect(source.latest()).rejects.toThrow(/entries of every number/);
    });
  });

  test.each([
    [
      'is trimmed',
      () => {
        first = '9007199254740999';
        lastNumber = '9007199254740999';
      },
    ],
    [
      'counts anew',
      () => {
        lastNumber = '3';
      },
    ],
    [
      'is hidden',
      () => {
        lastNumber = '9007199254740994';
        log = [];
      },
    ],
    [
      'holds no names',
      () => {
        lastNumber = '9007199254740994';
        log = [numbered(lastNumber, { targetDn: '=' })];
      },
    ],
  ])('that %s means a full import', async (_, change) => {
    const watermark = await source.latest();
    change();
    await expect(told(source, watermark)).rejects.toBeInstanceOf(WatermarkExpired);
  });

  test('that the account may not read is said with what to do', async () => {
    log = [];
    await expect(source.latest()).rejects.toThrow(/cn=changelog cannot be read: switch it on/);
  });
});
