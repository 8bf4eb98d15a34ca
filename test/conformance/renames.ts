/** ModifyDN and delete (RFC 4511 §4.8 and §4.9), and the controls and options of all writes. */
import type { Modification, ObservedOperation } from '../../src/directory/directory';
import { type DN, RDN } from '../../src/directory/dn';
import { Entry } from '../../src/directory/entry';
import { LdapError, ResultCode } from '../../src/directory/error';
import { equality } from '../../src/directory/filter';
import { refused, type Testbed } from './testbed';

const POST_READ = '1.3.6.1.1.13.2';
const ASSERTION = '1.3.6.1.1.12';
const TREE_DELETE = '1.2.840.113556.1.4.805';

export function runRenameTests(t: Testbed): void {
  describe('modifyDN', () => runModifyDNTests(t));
  describe('delete', () => runDeleteTests(t));
  describe('controls and options of writes', () => {
    runControlTests(t);
    runOptionTests(t);
  });
}

function runModifyDNTests(t: Testbed): void {
  const rename = (from: DN, to: DN, deleteOldRdn = true) => t.directory.modifyDN(from, to, { deleteOldRdn });

  test('renames, and takes the old value away', async () => {
    const from = await t.add('Rename From', { description: 'stays' });
    const to = t.dn('Rename, To+x="é"');
    await rename(from, to);
    expect(await t.read(from)).toBeUndefined();
    const entry = await t.read(to);
    expect([entry?.values('cn'), entry?.values('description')]).toEqual([['Rename, To+x="é"'], ['stays']]);
    expect(entry?.dn.equals(to, t.directory.schema)).toBe(true);
  });

  test('keeps the old value on request', async () => {
    const from = await t.add('Keep From');
    const done = await rename(from, t.dn('Keep To'), false).then(
      () => true,
      // Active Directory always deletes the old value.
      (error) => refused(Promise.reject(error), ResultCode.unwillingToPerform).then(() => false),
    );
    expect(await t.values(done ? t.dn('Keep To') : from, 'cn')).toEqual(
      done ? ['Keep From', 'Keep To'] : ['Keep From'],
    );
  });

  test('moves, and moves and renames at once', async () => {
    const [one, other] = [await t.addUnit('move from'), await t.addUnit('move to')];
    const from = await t.add('Mover', {}, one);
    const anchor = t.directory.description.proposedAnchor;
    const before = (await t.read(from, [anchor]))?.values(anchor);
    await rename(from, t.dn('Mover', other));
    expect(await t.read(from)).toBeUndefined();
    expect(await t.values(t.dn('Mover', other), 'cn')).toEqual(['Mover']);
    await rename(t.dn('Mover', other), t.dn('Mover Renamed', one));
    expect(await t.values(t.dn('Mover Renamed', one), 'cn')).toEqual(['Mover Renamed']);
    expect((await t.read(t.dn('Mover Renamed', one), [anchor]))?.values(anchor)).toEqual(before);
    expect(await t.names({ base: other, scope: 'one' })).toEqual([]);
  });

  test('moves what is below as well', async () => {
    const [tree, target] = [await t.addUnit('tree'), await t.addUnit('tree target')];
    const branch = await t.addUnit('branch', tree);
    await t.add('Leaf', {}, branch);
    const moved = target.child(branch.rdn as RDN);
    await rename(branch, moved);
    expect(await t.values(t.dn('Leaf', moved), 'cn')).toEqual(['Leaf']);
    expect(await t.names({ base: tree, scope: 'one' })).toEqual([]);
  });

  test('changes the spelling only', async () => {
    const from = await t.add('spelling only');
    const to = t.dn('Spelling ONLY');
    const done = await rename(from, to).then(
      () => true,
      // ApacheDS calls it a rename onto itself.
      (error) => refused(Promise.reject(error), ResultCode.entryAlreadyExists).then(() => false),
    );
    const entry = await t.read(to);
    expect(entry?.values('cn')).toEqual([done ? 'Spelling ONLY' : 'spelling only']);
    if (done) expect(entry?.dn.rdn?.value('cn')).toBe('Spelling ONLY');
  });

  test('refuses a name that is taken, a parent and an entry that are missing', async () => {
    const [one, other] = [await t.add('Taken One'), await t.add('Taken Other')];
    await refused(rename(one, other), ResultCode.entryAlreadyExists);
    // Samba says 80 and ApacheDS 1 for a new parent that is not there.
    await refused(rename(one, t.dn('Taken One', t.dn('No Parent'))), ResultCode.noSuchObject, 1, 80);
    await refused(rename(t.dn('No Entry'), t.dn('No Entry 2')), ResultCode.noSuchObject);
    expect(await t.values(one, 'cn')).toEqual(['Taken One']);
  });

  test('an RDN of several values', async () => {
    const dn = t.base.child(
      new RDN([
        { type: 'cn', value: 'Multi' },
        { type: 'sn', value: 'Val' },
      ]),
    );
    const reversed = t.base.child(new RDN([...(dn.rdn?.parts ?? [])].reverse()));
    if (t.isActiveDirectory) return;
    await rename(await t.add('Single', { sn: ['Val', 'Conformance'] }), dn);
    const entry = await t.read(reversed);
    expect(entry?.values('cn')).toEqual(['Multi']);
    expect(entry?.dn.equals(dn, t.directory.schema)).toBe(true);
    await refused(t.directory.add(new Entry(reversed, t.person('Multi', { sn: 'Val' }).attributes())), 68);
  });
}

