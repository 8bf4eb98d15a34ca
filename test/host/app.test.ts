import request from 'supertest';
import { LdapError } from '../../src/directory/error';
import { ScimError } from '../../src/scim/error';
import { setUpApp, TOKEN, testProvider } from './fixtures';

describe('routes', () => {
  const get = (app: Parameters<typeof request>[0], url: string) =>
    request(app).get(url).set('Authorization', `Bearer ${TOKEN}`);

  it('finds the connector anew at each request', async () => {
    const { app, demo, served } = setUpApp();
    await get(app, '/ecma2host_demo/scim/Users/1').expect(200);
    demo.provider = testProvider(() => {
      throw ScimError.notFound('Gone.');
    });
    await get(app, '/ecma2host_demo/scim/Users/1').expect(404);
    expect(served).toEqual(['1']);
    demo.tokenDigests = [];
    expect((await get(app, '/ecma2host_demo/scim/Users/1')).status).toBe(401);
  });

  it.each([
    ['/', 404],
    ['/ecma2host_demo', 404],
    ['/ecma2host_demo/scimming', 404],
    ['/ECMA2Host_demo/scim/Users/1', 404],
    ['/ecma2host_demo/SCIM/Users/1', 404],
    ['/x/ecma2host_demo/scim/Users/1', 404],
    ['/ecma2host_%zz/scim/Users/1', 400],
  ])('answers %s with a SCIM error', async (url, status) => {
    const { body } = await get(setUpApp().app, url)
      .expect(status)
      .expect('Content-Type', /scim\+json/);
    expect(body).toMatchObject({ status: String(status), detail: expect.any(String) });
  });

  it.each([
    ['opening', undefined, 503, '30', 'its directory has not been reached yet'],
    ['opening', 'ldap.example.com refuses', 503, '30', ': ldap.example.com refuses'],
    ['faulty', 'objectTypes[0]: no anchor', 503, '300', ': objectTypes[0]: no anchor'],
    ['inactive', undefined, 404, undefined, 'set "active" to true'],
  ] as const)('says after authentication that a connector is %s', async (state, detail, status, retryAfter, text) => {
    const { app, demo, served } = setUpApp();
    Object.assign(demo, { told: { state, ...(detail && { detail }) }, provider: undefined });
    for (const path of ['Users', 'cache']) {
      const answer = await get(app, `/ecma2host_demo/scim/${path}`);
      expect(answer.status).toBe(status);
      expect(answer.headers['retry-after']).toBe(retryAfter);
      expect(answer.headers['x-connector-state']).toBe(state);
      expect(answer.body.detail).toContain(text);
    }
    expect((await request(app).get('/ecma2host_demo/scim/Users/1')).status).toBe(401);
    expect(served).toEqual([]);
  });

  it('keeps what went wrong to the log', async () => {
    const { app, behaviour, stream } = setUpApp();
    behaviour.get = () => {
      throw new TypeError('cannot read hunter2 of undefined');
    };
    const { body } = await get(app, '/ecma2host_demo/scim/Users/1').set('X-Request-Id', 'oops-1').expect(500);
    expect(body.detail).toContain('oops-1');
    expect(JSON.stringify(body)).not.toContain('hunter2');
    const [line] = await stream.requests(1);
    expect(line).toMatchObject({
      level: 'error',
      error: { name: 'TypeError', stack: expect.stringContaining('app.test.ts') },
    });
  });

  it('sends headers that keep answers out of caches', async () => {
    const { headers } = await get(setUpApp().app, '/ecma2host_demo/scim/Users/1');
    expect(headers).toMatchObject({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
    expect(headers['x-powered-by']).toBeUndefined();
    expect(headers.etag).toBeUndefined();
  });

  it.each([
    [{ entries: 7, import: { running: true, first: true, seen: 5_000 } }, { firstImport: 1 }, 5_000],
    [{ entries: 0, import: { running: false, first: true }, directoryReachable: false }, { unreachable: 1 }, undefined],
    [{ entries: 3, import: { running: false }, directoryReachable: false }, { unreachable: 1 }, undefined],
    [{ entries: 0, import: { running: false }, directoryReachable: true }, { empty: 1 }, undefined],
    [{ entries: 3, import: { running: true, seen: 1 }, directoryReachable: true }, { filled: 1 }, undefined],
  ])(
    'tells probes a first import from an empty directory and from one that cannot be reached: %j',
    async (status, spaces, seen) => {
      const { app, demo } = setUpApp();
      demo.told = { state: 'serving', ...status };
      const { body } = await request(app).get('/readyz').expect(200);
      expect(body).toMatchObject({ spaces });
      expect(body.firstImportsSeen).toBe(seen);
    },
  );

  it('tells probes how many connectors are in which state, and no names', async () => {
    const { app, demo, stopping } = setUpApp();
    await request(app).get('/healthz').expect(200);
    await request(app)
      .get('/readyz')
      .expect(200, { status: 'ready', connectors: { serving: 2 }, spaces: {} });
    demo.told = { state: 'inactive' };
    await request(app)
      .get('/readyz')
      .expect(200, { status: 'ready', connectors: { inactive: 1, serving: 1 }, spaces: {} });
    demo.told = { state: 'opening', detail: 'ldap.example.com' };
    await request(app)
      .get('/readyz')
      .expect(503, { status: 'unavailable', connectors: { opening: 1, serving: 1 }, spaces: {} });
    demo.told = { state: 'serving' };
    stopping.abort();
    await request(app)
      .get('/readyz')
      .expect(503, { status: 'stopping', connectors: { serving: 2 }, spaces: {} });
    await request(app).get('/healthz').expect(200).expect('Connection', 'close');
  });
});

describe('cache', () => {
  const get = (app: Parameters<typeof request>[0], path: string) =>
    request(app).get(`/ecma2host_demo/scim${path}`).set('Authorization', `Bearer ${TOKEN}`);

  it('streams the entries of all resource types or of one', async () => {
    const { app, demo, stream } = setUpApp();
    const cache = jest.spyOn(demo, 'cache');
    const { body, type } = await get(app, '/cache').expect(200);
    expect([type, body]).toEqual(['application/json', [{ dn: 'cn=a' }, { dn: 'cn=b' }]]);
    await get(app, '/cache/User').expect(200);
    expect(cache.mock.calls).toEqual([[undefined], ['User']]);
    expect(demo.closedReads).toBe(2);
    expect((await stream.requests(1))[0]?.request.bytes).toBe(29);
  });

  it('answers errors before the first chunk, and says when an import is why', async () => {
    const { app, demo } = setUpApp();
    demo.cacheError = ScimError.unavailable('The first import is running.', 30);
    demo.told = { state: 'serving', import: { running: true, seen: 12 } };
    await get(app, '/cache').expect(503).expect('Retry-After', '30').expect('X-Connector-State', 'importing');
    demo.cacheError = ScimError.notFound('No such resource type.');
    demo.told = { state: 'serving' };
    const { headers } = await get(app, '/cache/Cats').expect(404);
    expect(headers['x-connector-state']).toBeUndefined();
  });

  it('answers when the read fails early', async () => {
    const { app, demo, stream } = setUpApp();
    demo.entries = (function* () {
      yield '[';
      throw new Error('disk');
    })() as never;
    await get(app, '/cache').expect(500).expect('Content-Type', /scim/);
    expect((await stream.requests(1))[0]).toMatchObject({ level: 'error', error: { message: 'disk' } });
  });

  it('cuts the answer off when the read fails on the way', async () => {
    const { app, demo, stream } = setUpApp();
    demo.entries = (function* () {
      yield `["${'x'.repeat(100_000)}"`;
      throw new Error('disk');
    })() as never;
    await expect(get(app, '/cache')).rejects.toThrow(/aborted|hang up/);
    expect((await stream.requests(1))[0]).toMatchObject({
      level: 'error',
      error: { message: 'disk' },
      request: { aborted: true },
    });
  });

  it('serves HEAD with nothing and refuses to be changed', async () => {
    const { app, demo } = setUpApp();
    await request(app).head('/ecma2host_demo/scim/cache').set('Authorization', `Bearer ${TOKEN}`).expect(200);
    expect(demo.closedReads).toBe(1);
    await request(app)
      .delete('/ecma2host_demo/scim/cache')
      .set('Authorization', `Bearer ${TOKEN}`)
      .expect(405)
      .expect('Allow', 'GET, HEAD');
  });
});

describe('request log', () => {
  const send = (app: Parameters<typeof request>[0], url: string) =>
    request(app).get(`/ecma2host_demo/scim${url}`).set('Authorization', `Bearer ${TOKEN}`);

  it('writes one line with what was asked, answered and done', async () => {
    const { app, behaviour, stream } = setUpApp();
    behaviour.get = (_id, context) => {
      for (let i = 0; i < 25; i += 1) {
        context.observe?.({ operation: i < 22 ? 'search' : 'modify', dn: 'cn=a', result: 0, durationMs: 2 });
      }
      context.note('ignored', ['nickName']);
    };
    const { text } = await send(app, '/Users/4f2a?attributes=userName')
      .set('X-Request-Id', 'id-1')
      .expect('X-Request-Id', 'id-1');
    const [line] = await stream.requests(1);
    expect(line).toMatchObject({
      level: 'info',
      message: expect.stringMatching(/^GET \/ecma2host_demo\/scim\/Users\/4f2a\?attributes=userName 200 [\d.]+ ms$/),
      id: 'id-1',
      request: {
        method: 'GET',
        path: '/ecma2host_demo/scim/Users/4f2a',
        query: 'attributes=userName',
        connector: 'demo',
        status: 200,
        durationMs: expect.any(Number),
        bytes: text.length,
        actor: 'connector demo',
        remote: expect.stringContaining('127.0.0.1'),
        notes: { ignored: ['nickName'] },
        ldap: { count: 25, durationMs: 50, more: { search: 2, modify: 3 } },
      },
    });
    expect(line).toHaveProperty('request.ldap.operations.length', 20);
  });

  it('shows no secrets and no values', async () => {
    const { app, behaviour, stream } = setUpApp();
    behaviour.get = (_id, { note }) => {
      note('userPassword', 'hunter2');
      const cause = new LdapError(19, 'add', 'cn=a', 'userPassword: value hunter2 is too short');
      throw new ScimError(400, 'invalidValue', 'The directory refuses a value.', { cause });
    };
    await request(app).get(`/ecma2host_demo/scim/Users?access_token=${TOKEN}`);
    await request(app).get('/ecma2host_demo/scim/Users/1').set('Authorization', 'Bearer hunter2');
    const filter =
      'userName eq "hunter2" and (emails[type eq "hun\\"ter2"].value sw "x" or n gt 424242) and not (hunter2) or a eq hunter2 eq b';
    await send(app, `/Users/1?filter=${encodeURIComponent(filter)}&startIndex=1&password=hunter2`);
    const lines = await stream.requests(3);
    expect(stream.text).not.toContain(TOKEN);
    expect(stream.text).not.toMatch(/hunter2|ter2|424242/);
    expect(lines[2]?.request.query).toBe(
      'filter=userName eq … and ( emails [ type eq … ] .value sw … or n gt … ) and not ( … ) or a eq … eq …&startIndex=1&password=…',
    );
    expect(lines[2]).toMatchObject({
      level: 'info',
      request: {
        status: 400,
        scimType: 'invalidValue',
        detail: 'The directory refuses a value.',
        diagnostic: 'userPassword [redacted]',
      },
    });
    expect(lines[1]).toMatchObject({ level: 'warn', request: { status: 401, detail: expect.any(String) } });
  });

  it.each([
    ['client-request-id', 'abc.DEF_1:2-3', true],
    ['X-Request-Id', 'x'.repeat(128), true],
    ['X-Request-Id', 'x'.repeat(129), false],
    ['X-Request-Id', 'a b', false],
    ['X-Request-Id', '{"a":1}', false],
  ])('honours %s: %s = %s', async (name, id, honoured) => {
    const { headers } = await send(setUpApp().app, '/Users/1').set(name, id);
    expect(headers['x-request-id']).toMatch(honoured ? id : /^[\da-f-]{36}$/);
  });
});
