import type { Express } from 'express';
import supertest from 'supertest';
import { ScimError } from '../../src/scim/error';
import { base, openProvider, post, withBarbara } from './memoryProvider';
import { ecma, userType } from './resourceTypes';

const location = 'https://host.example/ecma2host_X/scim/Users/id%2F1';

describe('one resource', () => {
  it('is created, with its location, version and schemas', async () => {
    const { app, notes } = openProvider();
    const response = await post(app, { userName: 'a', password: 'p', nothing: 1, [ecma]: { surname: 's' } }).expect(
      201,
    );
    expect(response.headers).toMatchObject({
      'content-type': 'application/scim+json; charset=utf-8',
      location,
      etag: 'W/"1"',
    });
    expect(response.headers).not.toHaveProperty('x-powered-by');
    expect(JSON.parse(response.text)).toEqual({
      schemas: [userType.schema.id, ecma],
      id: 'id/1',
      userName: 'a',
      [ecma]: { surname: 's' },
      meta: { resourceType: 'User', version: 'W/"1"', location },
    });
    expect(notes).toEqual({ ignoredAttributes: ['nothing'] });
  });

  it('is read, in any case of the path, with a slash at its end, and with an id encoded twice', async () => {
    const { get } = await withBarbara();
    for (const path of ['/Users/id%2F1', '/users/id%2F1/', '/USERS/id%252F1']) {
      const { body } = await get(path).expect(200);
      expect(body).toMatchObject({ id: 'id/1', userName: 'barbara', meta: { location } });
      expect(body).not.toHaveProperty('password');
      expect(body[ecma]).toEqual({ sn: 'Jensen', mail: 'b@x' });
    }
    await get('/Users/nobody').expect(404);
    await get('/Users/%E0%A4%A').expect(404);
  });

  it('is not sent again to who has it', async () => {
    const { app, get } = await withBarbara();
    const response = await supertest(app).get(`${base}/Users/id%2F1`).set('If-None-Match', '"0", "1"').expect(304);
    expect(response.headers).toMatchObject({ etag: 'W/"1"' });
    expect(response.text).toBe('');
    await get('/Users/id%2F1').set('If-None-Match', '"2"').expect(200);
    const head = await supertest(app).head(`${base}/Users/id%2F1`).expect(200);
    expect(Number(head.headers['content-length'])).toBeGreaterThan(100);
  });

  it('is patched, replaced and deleted', async () => {
    const { app, users, get } = await withBarbara();
    const send = (method: 'put' | 'patch', body: unknown) =>
      supertest(app)
        [method](`${base}/Users/id%2F1`)
        .set('Content-Type', 'application/json; charset=utf-8')
        .send(JSON.stringify(body));
    const operations = [
      { op: 'Replace', path: 'emails[type eq "work"].value', value: 'n@x' },
      { op: 'Add', path: `${ecma}:surname`, value: 'N' },
    ];
    const patched = await send('patch', { Operations: operations }).expect(200);
    expect(JSON.parse(patched.text)).toMatchObject({
      emails: [{ value: 'n@x', type: 'work' }],
      [ecma]: { surname: 'N' },
    });
    expect(patched.headers).toMatchObject({ etag: 'W/"2"' });
    expect([...(users.lastContext?.spelledAs ?? [])]).toEqual([[`${ecma}:sn`, 'surname']]);
    await send('put', { userName: 'c' }).set('If-Match', 'W/"1", "x"').expect(412);
    const replaced = await send('put', { userName: 'c' }).set('If-Match', 'W/"2"').expect(200);
    expect(JSON.parse(replaced.text)).toMatchObject({ userName: 'c', [ecma]: { sn: 'N' } });
    expect(JSON.parse(replaced.text)).not.toHaveProperty('emails');
    await send('put', { userName: 'c' }).set('If-Match', '*').expect(200);
    const gone = await supertest(app).delete(`${base}/Users/id%2F1`).expect(204);
    expect(gone.text).toBe('');
    await supertest(app).delete(`${base}/Users/id%2F1`).expect(404);
    await get('/Users/id%2F1').expect(404);
  });

  it('is not sent back when the handler keeps it', async () => {
    const { app, users } = await withBarbara();
    Object.assign(users, { update: async () => undefined });
    const body = JSON.stringify({ Operations: [{ op: 'remove', path: 'title' }] });
    await supertest(app)
      .patch(`${base}/Users/id%2F1`)
      .set('Content-Type', 'application/json')
      .send(body)
      .expect(204, '');
  });
});

