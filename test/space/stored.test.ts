import { nothingStored, openState, type State } from '../../src/space/state';
import { removeTemporaryFolders, temporaryFolder } from './support';

let folder: string;
let state: State;

beforeEach(async () => {
  folder = temporaryFolder();
  state = await openState(folder, 'hr');
});
afterEach(() => state.close());
afterAll(removeTemporaryFolders);

async function reopened(): Promise<State> {
  await state.close();
  state = await openState(folder, 'hr');
  return state;
}

describe('stored attributes', () => {
  it('are kept per id and found by key', async () => {
    await state.stored.set('1', {
      attributes: { externalId: 'A', tags: ['x'] },
      keys: [{ attribute: 'externalId', value: 'A' }],
    });
    await state.stored.set('2', {
      attributes: { externalId: 'Ünï\u0000💚' },
      keys: [{ attribute: 'externalId', value: 'Ünï💚' }],
    });
    expect(await state.stored.get('1')).toEqual({ externalId: 'A', tags: ['x'] });
    expect(await state.stored.get('2')).toEqual({ externalId: 'Ünï\u0000💚' });
    expect(await state.stored.find({ attribute: 'externalId', value: 'Ünï💚' })).toEqual(['2']);
    expect([...(await state.stored.getMany(['1', '2', '3'])).keys()].sort()).toEqual(['1', '2']);
  });

  it('are replaced as a whole and removed', async () => {
    await state.stored.set('1', { attributes: { externalId: 'A' }, keys: [{ attribute: 'externalId', value: 'A' }] });
    await state.stored.set('1', { attributes: { externalId: 'B' }, keys: [{ attribute: 'externalId', value: 'B' }] });
    expect(await state.stored.find({ attribute: 'externalId', value: 'A' })).toEqual([]);
    expect(await state.stored.find({ attribute: 'externalId', value: 'B' })).toEqual(['1']);
    await state.stored.set('1', { attributes: {}, keys: [] });
    expect(await state.stored.get('1')).toBe(nothingStored);
    await state.stored.set('1', { attributes: { externalId: 'C' }, keys: [] });
    await state.stored.remove('1');
    expect(await state.stored.get('1')).toBe(nothingStored);
  });

  it('refuse passwords', async () => {
    await expect(state.stored.set('1', { attributes: { password: 'hunter2' }, keys: [] })).rejects.toThrow(
      /never stored/,
    );
    await expect(
      state.stored.set('1', { attributes: { 'urn:x:User:password': 'hunter2' }, keys: [] }),
    ).rejects.not.toThrow(/hunter2/);
  });

  it('are at hand as the file has them, whatever order and company they are written in', async () => {
    const keys = [{ attribute: 'externalId', value: {} as string }];
    const results = await Promise.allSettled([
      state.stored.set('1', { attributes: { externalId: 'A', none: undefined }, keys: [] }),
      state.stored.setBegun('1', { attributes: { externalId: 'B' }, keys: [] }),
      state.stored.set('2', { attributes: { externalId: 'C' }, keys: [] }),
      state.stored.set('2', { attributes: { externalId: 'refused' }, keys }),
      state.stored.set('3', { attributes: { externalId: 'D' }, keys: [] }),
      state.stored.remove('3'),
    ]);
    expect(results.map(({ status }) => status)).toEqual([
      'fulfilled',
      'fulfilled',
      'fulfilled',
      'rejected',
      'fulfilled',
      'fulfilled',
    ]);
    const all = async () => Promise.all(['1', '2', '3'].map((id) => state.stored.get(id)));
    const atHand = await all();
    expect(atHand).toEqual([{ externalId: 'B' }, { externalId: 'C' }, {}]);
    expect(await all()).toEqual(atHand);
    expect((await all()).every((one, index) => one === atHand[index])).toBe(true);
    await reopened();
    expect(await all()).toEqual(atHand);
  });

  it('answers what it keeps as it will be read', async () => {
    const kept = await state.stored.set('1', { attributes: { externalId: 'A', none: undefined }, keys: [] });
    expect(Object.keys(kept)).toEqual(['externalId']);
    expect(await state.stored.get('1')).toBe(kept);
  });
});
