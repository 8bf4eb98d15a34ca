/** Searches (RFC 4511 §4.5): scopes, filters, selection of attributes, paging, and ending early. */
import type { Value } from '../../src/directory/entry';
import { LdapError, ResultCode } from '../../src/directory/error';
import {
  and,
  equality,
  type Filter,
  greaterOrEqual,
  lessOrEqual,
  not,
  or,
  present,
  substrings,
} from '../../src/directory/filter';
import { all, refused, type Testbed } from './testbed';

/** More than a product's page (Active Directory: 1,000), and no multiple of our page size. */
const MANY = 1103;

export function runSearchTests(t: Testbed): void {
  describe('scopes and attributes', () => runScopeTests(t));
  describe('filters', () => runFilterTests(t));
  describe('many entries', () => runPagingTests(t));
}

function runScopeTests(t: Testbed): void {
  test('base, one level and the whole subtree', async () => {
    const top = await t.addUnit('scopes');
    const inner = await t.addUnit('inner', top);
    await t.add('Scope One', {}, top);
    await t.add('Scope Two', {}, inner);
    const persons = equality('objectClass', 'inetOrgPerson');
    expect(await t.names({ base: top, scope: 'base', filter: persons })).toEqual([]);
    expect(await t.names({ base: t.dn('Scope One', top), scope: 'base' })).toEqual(['Scope One']);
    expect(await t.names({ base: top, scope: 'one', filter: persons })).toEqual(['Scope One']);
    expect(await t.names({ base: top, scope: 'sub', filter: persons })).toEqual(['Scope One', 'Scope Two']);
    expect(await t.names({ base: t.dn('Scope One', top), scope: 'one' })).toEqual([]);
    expect(
      await all(t.directory, { base: top, scope: 'sub', filter: present('objectClass'), attributes: [] }),
    ).toHaveLength(4);
  });

  test('a base that is missing is an error, not an empty result', async () => {
    await refused(t.names({ base: t.dn('No Base') }), ResultCode.noSuchObject);
    await refused(t.names({ base: t.dn('No Base'), scope: 'base' }), ResultCode.noSuchObject);
  });

  test('returns the attributes that were asked for', async () => {
    const dn = await t.add('Selection', { title: 'T', mail: 'm@example.com' });
    const namesOf = async (...attributes: string[]) =>
      [...((await t.read(dn, attributes))?.attributes() ?? [])].map(({ name }) => name.toLowerCase()).sort();
    expect(await namesOf('TITLE', 'mail', 'employeeNumber')).toEqual(['mail', 'title']);
    expect(await namesOf('noSuchAttribute', 'title')).toEqual(['title']);
    expect(await namesOf()).toEqual([]);
    const everything = await namesOf('*');
    expect(everything).toEqual(expect.arrayContaining(['cn', 'mail', 'objectclass', 'sn', 'title']));
    const both = await namesOf('*', 'createTimestamp');
    expect(both).toEqual(expect.arrayContaining(['cn', 'createtimestamp']));
    // Some products answer with the name that was asked for, others with their own.
    const { schema } = t.directory;
    const [answer] = (await t.read(dn, [schema.names('sn').at(-1) ?? 'sn']))?.attributes() ?? [];
    expect([schema.canonicalName(answer?.name ?? ''), answer?.values]).toEqual([
      schema.canonicalName('sn'),
      ['Conformance'],
    ]);
  });
}