function runDeleteTests(t: Testbed): void {
  test('takes leaves only', async () => {
    const unit = await t.addUnit('full');
    const leaf = await t.add('Only Leaf', {}, unit);
    await refused(t.directory.delete(unit), ResultCode.notAllowedOnNonLeaf);
    await t.directory.delete(leaf);
    await refused(t.directory.delete(leaf), ResultCode.noSuchObject);
    await t.directory.delete(unit);
    expect(await t.read(unit)).toBeUndefined();
    await t.addUnit('full');
  });

  test('takes a tree on request, where that is served, and never half of it unasked', async () => {
    const unit = await t.addUnit('tree to delete');
    const leaf = await t.add('Leaf To Delete', {}, unit);
    const deleting = t.directory.delete(unit, { tree: true });
    const done = await deleting.then(
      () => true,
      // ApacheDS lists the control and does not serve it.
      (error) => refused(Promise.reject(error), 12, 53, ResultCode.notAllowedOnNonLeaf).then(() => false),
    );
    if (!t.directory.supports(TREE_DELETE)) expect(done).toBe(false);
    expect((await t.read(leaf)) === undefined).toBe(done);
    expect((await t.read(unit)) === undefined).toBe(done);
  });
}

function runControlTests(t: Testbed): void {
  test('post-read answers the entry after the write, or undefined where it is not served', async () => {
    const served = t.directory.supports(POST_READ);
    const postRead = ['cn', 'description', t.directory.description.proposedAnchor].filter((name) => name !== 'dn');
    const added = await t.directory.add(t.person('Post Read', { description: 'one' }), { postRead });
    const dn = t.dn('Post Read');
    const changes: Modification[] = [{ operation: 'replace', attribute: 'description', values: ['two'] }];
    const modified = await t.directory.modify(dn, changes, { postRead });
    const to = t.dn('Post Read Renamed');
    const renamed = await t.directory.modifyDN(dn, to, { deleteOldRdn: true, postRead });
    if (!served) {
      expect([added, modified, renamed]).toEqual([undefined, undefined, undefined]);
      return;
    }
    expect([added?.first('cn'), added?.first('description')]).toEqual(['Post Read', 'one']);
    expect([modified?.first('cn'), modified?.first('description')]).toEqual(['Post Read', 'two']);
    expect([renamed?.first('cn'), renamed?.dn.equals(to, t.directory.schema)]).toEqual(['Post Read Renamed', true]);
    expect(added?.has('sn')).toBe(false);
    for (const name of postRead) expect([name, added?.has(name)]).toEqual([name, true]);
  });

  test('without post-read a write answers nothing', async () => {
    expect(await t.directory.add(t.person('No Post Read'))).toBeUndefined();
  });

  test('an assertion decides', async () => {
    const dn = await t.add('Assertion', { description: 'is' });
    const changes: Modification[] = [{ operation: 'replace', attribute: 'description', values: ['was changed'] }];
    const modifyIf = (value: string) => t.directory.modify(dn, changes, { assertion: equality('description', value) });
    if (t.directory.supports(ASSERTION)) {
      await refused(modifyIf('is not'), ResultCode.assertionFailed);
      expect(await t.values(dn, 'description')).toEqual(['is']);
      await modifyIf('IS');
      expect(await t.values(dn, 'description')).toEqual(['was changed']);
    } else {
      await refused(modifyIf('is not'), ResultCode.unavailableCriticalExtension, ResultCode.assertionFailed);
      expect(await t.values(dn, 'description')).toEqual(['is']);
    }
  });
}

