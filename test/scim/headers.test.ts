/** What header fields ask for and what they tell: versions, preferences, locations, caching (RFC 7644 §3.1, §3.14; RFC 7240; RFC 9110 §13). */
import supertest from 'supertest';
import { base, openProvider, withBarbara } from './memoryProvider';
import { enterprise } from './resourceTypes';

const path = `${base}/Users/id%2F1`;
const location = 'https://host.example/ecma2host_X/scim/Users/id%2F1';
const patch = JSON.stringify({ Operations: [{ op: 'replace', path: 'title', value: 't' }] });
const user = JSON.stringify({ userName: 'barbara' });

type Method = 'get' | 'put' | 'patch' | 'delete' | 'post';

async function send(method: Method, headers: Record<string, string> = {}, target = path) {
  const opened = await withBarbara();
  const request = supertest(opened.app)[method](target).set(headers);
  if (method === 'get' || method === 'delete') return request;
  return request.set('Content-Type', 'application/scim+json').send(method === 'patch' ? patch : user);
}

describe('If-Match', () => {
  it.each(['W/"1"', '"1"', '*', ' "0", W/"1"', '"a,b","1"'])('%s lets a change of version 1 pass', async (field) => {
    for (const [method, status] of [
      ['put', 200],
      ['patch', 200],
      ['delete', 204],
    ] as const) {
      expect([method, (await send(method, { 'If-Match': field })).status]).toEqual([method, status]);
    }
  });

  it.each(['W/"2"', '"2"', '', '1', '"*"', '"1', 'W/"11"'])('%s refuses it with 412', async (field) => {
    for (const method of ['put', 'patch', 'delete'] as const) {
      const answer = await send(method, { 'If-Match': field });
      expect([method, answer.status]).toEqual([method, 412]);
      expect(JSON.parse(answer.text)).toMatchObject({ status: '412' });
    }
  });

  it('counts after everything else: what is not there is 404', async () => {
    for (const method of ['put', 'patch', 'delete'] as const) {
      expect((await send(method, { 'If-Match': '"2"' }, `${base}/Users/nobody`)).status).toBe(404);
    }
  });
});

describe('If-None-Match', () => {
  it.each(['W/"1"', '"1"', '*', '"0", "1"'])('%s answers 304 without a body, with the version', async (field) => {
    const answer = await send('get', { 'If-None-Match': field });
    expect([answer.status, answer.text, answer.headers.etag]).toEqual([304, '', 'W/"1"']);
  });

  it.each(['W/"1"', '*', '"0", "1"'])('%s refuses a change with 412', async (field) => {
    for (const method of ['put', 'patch', 'delete'] as const) {
      const answer = await send(method, { 'If-None-Match': field });
      expect([method, answer.status, JSON.parse(answer.text).status]).toEqual([method, 412, '412']);
      expect((await send(method, { 'If-None-Match': field }, `${base}/Users/nobody`)).status).toBe(404);
      expect((await send(method, { 'If-None-Match': '"2"' })).status).toBeLessThan(300);
    }
    expect((await send('post', { 'If-None-Match': field }, `${base}/Users`)).status).toBe(201);
  });

  it.each(['W/"2"', '', 'nothing'])('%s answers the resource', async (field) => {
    expect((await send('get', { 'If-None-Match': field })).status).toBe(200);
  });
});

describe('Prefer', () => {
  it.each(['return=minimal', 'respond-async, Return = "minimal"; x=y', 'return=minimal, return=representation'])(
    '%s leaves the resource out of the answer to a change',
    async (field) => {
      for (const method of ['put', 'patch'] as const) {
        const { status, text, headers } = await send(method, { Prefer: field });
        expect([status, text]).toEqual([204, '']);
        expect(headers).toMatchObject({ etag: 'W/"2"', location, 'preference-applied': 'return=minimal' });
      }
      const created = await send('post', { Prefer: field }, `${base}/Users`);
      expect([created.status, created.text, created.headers.etag]).toEqual([201, '', 'W/"1"']);
      expect(created.headers.location).toMatch(/Users\/id%2F\d$/);
    },
  );

  it.each(['return=representation', 'return=representation, return=minimal', 'x-return=minimal', ''])(
    '%s does not',
    async (field) => {
      const { status, headers } = await send('patch', { Prefer: field });
      expect([status, headers['preference-applied']]).toEqual([200, undefined]);
    },
  );
});

describe('Location', () => {
  it('comes with every answer that carries one resource, and is its meta.location', async () => {
    for (const method of ['get', 'put', 'patch'] as const) {
      const { headers, text } = await send(method);
      expect([headers.location, JSON.parse(text).meta.location]).toEqual([location, location]);
    }
    const created = await send('post', {}, `${base}/Users`);
    expect(created.headers.location).toBe(JSON.parse(created.text).meta.location);
  });
});

describe('references', () => {
  it('are whole URIs that lead to the resource', async () => {
    const { app, users } = await withBarbara();
    const before = { userName: 'x', [enterprise]: { manager: { value: 'id/1', $ref: '../Users/id%2F1' } } };
    users.resources.set('2', { id: '2', ...before });
    const { text } = await supertest(app).get(`${base}/Users/2`);
    expect(JSON.parse(text)[enterprise]).toEqual({ manager: { value: 'id/1', $ref: location } });
    expect(users.resources.get('2')).toEqual({ id: '2', ...before });
  });
});

describe('discovery', () => {
  it('takes no filter for its lists, and ignores every parameter of what is one object', async () => {
    const { app } = openProvider();
    const statusOf = async (path: string) => (await supertest(app).get(base + path)).status;
    const search = 'filter=invalid&sortBy=id&startIndex=999&count=1';
    expect(await statusOf(`/Schemas?${search}`)).toBe(403);
    for (const path of [
      '/ServiceProviderConfig',
      '/ResourceTypes/User',
      '/Schemas/urn:ietf:params:scim:schemas:core:2.0:User',
    ])
      expect([path, await statusOf(`${path}?${search}`)]).toEqual([path, 200]);
  });

  it.each(['/ServiceProviderConfig', '/Schemas', '/ResourceTypes', '/ResourceTypes/User'])(
    '%s may be kept, has a version, and 304 says that it still holds',
    async (endpoint) => {
      const { app } = openProvider();
      const first = await supertest(app).get(base + endpoint);
      expect(first.headers).toMatchObject({
        'cache-control': 'private, no-cache',
        etag: expect.stringMatching(/^W\/"/),
      });
      const again = await supertest(app)
        .get(base + endpoint)
        .set('If-None-Match', String(first.headers.etag));
      expect([again.status, again.text, again.headers.etag]).toEqual([304, '', first.headers.etag]);
      const other = await supertest(app)
        .get(base + endpoint)
        .set('X-Host', 'other.example')
        .set('If-None-Match', String(first.headers.etag));
      expect(other.status).toBe(200);
    },
  );
});