function runFilterTests(t: Testbed): void {
  const scope = 'one' as const;
  beforeAll(async () => {
    await t.add('Filter A', { description: ['red', 'Green Apple'], title: 'one', employeeNumber: '1' });
    await t.add('Filter B', { description: ['red', 'blue'], employeeNumber: '2' });
    await t.add('Filter C', { description: 'a*b(c)d\\e', title: 'two' });
    await t.add('Filter D', { description: 'aXb(c)d\\e', audio: Buffer.from([0xff, 0x00, 0x2a]) });
  });
  const found = (filter: Filter) =>
    t
      .names({ scope, filter: and(substrings('cn', { initial: 'Filter ' }), filter) })
      .then((names) => names.map((name) => name.replace('Filter ', '')).join(''));

  test.each<[string, Filter, string]>([
    ['equality without case', equality('description', 'RED'), 'AB'],
    ['equality with collapsed blanks', equality('description', 'green  apple'), 'A'],
    ['equality with no match', equality('description', 'black'), ''],
    ['presence', present('title'), 'AC'],
    ['absence', not(present('title')), 'BD'],
    ['and', and(equality('description', 'red'), present('title')), 'A'],
    ['or', or(equality('description', 'blue'), equality('title', 'two')), 'BC'],
    ['not', not(equality('description', 'red')), 'CD'],
    ['nested', and(or(present('title'), equality('description', 'blue')), not(equality('title', 'two'))), 'AB'],
    ['an or of many', or(...Array.from({ length: 60 }, (_, i) => equality('employeeNumber', `${i}`))), 'AB'],
    ['initial', substrings('description', { initial: 'gr' }), 'A'],
    ['any', substrings('description', { any: ['E'] }), 'ABCD'],
    ['final', substrings('description', { final: 'ple' }), 'A'],
    ['initial, any and final', substrings('description', { initial: 'g', any: ['een', 'pp'], final: 'e' }), 'A'],
    ['parts that would overlap', substrings('description', { initial: 'blu', final: 'lue' }), ''],
    ['greater or equal', greaterOrEqual('createTimestamp', '20000101000000Z'), 'ABCD'],
    ['less or equal', lessOrEqual('createTimestamp', '20000101000000Z'), ''],
    ['object class', equality('objectClass', 'PERSON'), 'ABCD'],
    ['an attribute that nobody knows', equality('noSuchAttribute', 'x'), ''],
    ['an unknown attribute beside a known one', or(equality('noSuchAttribute', 'x'), equality('title', 'one')), 'A'],
    ['absolutely every entry', and(), 'ABCD'],
    ['absolutely no entry', or(), ''],
    ['metacharacters as data', equality('description', 'a*b(c)d\\e'), 'C'],
    ['an asterisk as data inside a substring', substrings('description', { initial: 'a*', final: '\\e' }), 'C'],
    ['a parenthesis as data inside a substring', substrings('description', { any: ['(c)'] }), 'CD'],
    ['what would be a filter if it were not escaped', equality('description', '*)(objectClass=*'), ''],
  ])('%s', async (_what, filter, expected) => {
    expect(await found(filter)).toBe(expected);
  });

  test('another name of the same attribute', async () => {
    const [, alias] = t.directory.schema.names('sn');
    // Active Directory knows one name only.
    if (alias === undefined) return;
    expect(await found(equality(alias, 'CONFORMANCE'))).toBe('ABCD');
  });

  test('values of DN syntax match in any spelling', async () => {
    const boss = await t.add('Filter Boss');
    const dn = await t.add('Filter Managed', { manager: boss.toString() });
    const spelled = boss.toString().toUpperCase().replaceAll(',', ' , ');
    expect(await t.names({ scope, filter: equality('manager', spelled) })).toEqual(['Filter Managed']);
    await t.directory.delete(dn);
    await t.directory.delete(boss);
  });

  test('every character can be found by itself', async () => {
    const values = [
      ...Array.from({ length: 94 }, (_, i) => `v${String.fromCharCode(33 + i)}v`),
      'v\u00fcv',
      'v\u2028v',
    ];
    const dn = await t.add('Characters', { description: values.filter((value) => value.toLowerCase() === value) });
    for (const value of values) {
      expect([value, await t.names({ scope, filter: equality('description', value) })]).toEqual([
        value,
        ['Characters'],
      ]);
    }
    await t.directory.delete(dn);
  });

  test('a character beyond the basic plane can be found, where it is taken', async () => {
    const dn = await t.add('Emoji', { description: 'plain' });
    const change = [{ operation: 'add' as const, attribute: 'roomNumber', values: ['v😀v'] }];
    const taken = await t.directory.modify(dn, change).then(
      () => true,
      // ApacheDS cannot normalize it, neither here nor in a filter.
      (error) => refused(Promise.reject(error), 21, 80).then(() => false),
    );
    if (taken) expect(await t.names({ scope, filter: equality('roomNumber', 'v😀v') })).toEqual(['Emoji']);
    await t.directory.delete(dn);
  });
}

