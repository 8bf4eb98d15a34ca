/** What an entry is after a write, on servers that tell it by post-read, by halves, or not at all. */
import { addEntry, type ExportContext, updateEntry } from '../../src/connector/export';
import type { Directory } from '../../src/directory/directory';
import { DN } from '../../src/directory/dn';
import { Entry } from '../../src/directory/entry';
import { openMemoryDirectory } from '../../src/directory/memoryDirectory';

const dn = (name: string) => DN.parse(`cn=${name},ou=people,dc=example,dc=com`);
const readAttributes = ['cn', 'sn', 'title', 'entryUUID'];

type Shown = (entry: Entry | undefined) => Entry | undefined;

const servers: Readonly<Record<string, { readonly shown: Shown; readonly reads: number }>> = {
  'the whole entry': { shown: (entry) => entry, reads: 0 },
  'the entry without operational attributes': {
    shown: (entry) => entry?.with([{ name: 'entryUUID', values: [] }]),
    reads: 1,
  },
  nothing: { shown: () => undefined, reads: 1 },
};

describe.each(Object.entries(servers))('a server whose post-read shows %s', (_, { shown, reads }) => {
  let directory: Directory;
  let context: ExportContext;
  let searches: number;

  beforeEach(async () => {
    directory = await openMemoryDirectory({ seed: 'demo' });
    searches = 0;
    const behind = {
      schema: directory.schema,
      search: (...args: Parameters<Directory['search']>) => {
        searches += 1;
        return directory.search(...args);
      },
      add: async (...args: Parameters<Directory['add']>) => shown(await directory.add(...args)),
      modify: async (...args: Parameters<Directory['modify']>) => shown(await directory.modify(...args)),
      modifyDN: async (...args: Parameters<Directory['modifyDN']>) => shown(await directory.modifyDN(...args)),
    } as Directory;
    context = { directory: behind, readAttributes, anchor: 'entryUUID' };
  });
  afterEach(() => directory.close());

  test('an entry comes back with its anchor, after no more reads than it takes', async () => {
    const draft = new Entry(dn('Ada'), { objectClass: ['inetOrgPerson'], cn: 'Ada', sn: 'Byron' });
    const added = await addEntry(context, draft, {});
    expect([added.first('sn'), added.has('entryUUID'), searches]).toEqual(['Byron', true, reads]);

    searches = 0;
    const titled = added.with([{ name: 'title', values: ['Countess'] }]);
    const modified = await updateEntry(context, added, { after: titled, secrets: [] }, {});
    expect([modified.first('title'), modified.first('entryUUID'), searches]).toEqual([
      'Countess',
      added.first('entryUUID'),
      reads,
    ]);

    searches = 0;
    const married = new Entry(dn('Ada King'), modified.with([{ name: 'cn', values: ['Ada King'] }]).attributes());
    const renamed = await updateEntry(context, modified, { after: married, secrets: [] }, {});
    expect([renamed.first('cn'), renamed.first('entryUUID'), searches]).toEqual([
      'Ada King',
      added.first('entryUUID'),
      reads,
    ]);
  });

  test('where the name is the anchor, a post-read is enough', async () => {
    const { anchor: _anchor, ...unnamed } = context;
    const draft = new Entry(dn('Bea'), { objectClass: ['inetOrgPerson'], cn: 'Bea', sn: 'Byron' });
    expect((await addEntry(unnamed, draft, {})).first('sn')).toBe('Byron');
    expect(searches).toBe(shown(draft) === undefined ? 1 : 0);
  });
});