function runOptionTests(t: Testbed): void {
  test('fifty operations side by side', async () => {
    const names = Array.from({ length: 50 }, (_, i) => `Side By Side ${i}`);
    await Promise.all(names.map((name) => t.add(name)));
    const read = await Promise.all(names.map((name) => t.values(t.dn(name), 'cn')));
    expect(read.flat()).toEqual(names);
    const results = await Promise.allSettled(names.flatMap((name) => [t.add(name), t.directory.delete(t.dn(name))]));
    // Each add meets an entry that is still there or is just gone; each delete meets an entry.
    const codes = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
    for (const error of codes) expect([error instanceof LdapError, error.result]).toEqual([true, 68]);
  });

  test('one of ten equal adds wins', async () => {
    const results = await Promise.allSettled(Array.from({ length: 10 }, () => t.add('Ten At Once')));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const result of results) {
      if (result.status === 'rejected') expect(result.reason).toMatchObject({ result: ResultCode.entryAlreadyExists });
    }
  });

  test('an aborted signal cancels before anything is written', async () => {
    const signal = AbortSignal.abort();
    const { directory } = t;
    const dn = await t.add('Abort');
    const error = await refused(directory.add(t.person('Aborted'), { signal }), 'cancelled');
    expect(error.ambiguous).toBe(false);
    await refused(directory.delete(dn, { signal }), 'cancelled');
    await refused(directory.modifyDN(dn, t.dn('Aborted'), { deleteOldRdn: true, signal }), 'cancelled');
    await refused(
      directory.modify(dn, [{ operation: 'replace', attribute: 'sn', values: ['x'] }], { signal }),
      'cancelled',
    );
    expect([await t.values(dn, 'sn'), await t.read(t.dn('Aborted'))]).toEqual([['Conformance'], undefined]);
  });

  test('a signal that is aborted meanwhile cancels, and the directory stays usable', async () => {
    const controllers = Array.from({ length: 20 }, () => new AbortController());
    const adding = controllers.map(({ signal }, i) => t.directory.add(t.person(`Meanwhile ${i}`), { signal }));
    for (const controller of controllers) controller.abort();
    for (const result of await Promise.allSettled(adding)) {
      if (result.status === 'rejected') expect(result.reason).toMatchObject({ result: 'cancelled' });
    }
    expect(await t.values(await t.add('After Meanwhile'), 'cn')).toEqual(['After Meanwhile']);
  });

  test('an observer hears each operation and its result', async () => {
    const heard: ObservedOperation[] = [];
    const observer = (operation: ObservedOperation): void => {
      heard.push(operation);
    };
    const { directory } = t;
    const dn = t.dn('Observed');
    await directory.add(t.person('Observed'), { observer });
    await refused(directory.add(t.person('Observed'), { observer }), 68);
    await directory.modify(dn, [{ operation: 'replace', attribute: 'title', values: ['hush'] }], { observer });
    await directory.delete(dn, { observer });
    expect(heard.map(({ operation, result }) => `${operation} ${result}`)).toEqual([
      'add 0',
      'add 68',
      'modify 0',
      'delete 0',
    ]);
    expect(heard.every(({ durationMs }) => durationMs >= 0)).toBe(true);
    expect(JSON.stringify(heard)).not.toContain('hush');
  });
}
