import * as fc from 'fast-check';
import { DN } from '../../src/directory/dn';
import { Entry } from '../../src/directory/entry';
import { type ConnectorSpace, openSpace, type SpaceEntry, type SpaceOptions } from '../../src/space/connectorSpace';
import { Database } from '../../src/space/database';
import { versions } from '../../src/space/spaceSchema';
import { openState, type State } from '../../src/space/state';
import { removeTemporaryFolders, row, temporaryFolder } from './support';

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

const ids = (entries: readonly SpaceEntry[]) => entries.map(({ id }) => id);
const uids = (count: number) => Array.from({ length: count }, (_, i) => `u${String(i).padStart(5, '0')}`);
const fill = (names: readonly string[]) => space.apply(names.map((uid) => ({ kind: 'upsert', row: row(uid) })));

async function all(objectType?: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { anchor } of space.iterate(objectType)) found.push(anchor);
  return found;
}

describe('rows', () => {
  it('are given as they were saved, by id, anchor, DN and matching value', () => {
    const jpeg = Buffer.from([0xff, 0xd8, 0, 1]);
    const saved = row('anna', {
      cn: ['Anna', 'Ännchen 💚'],
      jpegPhoto: jpeg,
      description: '{"b":"not octets"}',
      ['__proto__']: 'polluted?',
    });
    expect(space.upsert(saved)).toBe('added');
    const found = space.get('id-anna');
    expect(found).toMatchObject({ id: 'id-anna', anchor: 'anna', objectType: 'User', readAt: 1_000 });
    expect(found?.entry.dn.toString()).toBe(saved.entry.dn.toString());
    expect(found?.entry.values('CN')).toEqual(['Anna', 'Ännchen 💚']);
    expect(found?.entry.values('jpegphoto')).toEqual([jpeg]);
    expect(found?.entry.values('description')).toEqual(['{"b":"not octets"}']);
    expect(({} as Record<string, unknown>)['polluted?']).toBeUndefined();
    expect(space.byAnchor('anna')).toEqual(found);
    expect(space.byDN(saved.normalizedDN)).toEqual(found);
    expect(space.byMatch('User', 'UID', 'anna')).toEqual([found]);
    expect(space.byMatch('Group', 'uid', 'anna')).toEqual([]);
    expect(space.get('nobody')).toBeUndefined();
    expect(space.count('User')).toBe(1);
    expect(space.count()).toBe(1);
  });

  it('survive odd names and values', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', minLength: 1, maxLength: 20 }),
        fc.array(
          fc.oneof(
            fc.string({ unit: 'binary' }),
            fc.uint8Array().map((octets) => Buffer.from(octets)),
          ),
          { minLength: 1, maxLength: 4 },
        ),
        fc.string({ unit: 'binary', maxLength: 600 }),
        (text, values, match) => {
          const named = DN.parse(`cn=${hex(text)},dc=x`);
          const one = row(
            'odd',
            {},
            {
              anchor: text,
              id: `odd ${text}`,
              normalizedDN: named.normalized(),
              entry: new Entry(named, { cn: values }),
              matches: [{ attribute: 'cn', value: match }],
            },
          );
          space.remove({ id: one.id });
          space.upsert(one);
          expect(space.get(one.id)?.entry.values('cn')).toEqual(values);
          expect(space.byDN(named.normalized())?.entry.dn.equals(named)).toBe(true);
          expect(space.byAnchor(text)?.id).toBe(one.id);
          expect(ids(space.byMatch('User', 'cn', match))).toContain(one.id);
          expect(space.byAnchor(`${text}\u0000`)).toBeUndefined();
          space.remove({ anchor: text });
          expect(space.get(one.id)).toBeUndefined();
        },
      ),
      { numRuns: 60 },
    );
  });

  it('tell apart texts that differ only after U+0000, and list them in order', async () => {
    const names = [
      '\u0000',
      '\u0000\u0000',
      '\u0000\u0001',
      '\u0000a',
      '\u0001',
      '\u0001\u0000',
      '\u0001\u0001',
      '\u0002',
      'a',
    ];
    for (const name of names) {
      const normalizedDN = `uid=${name}`;
      space.upsert(
        row('x', {}, { id: name, anchor: name, normalizedDN, matches: [{ attribute: 'uid', value: name }] }),
      );
    }
    expect(await all()).toEqual(names);
    const found = await space.atDNs(names.map((name) => `uid=${name}`));
    for (const name of names) {
      expect(found.get(`uid=${name}`)).toEqual({ id: name, objectType: 'User' });
      expect((await space.atMatches('User', 'uid', [name])).get(name)?.id).toBe(name);
      expect(ids(space.byMatch('User', 'uid', name))).toEqual([name]);
    }
  });

  it('never hold passwords', () => {
    space.upsert(
      row(
        'anna',
        { userPassword: 'hunter2', 'userPassword;x-opt': 'hunter2', unicodePwd: Buffer.from('hunter2'), sn: 'A' },
        {
          matches: [{ attribute: 'USERPASSWORD', value: 'hunter2' }],
        },
      ),
    );
    expect([...(space.get('id-anna')?.entry.attributes() ?? [])].map(({ name }) => name).sort()).toEqual(['sn', 'uid']);
    expect(space.byMatch('User', 'userPassword', 'hunter2')).toEqual([]);
  });

  it('leave out what they are told to', async () => {
    await space.close();
    space = await open({ never: ['salary'] });
    space.upsert(row('anna', { Salary: '1' }));
    expect(space.get('id-anna')?.entry.has('salary')).toBe(false);
  });

  it('resolve many names and ids at once', async () => {
    fill(uids(1_200));
    const names = uids(1_200).map((uid) => row(uid).normalizedDN);
    const found = await space.atDNs([...names, 'uid=nobody']);
    expect(found.size).toBe(1_200);
    expect(found.get(names[777]!)?.id).toBe('id-u00777');
    const back = await space.dnsOfIds([...[...found.values()].map(({ id }) => id), 'nobody']);
    expect(back.size).toBe(1_200);
    expect(back.get('id-u00777')).toBe(row('u00777').entry.dn.toString());
  });

  it('follow renames, and lists and counts with them', async () => {
    fill(['a', 'b', 'c']);
    const dn = DN.parse('uid=z,ou=people,dc=example,dc=com');
    expect(
      space.upsert(
        row('b', {}, { anchor: 'z', normalizedDN: dn.normalized(), entry: new Entry(dn, { uid: 'z' }), matches: [] }),
      ),
    ).toBe('updated');
    expect(space.byAnchor('b')).toBeUndefined();
    expect(space.byDN(row('b').normalizedDN)).toBeUndefined();
    expect(space.byMatch('User', 'uid', 'b')).toEqual([]);
    expect(await all('User')).toEqual(['a', 'c', 'z']);
    expect(space.count('User')).toBe(3);
  });

  it('move between object types', () => {
    fill(['a']);
    space.upsert(row('a', {}, { objectType: 'Group' }));
    expect([space.count('User'), space.count('Group')]).toEqual([0, 1]);
    expect(space.byMatch('User', 'uid', 'a')).toEqual([]);
    expect(ids(space.byMatch('Group', 'uid', 'a'))).toEqual(['id-a']);
  });

  it('give way when another entry has taken their DN or anchor', () => {
    fill(['a']);
    const again = row('a', {}, { id: 'new', anchor: 'uuid-2' });
    expect(space.upsert(again)).toBe('added');
    expect(space.get('id-a')).toBeUndefined();
    expect(space.byDN(again.normalizedDN)?.id).toBe('new');
    const dn = DN.parse('uid=elsewhere,dc=x');
    space.upsert(
      row('a', {}, { id: 'third', anchor: 'uuid-2', normalizedDN: dn.normalized(), entry: new Entry(dn, {}) }),
    );
    expect(space.get('new')).toBeUndefined();
    expect(space.count()).toBe(1);
  });
});

