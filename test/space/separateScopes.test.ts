/** Full imports of several servers, of which one cannot be read. */
import type { SearchRequest } from '../../src/directory/directory';
import { DN } from '../../src/directory/dn';
import { Entry } from '../../src/directory/entry';
import { LdapError } from '../../src/directory/error';
import { type ConnectorSpace, openSpace } from '../../src/space/connectorSpace';
import type { ImportScope, ImportSource } from '../../src/space/importScope';
import type { RunResult } from '../../src/space/run';
import { openState, type State } from '../../src/space/state';
import { anchorsIn, type FullOptions, importAll } from './importAll';
import { ListDirectory, people, peopleScope, removeTemporaryFolders, temporaryFolder } from './support';

let state: State;
let space: ConnectorSpace;
let now: number;

beforeEach(async () => {
  const folder = temporaryFolder();
  now = 5_000;
  state = await openState(folder, 'hr');
  space = await openSpace({ folder, name: 'hr', state });
});
afterEach(async () => {
  await space.close();
  await state.close();
});
afterAll(removeTemporaryFolders);

const full = (directory: ImportSource, options: FullOptions = {}): Promise<RunResult> =>
  importAll(space, directory, { now: () => now, ...options });
const anchors = () => anchorsIn(space);

describe('a scope on a server of its own', () => {
  const OTHER = DN.parse('ou=people,dc=other');
  const otherScope: ImportScope = { ...peopleScope, base: OTHER, separate: true };
  const other = (uid: string, sn = 'x') => new Entry(DN.parse(`uid=${uid},${OTHER}`), { uid, sn });

  /** Two servers, of which the other one can be down from its n-th entry on. */
  class TwoServers extends ListDirectory {
    downFrom: number | undefined;
    error: Error = new LdapError('connectionLost', 'search', OTHER.toString(), 'gone');

    override async *search(request: SearchRequest): AsyncIterable<Entry> {
      let index = 0;
      for await (const entry of super.search(request)) {
        if (request.base === OTHER && index++ === this.downFrom) throw this.error;
        yield entry;
      }
      if (request.base === OTHER && this.downFrom === index) throw this.error;
    }
  }
  const scopes = [otherScope, peopleScope];

  it.each([0, 1, 2])(
    'keeps what there was while it cannot be read (after %s of 2 entries), and imports the rest',
    async (read) => {
      const directory = new TwoServers([...people(3), other('ann'), other('bob')]);
      await full(directory, { scopes });
      const before = space.get('id-bob');
      now += 1_000;
      directory.entries = [...people(4), other('ann'), other('bob', 'never read')];
      directory.downFrom = read;
      const result = await full(directory, { scopes });
      expect(result).toMatchObject({
        outcome: 'completedWithErrors',
        counts: { added: 1, deleted: 0, failed: 0 },
        errors: [{ dn: OTHER.toString(), message: expect.stringContaining('its 2 entries of User stay as they were') }],
      });
      expect((await anchors()).sort()).toEqual(['ann', 'bob', 'p00000', 'p00001', 'p00002', 'p00003']);
      expect(space.get('id-bob')?.entry.first('sn')).toBe('x');
      expect(space.get('id-bob')?.readAt).toBe(before?.readAt);
      directory.downFrom = undefined;
      directory.entries = [...people(4), other('ann')];
      expect(await full(directory, { scopes })).toMatchObject({ outcome: 'success', counts: { deleted: 1 } });
    },
  );

  it('takes no moment to go on from for it', async () => {
    const directory = new TwoServers([other('ann')]);
    const without = jest.fn((watermark, name: DN) => ({ ...watermark, value: `without ${name}` }));
    const moment = { method: 'accessLog', serverId: 's', value: 'now' };
    const methods = ['accessLog'] as const;
    directory.changes = { methods, anchorAttribute: 'uid', latest: async () => moment, since: jest.fn(), without };
    await full(directory, { scopes });
    expect(space.watermark).toEqual(moment);
    directory.downFrom = 0;
    await full(directory, { scopes });
    expect(space.watermark).toEqual({ ...moment, value: `without ${OTHER}` });
  });

  it('fails the import where there is nothing to keep, where it is cancelled, and where the fault is ours', async () => {
    const directory = new TwoServers([...people(3), other('ann')]);
    directory.downFrom = 0;
    expect(await full(directory, { scopes })).toMatchObject({ outcome: 'failed' });
    expect(space.count()).toBe(0);
    directory.downFrom = undefined;
    await full(directory, { scopes });
    directory.downFrom = 0;
    for (const error of [new Error('a fault'), new LdapError('cancelled', 'search', '', '')]) {
      directory.error = error;
      expect(await full(directory, { scopes })).toMatchObject({ outcome: 'failed' });
    }
    directory.error = new LdapError('connectionLost', 'search', '', '');
    const shared = { ...otherScope, separate: false };
    expect(await full(directory, { scopes: [shared, peopleScope] })).toMatchObject({ outcome: 'failed' });
    expect(space.count()).toBe(4);
  });
});
