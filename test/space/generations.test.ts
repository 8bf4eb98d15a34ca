import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DN } from '../../src/directory/dn';
import { Entry } from '../../src/directory/entry';
import { type ConnectorSpace, openSpace, type SpaceEntry, type SpaceOptions } from '../../src/space/connectorSpace';
import type { NextGeneration } from '../../src/space/nextGeneration';
import { SpaceBuilder } from '../../src/space/spaceBuilder';
import { readSpace } from '../../src/space/spaceReader';
import { CONVERTED_SINCE } from '../../src/space/spaceSchema';
import { connect } from '../../src/space/sqlite';
import { openState, type State } from '../../src/space/state';
import { eventually } from '../support/hostProcess';
import { child, kill, removeTemporaryFolders, row, said, temporaryFolder } from './support';

let folder: string;
let state: State;
let space: ConnectorSpace;
let now: number;

beforeEach(async () => {
  folder = temporaryFolder();
  now = 1_000_000;
  state = await openState(folder, 'hr');
  space = await open();
});
afterEach(async () => {
  await space.close();
  await state.close();
});
afterAll(removeTemporaryFolders);

function open(options: Partial<SpaceOptions> = {}): Promise<ConnectorSpace> {
  return openSpace({ folder, name: 'hr', state, now: () => now, ...options });
}

const spaceFiles = () => readdirSync(folder).filter((name) => name.startsWith('hr.space-'));
const ids = (entries: readonly SpaceEntry[]) => entries.map(({ id }) => id);
const uids = (count: number) => Array.from({ length: count }, (_, i) => `u${String(i).padStart(5, '0')}`);
const fill = (names: readonly string[]) => space.apply(names.map((uid) => ({ kind: 'upsert', row: row(uid) })));

async function all(objectType?: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { anchor } of space.iterate(objectType)) found.push(anchor);
  return found;
}