describe('bodies', () => {
  const send = (app: Express, type: string | undefined, body: string | Buffer) => {
    const request = supertest(app).post(`${base}/Users`);
    if (type !== undefined) request.set('Content-Type', type);
    return request.serialize((text) => text as unknown as string).send(body as string);
  };

  it.each<[string, string, string | Buffer, number, string | undefined, string]>([
    ['another media type', 'text/plain', '{}', 415, undefined, 'application/scim+json'],
    ['another charset', 'application/json; charset=latin1', '{}', 415, undefined, 'UTF-8'],
    ['no JSON', 'application/json', '{\n  "a": 1,\n  "secret" "x"}', 400, 'invalidSyntax', 'line 3, column 12'],
    ['half of JSON', 'application/json', '{"a": [1, tru', 400, 'invalidSyntax', 'line 1, column 11'],
    ['more than JSON', 'application/json', '{} {}', 400, 'invalidSyntax', 'line 1, column 4'],
    ['an open list', 'application/json', '['.repeat(31), 400, 'invalidSyntax', 'column 32'],
    ['lists in lists', 'application/json', `${'['.repeat(33)}${']'.repeat(33)}`, 400, 'invalidSyntax', 'more than 32'],
    ['brackets in a string', 'application/json', `["${'[{\\"'.repeat(40)}"]`, 400, 'invalidSyntax', 'a JSON object'],
    ['a bad escape', 'application/json', '{"a": "\\x"}', 400, 'invalidSyntax', 'column 7'],
    ['a comma too many', 'application/json', '{"a": {"b": [],},}', 400, 'invalidSyntax', 'column 16'],
    ['nothing', 'application/json', '', 400, 'invalidSyntax', 'empty'],
    ['no UTF-8', 'application/json', Buffer.from([0x22, 0xff, 0x22]), 400, 'invalidSyntax', 'UTF-8'],
    ['a list', 'application/json', '[]', 400, 'invalidSyntax', 'object'],
    ['too much', 'application/json', JSON.stringify({ a: 'x'.repeat(3000) }), 413, undefined, '2000'],
  ])('%s', async (_, type, body, status, scimType, detail) => {
    const response = await send(openProvider().app, type, body);
    const error = JSON.parse(response.text);
    expect(response.status).toBe(status);
    expect(error).toMatchObject({ schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'], status: String(status) });
    expect(error.scimType).toBe(scimType);
    expect(error.detail).toContain(detail);
    expect(error.detail).not.toContain('secret');
  });
});

describe('paths and methods', () => {
  it.each<[string, string, number, string]>([
    ['post', '/', 405, 'GET, HEAD'],
    ['get', '/Nothing', 404, ''],
    ['get', '/Users/1/2', 404, ''],
    ['get', '/Me', 501, ''],
    ['patch', '/me', 501, ''],
    ['post', '/Bulk', 400, ''],
    ['delete', '/Bulk', 405, 'POST'],
    ['post', '/Bulk/1', 404, ''],
    ['put', '/Users', 405, 'GET, HEAD, POST'],
    ['post', '/Users/1', 405, 'GET, HEAD, PUT, PATCH, DELETE'],
    ['get', '/Users/.search', 405, 'POST'],
    ['post', '/Schemas', 405, 'GET, HEAD'],
    ['get', '/Schemas/urn:nothing', 404, ''],
    ['get', '/Schemas?filter=id+pr', 403, ''],
    ['get', '/ResourceTypes?Filter=id+pr', 403, ''],
    ['get', '/ServiceProviderConfig/x', 404, ''],
  ])('%s %s is %d', async (method, path, status, allow) => {
    const response = await supertest(openProvider().app)[method as 'get'](base + path);
    expect(response.status).toBe(status);
    expect(JSON.parse(response.text)).toMatchObject({ status: String(status) });
    expect(response.headers.allow ?? '').toBe(allow);
  });
});

describe('failures', () => {
  const failing = (error: unknown) => {
    const opened = openProvider();
    opened.users.get = () => Promise.reject(error);
    return opened;
  };

  it('that a handler expects are told, with their headers', async () => {
    const { app, errors } = failing(ScimError.unavailable('The directory can not be reached.', 7));
    const response = await supertest(app).get(`${base}/Users/1`).expect(503);
    expect(response.headers).toMatchObject({
      'retry-after': '7',
      'content-type': 'application/scim+json; charset=utf-8',
    });
    expect(JSON.parse(response.text)).toEqual({
      schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'],
      status: '503',
      detail: 'The directory can not be reached.',
    });
    expect(errors).toEqual([expect.any(ScimError)]);
  });

  it('that nobody expects are 500 without a word of them, and go to the log', async () => {
    const { app, errors } = failing(new TypeError('secret inside'));
    const response = await supertest(app).get(`${base}/Users/1`).expect(500);
    expect(response.text).not.toContain('secret');
    expect(JSON.parse(response.text).detail).toContain('r1');
    expect(errors).toEqual([new TypeError('secret inside')]);
  });

  it('to answer in time abort the work and are 503', async () => {
    const { app, users } = openProvider({ requestTimeoutMs: 20 });
    let reason: unknown;
    users.query = (_query: unknown, context?: { signal: AbortSignal }) =>
      new Promise((_, reject) =>
        context?.signal.addEventListener('abort', () => {
          reason = context.signal.reason;
          setTimeout(reject, 1000, new Error('late')).unref();
        }),
      );
    const response = await supertest(app).get(`${base}/Users`).expect(503);
    expect(response.headers['retry-after']).toBe('30');
    expect(reason).toMatchObject({ status: 503 });
  });
});
