/** Renames and deletes that nobody has heard of: what is remembered of them, and what the directory shows of them later. */
import { BegunMoves } from '../../src/connector/begunMoves';
import type { ConnectorContext } from '../../src/connector/context';
import { Disconnections } from '../../src/connector/disconnections';
import { Doubts } from '../../src/connector/doubts';
import { MoveRecovery } from '../../src/connector/moveRecovery';
import type { ReferenceKeeping } from '../../src/connector/references';
import type { SearchRequest } from '../../src/directory/directory';
import { Entry } from '../../src/directory/entry';
import { LdapError, ResultCode } from '../../src/directory/error';
import { derivedId, openState, type State } from '../../src/space/state';
import { removeTemporaryFolders, temporaryFolder } from '../space/support';

const FROM = 'uid=from,dc=example';
const TO = 'uid=to,dc=example';
const rename = {
  id: derivedId(FROM),
  objectType: 'User',
  dn: FROM,
  normalizedDN: FROM,
  to: { dn: TO, normalizedDN: TO },
};
const { to: _to, ...removal } = rename;
const lost = new LdapError('connectionLost', 'modifyDN', FROM, '', true);

let folder: string;
let state: State;
let now: number;
let moves: BegunMoves;
let doubts: Doubts;
let recovery: MoveRecovery;
let there: Set<string>;
let followed: string[];
let looks: number;

async function open(): Promise<void> {
  state = await openState(folder, 'hr');
  moves = await BegunMoves.open(state.moves, () => now);
  doubts = new Doubts();
  const context = {
    state,
    moves,
    disconnections: await Disconnections.open(state.disconnected),
    doubts,
    clock: () => new Date(now),
    space: { remove: () => 'absent' },
    objectTypes: [{ name: 'User', anchor: 'dn' }],
    directory: {
      async *search({ base }: SearchRequest) {
        looks += 1;
        if (!there.has(base.toString())) throw new LdapError(ResultCode.noSuchObject, 'search', '', '');
        yield new Entry(base, { objectClass: 'account' });
      },
    },
  } as unknown as ConnectorContext;
  const references = {
    naming: [],
    renamed: async (from: Entry, to: Entry) => followed.push(`${from.dn} ${to.dn}`),
    deleted: async ([gone]: readonly Entry[]) => followed.push(`${gone?.dn} undefined`),
  } as unknown as ReferenceKeeping;
  recovery = new MoveRecovery(context, references);
}

/** The process ends without a word, and the next one opens the record. */
async function reopen(): Promise<void> {
  await state.close();
  await open();
}

beforeEach(async () => {
  folder = temporaryFolder();
  now = 1_000_000;
  there = new Set([FROM]);
  followed = [];
  looks = 0;
  await open();
});
afterEach(() => state.close());
afterAll(removeTemporaryFolders);

const losing = (move: Parameters<BegunMoves['during']>[0], error: unknown = lost) =>
  expect(moves.during(move, () => Promise.reject(error))).rejects.toBe(error);

test('what was answered is forgotten, and costs nobody a look', async () => {
  expect(await moves.during(rename, async () => 'done')).toBe('done');
  expect(await moves.during(undefined, async () => 'nothing follows')).toBe('nothing follows');
  await recovery.ofId(rename.id, {});
  await recovery.at(() => TO, {});
  await reopen();
  await recovery.all({});
  expect([moves.isEmpty, looks, await state.moves.all()]).toEqual([true, 0, []]);
});

test.each([
  ['by its id', () => recovery.ofId(rename.id, {})],
  ['by its old name', () => recovery.at(() => FROM, {})],
  ['by its new name', () => recovery.at(() => TO, {})],
  ['by an import', () => recovery.all({})],
  ['by the next process', () => reopen().then(() => recovery.all({}))],
])('a rename that has taken place is found out %s, once', async (_how, look) => {
  await losing(rename);
  there = new Set([TO]);
  await look();
  expect([await state.ids.idOf(TO), await state.ids.dnOf(rename.id), followed]).toEqual([
    rename.id,
    TO,
    [`${FROM} ${TO}`],
  ]);
  // What the connector space has of it is its old name.
  expect(doubts.isSuspect(rename.id)).toBe(true);
  await look();
  expect(followed).toHaveLength(1);
});