describe('a new generation', () => {
  function build(target: NextGeneration, names: readonly string[], attributes = {}): void {
    const builder = new SpaceBuilder(target.file, target.sequence);
    builder.add(names.map((uid) => row(uid, attributes)));
    builder.finish({ importedAt: 77, watermark: { method: 'm', serverId: 's', value: '1' } }, target.previous);
  }

  it('does not bring back by another id what the host has removed by its name', async () => {
    fill(['kept', 'moved']);
    const next = space.beginGeneration();
    // The host has moved the entry and hidden it; the import, which began before, read it at its new name.
    const dn = DN.parse('uid=moved,ou=former,dc=x');
    space.remove({ id: 'id-moved' });
    space.remove({ normalizedDN: dn.normalized() });
    const builder = new SpaceBuilder(next.file, next.sequence);
    const renamed = {
      id: 'another',
      anchor: 'another',
      normalizedDN: dn.normalized(),
      entry: new Entry(dn, { uid: 'moved' }),
    };
    builder.add([row('kept'), row('moved', {}, renamed)]);
    builder.finish({ importedAt: 77 }, next.previous);
    await next.switch();
    expect(await all()).toEqual(['kept']);
  });

  it('takes over what the host has written while it was built', async () => {
    fill(['gone', 'kept', 'changed', 'deleted', 'renamed']);
    const slow = space.beginReading();
    const next = space.beginGeneration();
    const meanwhile = space.beginReading();
    space.upsert(row('created'));
    space.upsert(row('changed', { cn: 'by the host' }));
    space.remove({ id: 'id-deleted' });
    const dn = DN.parse('uid=new name,dc=x');
    space.upsert(row('renamed', {}, { normalizedDN: dn.normalized(), entry: new Entry(dn, { uid: 'renamed' }) }));
    build(next, ['kept', 'changed', 'deleted', 'renamed', 'added']);
    expect(await all()).not.toContain('added');
    const switched = next.switch();
    space.upsert(row('last minute'));
    space.upsert(row('late'), meanwhile.sequence);
    await switched;
    expect(await all()).toEqual(['added', 'changed', 'created', 'kept', 'last minute', 'late', 'renamed']);
    expect(space.get('id-changed')?.entry.first('cn')).toBe('by the host');
    expect(space.get('id-renamed')?.entry.dn.equals(dn)).toBe(true);
    expect(ids(space.byMatch('User', 'uid', 'created'))).toEqual(['id-created']);
    expect(space.importedAt).toBe(77);
    expect(space.watermark?.value).toBe('1');
    // A read from before the import still loses to it.
    expect(space.upsert(row('kept', { cn: 'stale' }), slow.sequence)).toBe('outdated');
    expect(space.upsert(row('deleted'), meanwhile.sequence)).toBe('outdated');
  });

  it('holds many writes of the host that come while it switches', async () => {
    const next = space.beginGeneration();
    build(next, uids(10));
    fill(uids(2_000).slice(1_000));
    const switched = next.switch();
    for (let i = 0; i < 20; i++) {
      space.upsert(row(`during${i}`));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await switched;
    expect(space.count('User')).toBe(10 + 1_000 + 20);
    expect((await all()).length).toBe(1_030);
  });

  it('says before the switch what would change', async () => {
    fill(['same', 'other', 'gone1', 'gone2']);
    const next = space.beginGeneration();
    space.upsert(row('created by the host'));
    const builder = new SpaceBuilder(next.file, next.sequence);
    builder.add([row('same'), row('other', { cn: 'x' }), row('added'), row('g', {}, { objectType: 'Group' })]);
    const comparison = builder.finish({ importedAt: 1 }, next.previous);
    expect(comparison.find((one) => one.objectType === 'User')).toMatchObject({
      previous: 4,
      added: 1,
      updated: 1,
      unchanged: 1,
      lost: 2,
    });
    expect(comparison.find((one) => one.objectType === 'Group')).toMatchObject({
      previous: 0,
      added: 1,
      updated: 0,
      unchanged: 0,
      lost: 0,
    });
    next.discard();
  });

  it('keeps the later of two rows of one entry, one DN or one anchor', async () => {
    const next = space.beginGeneration();
    const builder = new SpaceBuilder(next.file, next.sequence);
    builder.add([
      row('a', { cn: '1' }),
      row('b'),
      row('a', { cn: '2' }),
      row('b', {}, { id: 'other b', anchor: 'b2' }),
    ]);
    builder.add([row('c'), row('d', {}, { anchor: 'c' })]);
    builder.finish({ importedAt: 1 }, next.previous);
    await next.switch();
    expect(await all()).toEqual(['a', 'b2', 'c']);
    expect(space.get('id-a')?.entry.first('cn')).toBe('2');
    expect(space.byAnchor('c')?.id).toBe('id-d');
    expect(ids(space.byMatch('User', 'uid', 'a'))).toEqual(['id-a']);
  });

  it('is the current one after a restart, and its predecessor is gone', async () => {
    fill(['old']);
    const next = space.beginGeneration();
    build(next, ['new']);
    await next.switch();
    await eventually(async () => expect(spaceFiles().filter((name) => name.includes('space-1.'))).toEqual([]));
    fill(['later', 'gone']);
    space.remove({ id: 'id-gone' });
    await space.close();
    space = await open();
    expect(await all()).toEqual(['later', 'new']);
    expect(space.statistics).toMatchObject({ generation: 2, entries: { User: 2 }, importedAt: 77 });
    expect(statSync(space.statistics.file).mode & 0o777).toBe(0o600);
    expect(statSync(`${space.statistics.file}-wal`).mode & 0o777).toBe(0o600);
  });

  it('lets readers of the old one finish before its file goes', async () => {
    fill(uids(500));
    const old = space.statistics.file;
    const reader = space.iterate('User')[Symbol.asyncIterator]();
    await reader.next();
    const next = space.beginGeneration();
    build(next, ['new']);
    await next.switch();
    expect(existsSync(old)).toBe(true);
    let count = 1;
    while (!(await reader.next()).done) count++;
    expect(count).toBe(500);
    await eventually(async () => expect(existsSync(old)).toBe(false));
  });

  it('can be discarded, and only one is built at a time', async () => {
    fill(['a']);
    const next = space.beginGeneration();
    expect(() => space.beginGeneration()).toThrow(/being built already/);
    build(next, ['b']);
    next.discard();
    next.discard();
    expect(existsSync(next.file)).toBe(false);
    await expect(next.switch()).rejects.toThrow(/discarded/);
    expect(await all()).toEqual(['a']);
    const another = space.beginGeneration();
    build(another, ['c']);
    await another.switch();
    expect(await all()).toEqual(['c']);
  });

  it('leaves nothing behind when the process that builds it is killed', async () => {
    fill(['a']);
    const next = space.beginGeneration();
    const builder = child(`
      const { SpaceBuilder } = require('./src/space/spaceBuilder.ts');
      const { row } = require('./test/space/support.ts');
      const builder = new SpaceBuilder(${JSON.stringify(next.file)}, ${next.sequence});
      for (let i = 0; ; i++) {
        builder.add([row('x' + i)]);
        if (i === 500) console.log('building');
      }
    `);
    await said(builder, 'building');
    await kill(builder);
    expect(existsSync(next.file)).toBe(true);
    await space.close();
    writeFileSync(join(folder, 'hr.space-7.sqlite-journal'), 'left over');
    writeFileSync(join(folder, 'hr.space-x.sqlite'), 'not ours');
    space = await open();
    expect(spaceFiles().filter((name) => !name.startsWith('hr.space-1.'))).toEqual(['hr.space-x.sqlite']);
    expect(await all()).toEqual(['a']);
  });
});

describe('accidents', () => {
  it('lose nothing that was saved when the process is killed in the middle of a write', async () => {
    await space.close();
    const writer = child(`
      const { openState } = require('./src/space/state.ts');
      const { openSpace } = require('./src/space/connectorSpace.ts');
      const { row } = require('./test/space/support.ts');
      (async () => {
        const state = await openState(${JSON.stringify(temporaryFolder())}, 'other');
        const space = await openSpace({ folder: ${JSON.stringify(folder)}, name: 'hr', state });
        for (let i = 0; ; i++) {
          space.apply([{ kind: 'upsert', row: row('left' + i) }, { kind: 'upsert', row: row('right' + i) }]);
          if (i === 200) console.log('two hundred');
        }
      })();
    `);
    await said(writer, 'two hundred');
    await kill(writer);
    space = await open();
    expect(space.get('id-right200')).toBeDefined();
    const names = await all();
    expect(names.filter((name) => name.startsWith('left')).length).toBe(
      names.filter((name) => name.startsWith('right')).length,
    );
    expect(space.count()).toBe(names.length);
  });

  it('set a damaged file aside when it is opened, and keep the last one only', async () => {
    for (let i = 0; i < 2; i++) {
      fill(uids(100));
      await space.close();
      writeFileSync(join(folder, 'hr.space-1.sqlite'), 'garbage '.repeat(2_000));
      now += 1;
      const damaged: string[] = [];
      space = await open({ onDamaged: (file, error) => damaged.push(`${file} ${error.name}`) });
      expect(damaged).toEqual([`${join(folder, `hr.space-1.sqlite.damaged-${now}`)} DatabaseDamaged`]);
      expect(space.count()).toBe(0);
      expect(space.importedAt).toBeUndefined();
    }
    expect(spaceFiles().filter((name) => name.includes('damaged'))).toEqual([`hr.space-1.sqlite.damaged-${now}`]);
  });

  it('replace a file of a release that is too old to be converted', async () => {
    fill(uids(100));
    await space.close();
    const old = connect(join(folder, 'hr.space-1.sqlite'));
    old.exec(`PRAGMA user_version=${CONVERTED_SINCE}`);
    old.close();
    await expect(readSpace(folder, 'hr')).rejects.toThrow('start the host, which makes it anew');
    const damaged: string[] = [];
    space = await open({ onDamaged: (aside) => damaged.push(aside) });
    expect([space.count(), space.importedAt, damaged]).toEqual([0, undefined, []]);
    fill(uids(3));
    expect(space.count()).toBe(3);
  });

  it('set a file aside that turns out damaged in use, and go on with an empty one', async () => {
    fill(uids(3_000));
    await space.close();
    const file = join(folder, 'hr.space-1.sqlite');
    const octets = readFileSync(file);
    octets.fill(0x5a, 4096 * 20);
    writeFileSync(file, octets);
    const damaged: string[] = [];
    space = await open({ onDamaged: (aside) => damaged.push(aside) });
    for (const uid of uids(3_000)) if (damaged.length === 0) space.get(`id-${uid}`);
    expect(damaged.length).toBe(1);
    expect(space.upsert(row('a'))).toBe('added');
    expect(space.count()).toBe(1);
  });

  it('undo a batch as a whole, counts and pages with it', async () => {
    fill(uids(3));
    await space.page('User', 1, 2);
    const bad = row('bad', {}, { readAt: 1.5 });
    expect(() =>
      space.apply([
        { kind: 'upsert', row: row('x', {}, { objectType: 'New' }) },
        { kind: 'upsert', row: bad },
      ]),
    ).toThrow();
    expect(space.count()).toBe(3);
    expect(await all()).toEqual(uids(3));
    space.upsert(row('x', {}, { objectType: 'New' }));
    expect(ids(space.byMatch('New', 'uid', 'x'))).toEqual(['id-x']);
  });
});