function runPagingTests(t: Testbed): void {
  const names = Array.from({ length: MANY }, (_, i) => `Paged ${String(i).padStart(4, '0')}`);
  const filter = equality('title', 'paged');
  const paged = (more: { pageSize?: number; sizeLimit?: number }) => t.names({ scope: 'one', filter, ...more });

  beforeAll(async () => {
    for (let start = 0; start < MANY; start += 100) {
      await Promise.all(names.slice(start, start + 100).map((name) => t.add(name, { title: 'paged' })));
    }
  });
  afterAll(async () => {
    for (let start = 0; start < MANY; start += 100) {
      await Promise.all(names.slice(start, start + 100).map((name) => t.directory.delete(t.dn(name))));
    }
  });

  test.each([100, MANY, 5000])('pages of %i give each entry once', async (pageSize) => {
    expect(await paged({ pageSize })).toEqual(names);
  });

  test('without a page size as well', async () => {
    expect(await paged({})).toEqual(names);
  });

  test('two searches side by side, and writes between the pages', async () => {
    const [one, other] = await Promise.all([
      paged({ pageSize: 100 }),
      paged({ pageSize: 150 }),
      ...Array.from({ length: 20 }, (_, i) => t.add(`Between Pages ${i}`)),
    ]);
    expect([one, other]).toEqual([names, names]);
  });

  test.each([
    [3, undefined],
    [250, 100],
    [200, 100],
    [5, 2],
    [1, undefined],
  ])('a size limit of %i ends the search without an error', async (sizeLimit, pageSize) => {
    const found = await paged({ sizeLimit, ...(pageSize === undefined ? {} : { pageSize }) });
    expect(found).toHaveLength(sizeLimit);
    expect(new Set(found).size).toBe(sizeLimit);
  });

  test('a size limit above the number of entries gives all of them', async () => {
    expect(await paged({ sizeLimit: 2000, pageSize: 400 })).toEqual(names);
  });

  test('leaving the loop early leaves the directory usable', async () => {
    for (let round = 0; round < 5; round++) {
      const request = { base: t.base, scope: 'one', filter, attributes: ['cn'], pageSize: 100 } as const;
      let seen = 0;
      for await (const entry of t.directory.search(request)) {
        expect(entry.first('cn')).toMatch(/^Paged /);
        if (++seen > round * 75) break;
      }
      expect(seen).toBe(round * 75 + 1);
    }
    expect(await paged({ pageSize: 300 })).toEqual(names);
  });

  test('a signal ends a search that is under way', async () => {
    const controller = new AbortController();
    const request = { base: t.base, scope: 'one', filter, attributes: ['cn'], pageSize: 100 } as const;
    const seen: Value[] = [];
    const searching = (async () => {
      for await (const entry of t.directory.search(request, { signal: controller.signal })) {
        seen.push(...entry.values('cn'));
        if (seen.length === 50) controller.abort();
      }
    })();
    await refused(searching, 'cancelled');
    expect(seen.length).toBeLessThan(MANY);
    await refused(all(t.directory, { ...request, base: t.dn('nobody') }), ResultCode.noSuchObject);
    expect(await paged({ pageSize: 300 })).toEqual(names);
  });

  test('a search that is aborted before it begins asks nothing', async () => {
    const request = { base: t.base, scope: 'one', filter, attributes: ['cn'] } as const;
    const iterator = t.directory.search(request, { signal: AbortSignal.abort() })[Symbol.asyncIterator]();
    await expect(iterator.next()).rejects.toBeInstanceOf(LdapError);
  });
}