test('what was done before the process ended is done again without harm', async () => {
  await expect(
    moves.during(rename, async () => {
      await state.ids.renamed(FROM, TO);
      throw lost;
    }),
  ).rejects.toBe(lost);
  await reopen();
  there = new Set([TO]);
  await recovery.all({});
  expect([await state.ids.idOf(TO), await state.ids.dnOf(rename.id)]).toEqual([rename.id, TO]);
});

test('one that may still be on its way is looked at again, until it no longer can be', async () => {
  await losing(rename);
  await recovery.all({});
  expect(await state.ids.dnOf(rename.id)).toBeUndefined();
  now += 200_000;
  await recovery.all({});
  there = new Set([TO]);
  await recovery.ofId(rename.id, {});
  expect(await state.ids.dnOf(rename.id)).toBe(TO);
  there = new Set([FROM]);
  await losing({ ...rename, id: 'other' });
  now += 300_001;
  await recovery.all({});
  expect(moves.isEmpty).toBe(true);
});

test('one that was refused is looked at once', async () => {
  await losing(rename, new LdapError(ResultCode.insufficientAccessRights, 'modifyDN', FROM, ''));
  await recovery.all({});
  expect([moves.isEmpty, await state.ids.dnOf(rename.id)]).toEqual([true, undefined]);
});

test('an entry that is gone is nobody else’s who has the new name', async () => {
  const gone = new LdapError(ResultCode.noSuchObject, 'modifyDN', FROM, '');
  there = new Set([TO]);
  await losing(rename, gone);
  await recovery.all({});
  expect([moves.isEmpty, await state.ids.dnOf(rename.id)]).toEqual([true, undefined]);
  // But where an attempt before was not answered, it is that one which has taken place.
  await losing(rename);
  await losing(rename, gone);
  await recovery.all({});
  expect(await state.ids.dnOf(rename.id)).toBe(TO);
});

test('one that is on its way is not forgotten because the next attempt is not even sent', async () => {
  await losing(rename);
  await losing(rename, new LdapError('connectionLost', 'modifyDN', FROM, 'refused'));
  await recovery.all({});
  there = new Set([TO]);
  await recovery.ofId(rename.id, {});
  expect(await state.ids.dnOf(rename.id)).toBe(TO);
});

test('nothing is concluded while the directory cannot be asked', async () => {
  await losing(rename);
  const isThere = there;
  there = undefined as unknown as Set<string>;
  await expect(recovery.all({})).rejects.toThrow();
  there = isThere;
  expect(moves.ofId(rename.id)).toBeDefined();
});

test('a delete that has taken place retires the id, and nothing is kept of it', async () => {
  await state.stored.set(removal.id, { attributes: { externalId: 'E' }, keys: [] });
  await losing(removal);
  there = new Set();
  await recovery.at(() => FROM, {});
  expect([await state.stored.get(removal.id), followed]).toEqual([{}, [`${FROM} undefined`]]);
  expect(await state.ids.idOf(FROM)).not.toBe(removal.id);
});

test('an entry that a delete flow has moved is hidden', async () => {
  await losing({ ...rename, disconnects: true });
  there = new Set([TO]);
  await recovery.at(() => TO, {});
  expect(await state.disconnected.get(rename.id)).toMatchObject({ normalizedDN: TO });
});

test('a request that takes over is not overtaken by a look', async () => {
  await losing(rename);
  there = new Set([TO]);
  const looking = recovery.all({});
  await moves.during(
    { ...rename, to: { dn: 'uid=third,dc=example', normalizedDN: 'uid=third,dc=example' } },
    () => looking,
  );
  expect([followed, await state.ids.dnOf(rename.id)]).toEqual([[], undefined]);
});