describe('sequence numbers', () => {
  it('let an upsert apply only over a lower one', () => {
    const older = space.beginReading();
    const newer = space.beginReading();
    expect(space.upsert(row('a', { cn: 'new' }), newer.sequence)).toBe('added');
    expect(space.upsert(row('a', { cn: 'old' }), older.sequence)).toBe('outdated');
    expect(space.get('id-a')?.entry.first('cn')).toBe('new');
    expect(space.upsert(row('a', { cn: 'new' }))).toBe('unchanged');
    expect(space.upsert(row('a', { cn: 'newest' }))).toBe('updated');
  });

  it('keep an older read from bringing back what was deleted, under any of its names', () => {
    for (const key of [{ id: 'id-a' }, { anchor: 'a' }, { normalizedDN: row('a').normalizedDN }]) {
      const reading = space.beginReading();
      space.upsert(row('a'));
      expect(space.remove(key)).toBe('deleted');
      expect(space.upsert(row('a'), reading.sequence)).toBe('outdated');
      expect(space.get('id-a')).toBeUndefined();
      reading.end();
    }
  });

  it('keep an older delete from taking what is newer', () => {
    const reading = space.beginReading();
    space.upsert(row('a'));
    expect(space.remove({ id: 'id-a' }, reading.sequence)).toBe('absent');
    expect(space.get('id-a')).toBeDefined();
  });

  it('bury also what was never there', () => {
    const reading = space.beginReading();
    expect(space.remove({ anchor: 'a' })).toBe('absent');
    expect(space.upsert(row('a'), reading.sequence)).toBe('outdated');
  });

  it('outlast a read whose entry is saved with those of others, after it has ended', async () => {
    fill(['u1', 'u2']);
    const reading = space.beginReading();
    space.remove({ id: 'id-u1' });
    const saved = space.save([{ kind: 'upsert', row: row('u1'), sequence: reading.sequence }]);
    reading.end();
    const also = space.save([{ kind: 'upsert', row: row('u3') }]);
    await Promise.all([saved, also]);
    expect(space.get('id-u3')?.anchor).toBe('u3');
    expect(await all()).toEqual(['u2', 'u3']);
  });

  it('let tombstones go when no older read is under way', async () => {
    const reading = space.beginReading();
    for (const uid of uids(10)) space.remove({ id: uid });
    expect(tombstones()).toBe(10);
    reading.end();
    space.apply([], { freshAt: 1 });
    expect(tombstones()).toBe(0);
  });

  it('go on after a restart', async () => {
    space.upsert(row('a', { cn: 'before' }));
    await space.close();
    space = await open();
    const reading = space.beginReading();
    expect(space.upsert(row('a', { cn: 'after' }), reading.sequence)).toBe('updated');
  });

  function tombstones(): number {
    const database = Database.open(space.statistics.file, {
      durability: 'normal',
      ...versions,
    });
    try {
      return database.get<{ n: number }>('SELECT count(DISTINCT key) AS n FROM tombstone')?.n ?? -1;
    } finally {
      database.close();
    }
  }
});

describe('freshness', () => {
  it('is that of the read, or of the last moment up to which all is known', async () => {
    space.upsert(row('a', {}, { readAt: 100 }));
    expect(space.get('id-a')?.readAt).toBe(100);
    space.apply([], { freshAt: 500 });
    space.upsert(row('b', {}, { readAt: 900 }));
    expect(space.get('id-a')?.readAt).toBe(500);
    expect(space.get('id-b')?.readAt).toBe(900);
    const watermark = { method: 'm', serverId: 's', value: '7' };
    space.apply([], { watermark });
    await space.close();
    space = await open();
    expect(space.get('id-a')?.readAt).toBe(500);
    expect(space.watermark).toEqual(watermark);
  });
});

function hex(text: string): string {
  return Buffer.from(text).toString('hex').replace(/../g, '\\$&');
}
