import supertest from 'supertest';
import { formatCursor, parseCursor } from '../../src/scim/cursor';
import { base, openProvider, post } from './memoryProvider';
import { refusal } from './resourceTypes';

/** Four users and two groups; pages hold three at most. */
async function provider() {
  const opened = openProvider();
  for (const name of ['a', 'b', 'c', 'd']) await post(opened.app, { userName: name, title: 'T' }).expect(201);
  for (const name of ['x', 'y']) await post(opened.app, { displayName: name }, '/Groups').expect(201);
  const get = async (path: string, status = 200) =>
    JSON.parse(
      (
        await supertest(opened.app)
          .get(base + path)
          .expect(status)
      ).text,
    );
  const search = async (path: string, body: object, status = 200) =>
    JSON.parse((await post(opened.app, body, path).expect(status)).text);
  return { ...opened, get, search };
}

const names = ({ Resources }: { Resources: { userName?: string; displayName?: string }[] }) =>
  Resources.map(({ userName, displayName }) => userName ?? displayName);

describe('a list by cursor', () => {
  it.each(['cursor', 'cursor=', 'CURSOR='])('begins with an empty one (%s) and ends without another', async (empty) => {
    const { get } = await provider();
    const first = await get(`/Users?${empty}&count=2`);
    expect(first).toMatchObject({ totalResults: 4, itemsPerPage: 2, nextCursor: expect.any(String) });
    expect(first).not.toHaveProperty('startIndex');
    const second = await get(`/Users?cursor=${first.nextCursor}&count=1&attributes=userName`);
    const last = await get(`/Users?count=3&cursor=${second.nextCursor}`);
    expect([first, second, last].map(names)).toEqual([['a', 'b'], ['c'], ['d']]);
    expect(last).toMatchObject({ totalResults: 4, itemsPerPage: 1 });
    expect(last).not.toHaveProperty('nextCursor');
  });

  it('holds no more than maxResults, and nothing with a count of 0, from where it can go on', async () => {
    const { get } = await provider();
    expect(names(await get('/Users?cursor&count=1000'))).toEqual(['a', 'b', 'c']);
    const none = await get('/Users?cursor&count=0');
    expect(names(none)).toEqual([]);
    expect(names(await get(`/Users?cursor=${none.nextCursor}&count=1`))).toEqual(['a']);
    expect(await get('/Users?startIndex=1')).not.toHaveProperty('nextCursor');
    expect(names(await get('/Users?cursor&count=-1'))).toEqual([]);
    expect(await get('/Users?cursor&count=many', 400)).toMatchObject({ scimType: 'invalidCount' });
    expect(await get('/Users?count=many', 400)).toMatchObject({ scimType: 'invalidValue' });
  });

  it('goes on from one resource type to the next in a search of all, wherever a page ends', async () => {
    const { search } = await provider();
    for (const count of [1, 2, 3]) {
      const seen: unknown[] = [];
      let cursor: string | undefined = '';
      while (cursor !== undefined) {
        const page: { Resources: []; nextCursor?: string } = await search('/.search', { cursor, count });
        expect(page).toMatchObject({ totalResults: 6 });
        seen.push(...names(page));
        cursor = page.nextCursor;
      }
      expect(seen).toEqual(['a', 'b', 'c', 'd', 'x', 'y']);
    }
  });

  it('belongs to its endpoint, its filter and its order', async () => {
    const { get, search } = await provider();
    const { nextCursor } = await get(`/Users?cursor&count=1&filter=${encodeURIComponent('title eq "T"')}`);
    const same = encodeURIComponent('title eq "T"');
    expect(names(await get(`/Users?cursor=${nextCursor}&count=1&filter=${same}`))).toEqual(['b']);
    for (const path of [
      `/Users?cursor=${nextCursor}`,
      `/Users?cursor=${nextCursor}&filter=${encodeURIComponent('title eq "t"')}`,
      `/Users?cursor=${nextCursor}&filter=${same}&sortBy=userName`,
      `/Groups?cursor=${nextCursor}&filter=${same}`,
      '/Users?cursor=made-up',
      `/Users?cursor=${Buffer.from('["x","User"]').toString('base64url')}`,
      `/Users?cursor=${Buffer.from('"x"').toString('base64url')}`,
    ])
      expect([path, await get(path, 400)]).toEqual([path, expect.objectContaining({ scimType: 'invalidCursor' })]);
    expect(await search('/Users/.search', { cursor: 12 }, 400)).toMatchObject({ scimType: 'invalidCursor' });
    expect(await get('/Users?cursor&startIndex=1', 400)).toMatchObject({ scimType: 'invalidValue' });
    expect(await get('/Users?cursor=a&cursor=b', 400)).toMatchObject({ scimType: 'invalidValue' });
  });

  it('is announced', async () => {
    const { get } = await provider();
    const { pagination } = await get('/ServiceProviderConfig');
    expect(pagination).toEqual({
      cursor: true,
      index: true,
      defaultPaginationMethod: 'index',
      defaultPageSize: 3,
      maxPageSize: 3,
    });
  });
});

it('a cursor says what it was made of, and nothing else is one', () => {
  const place = { type: 'User', after: 'ü "\\ \u0000' };
  const parameters = { filter: 'a eq 1', sortBy: 'a' };
  const cursor = formatCursor(place, parameters);
  expect(cursor).toMatch(/^[\w-]+$/);
  expect(parseCursor({ ...parameters, cursor }, ['User'])).toEqual(place);
  expect(parseCursor({ ...parameters, cursor: '' }, ['User'])).toBeUndefined();
  for (const broken of [cursor.slice(4), `${cursor}A`, '[', 'bnVsbA'])
    expect(refusal(() => parseCursor({ ...parameters, cursor: broken }, ['User'])).scimType).toBe('invalidCursor');
});
