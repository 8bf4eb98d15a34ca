/** Who may ask the administration API, and what it answers of connectors and of the host. */
import request from 'supertest';
import type { AdminAppOptions } from '../../src/host/adminApp';
import { sha256 } from '../host/fixtures';
import { eventually } from '../support/hostProcess';
import { AdminFixture, adminToken, connectorToken } from './fixture';

const fixture = new AdminFixture();
const ask: AdminFixture['ask'] = (...given) => fixture.ask(...given);
const app: AdminFixture['app'] = (options) => fixture.app(options);

beforeAll(() => fixture.open());
afterAll(() => fixture.close());

describe('who may ask', () => {
  const as = (
    authorization: string | undefined,
    path = '/admin/connectors',
    options: Partial<AdminAppOptions> = {},
  ) => {
    const sent = request(app(options)).get(path);
    return authorization === undefined ? sent : sent.set('Authorization', authorization);
  };

  test.each(['/admin/connectors', '/admin', '/metrics', '/nothing'])('%s is for administrators only', async (path) => {
    expect((await as(undefined, path)).status).toBe(401);
    expect((await as('Bearer wrong-token', path)).status).toBe(401);
    expect((await as(`Basic ${adminToken}`, path)).status).toBe(401);
    expect((await as(`Bearer ${connectorToken}`, path)).status).toBe(403);
    expect((await as(undefined, `${path}?access_token=${adminToken}`)).status).toBe(401);
  });

  test('errors are a status and a sentence; the challenge says whose token', async () => {
    const missing = await as(undefined);
    expect(missing.body).toEqual({ status: '401', detail: expect.stringContaining('Authorization: Bearer') });
    expect(missing.headers['www-authenticate']).toBe('Bearer realm="connector host administration"');
    expect((await as('Bearer x')).headers['www-authenticate']).toContain('error="invalid_token"');
    expect((await as(`Bearer ${connectorToken}`)).body.detail).toContain("connector's secret token");
  });

  test('refusals are slowed, an administrator never is', async () => {
    const waits: number[] = [];
    const to = app({ wait: async (ms) => waits.push(ms) });
    for (let i = 0; i < 5; i += 1) await request(to).get('/admin/version').expect(401);
    expect(waits).toEqual([250, 500]);
    await ask('get', '/admin/version', undefined, to);
    expect(waits).toHaveLength(2);
  });

  test('several tokens are accepted while one is replaced, and asked for at each request', async () => {
    let digests = [sha256('another-token'), sha256(adminToken)];
    const to = app({ tokenDigests: () => digests });
    expect((await ask('get', '/admin/version', undefined, to)).status).toBe(200);
    digests = [];
    expect((await ask('get', '/admin/version', undefined, to)).status).toBe(401);
  });

  test('metrics are open to everybody only where that is configured', async () => {
    const opened = await as(undefined, '/metrics', { metricsWithoutToken: true });
    expect([opened.status, opened.headers['content-type']]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8']);
    expect(opened.text).toContain('connector_host_build_info{version="1.2.3"} 1');
    expect((await as(undefined, '/admin/version', { metricsWithoutToken: true })).status).toBe(401);
  });

  test('the log line says that it was an administrator, with the id that the client gave', async () => {
    await request(app())
      .get('/admin/version')
      .set('Authorization', `Bearer ${adminToken}`)
      .set('X-Request-Id', 'mine-7');
    await eventually(async () => {
      const line = fixture.stream.lines().find(({ id }) => id === 'mine-7');
      expect(line?.request).toMatchObject({ actor: 'administrator', status: 200 });
    });
  });
});

describe('connectors', () => {
  test('are listed with state, entries and last import', async () => {
    const { status, body } = await ask('get', '/admin/connectors');
    expect(status).toBe(200);
    expect(body.connectors).toEqual([
      {
        name: 'demo',
        state: 'serving',
        path: '/ecma2host_demo/scim',
        entries: { User: expect.any(Number), Group: expect.any(Number) },
        import: { running: false, lastOutcome: 'success', lastEnd: expect.stringMatching(/Z$/) },
        directoryReachable: true,
      },
      {
        name: 'off',
        state: 'inactive',
        path: '/ecma2host_off/scim',
        detail: expect.stringContaining('"active": false'),
      },
      { name: 'torn', state: 'faulty', path: '/ecma2host_torn/scim', detail: expect.stringContaining('faults') },
    ]);
    expect(body.connectors[0].entries.User).toBeGreaterThan(0);
  });

  test('show their options, but no secret of them', async () => {
    const { body } = await ask('get', '/admin/connectors/demo');
    expect(body.options).toMatchObject({
      name: 'demo',
      connectivity: { product: 'memory' },
      properties: { secretTokens: ['[secret]'] },
    });
    const [user] = body.options.objectTypes;
    expect(user.mappings).toContainEqual({ kind: 'direct', source: 'userName', target: 'cn' });
    expect(user.mappings).toContainEqual(
      expect.objectContaining({ kind: 'constant', target: 'userPassword', constant: '[secret]' }),
    );
    expect((await ask('get', '/admin/connectors/torn')).body.options).toBeUndefined();
  });

  test.each([
    ['get', '/admin/connectors/nobody', 404, 'demo, off, torn'],
    ['get', '/admin/connectors/__proto__', 404, 'no such connector'],
    ['get', '/admin/connectors/%zz', 400, 'percent-encoded'],
    ['get', '/admin/nothing', 404, '/admin/connectors'],
    ['get', '/Admin/connectors', 404, '/admin/connectors'],
    ['post', '/admin/connectors', 405, 'GET'],
    ['delete', '/admin/connectors/demo', 405, 'GET'],
    ['get', '/admin/connectors/demo/activate', 405, 'POST'],
    ['patch', '/admin/connectors/demo/runs', 405, 'POST'],
    ['post', '/admin/log-level', 405, 'PUT'],
    ['get', '/admin/connectors/demo/runs?limit=0', 400, 'limit'],
    ['get', '/admin/connectors/demo/runs?limit=1&limit=2', 400, 'limit'],
    ['get', '/admin/connectors/demo/runs?profile=export2', 400, 'profile'],
    ['get', '/admin/connectors/demo/runs?failed=yes', 400, 'failed'],
    ['get', '/admin/connectors/demo/runs/current', 404, 'No run is under way'],
    ['delete', '/admin/connectors/demo/runs/current', 404, 'No run is under way'],
    ['get', '/admin/connectors/off/runs', 409, 'inactive'],
    ['post', '/admin/connectors/off/activate', 409, 'connector file itself'],
  ] as const)('%s %s → %i', async (method, path, expected, word) => {
    const { status, body } = await ask(method, path);
    expect([status, body]).toEqual([expected, { status: String(expected), detail: expect.stringContaining(word) }]);
  });

  test('a method that is not served is answered with those that are', async () => {
    expect((await ask('put', '/admin/version', {})).headers.allow).toBe('GET, HEAD');
  });
});

describe('the host', () => {
  test('says its version and its health', async () => {
    expect((await ask('get', '/admin/version')).body).toMatchObject({
      name: 'connector-host',
      version: '1.2.3',
      node: process.version,
      uptimeSeconds: 0,
    });
    expect((await ask('get', '/admin/health')).body).toMatchObject({
      status: 'unavailable',
      connectors: { serving: 1, inactive: 1, faulty: 1 },
      certificate: { validTo: '2030-01-02T03:04:05.000Z', warnings: [] },
    });
  });

  test('changes its log level while it runs', async () => {
    expect((await ask('get', '/admin/log-level')).body).toEqual({ level: 'info' });
    expect((await ask('put', '/admin/log-level', { level: 'debug' })).body).toEqual({ level: 'debug' });
    fixture.log.child({ of: 'a child' }).debug('heard now');
    expect((await ask('put', '/admin/log-level', { level: 'loud' })).status).toBe(400);
    expect((await ask('put', '/admin/log-level', { level: 'info' })).status).toBe(200);
    fixture.log.debug('not heard any more');
    await eventually(async () => expect(fixture.stream.text).toContain('heard now'));
    expect(fixture.stream.text).toContain('"from":"info","to":"debug"');
    expect(fixture.stream.text).not.toContain('not heard any more');
  });

  test('does not repeat a body that it cannot read', async () => {
    const send = (body: string, type = 'application/json') =>
      request(app())
        .put('/admin/log-level')
        .set('Authorization', `Bearer ${adminToken}`)
        .set('Content-Type', type)
        .send(body);
    const torn = await send('{"level": S3cret');
    expect([torn.status, torn.body.detail]).toEqual([400, expect.not.stringContaining('S3cret')]);
    expect((await send(JSON.stringify({ level: 'x'.repeat(20_000) }))).status).toBe(413);
    expect((await send('level=debug', 'application/x-www-form-urlencoded')).status).toBe(415);
    expect((await send('{"__proto__": {"level": "debug"}}')).status).toBe(400);
    expect(fixture.log.level).toBe('info');
  });
});

test('no answer and no log line has shown a secret', () => {
  expect(fixture.answers).toContain('[secret]');
  expect(fixture.answers).not.toContain('S3cret');
  expect(fixture.stream.text).not.toContain('S3cret');
});
