/** What an administrator can do with a connector: run, cancel, switch off and on. */
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { OperationRefused } from '../../src/connector/operations';
import { RunInProgress } from '../../src/space/run';
import { AdminFixture } from './fixture';

const fixture = new AdminFixture();
const ask: AdminFixture['ask'] = (...given) => fixture.ask(...given);
const app: AdminFixture['app'] = (options) => fixture.app(options);

beforeAll(() => fixture.open());
afterAll(() => fixture.close());

describe('runs', () => {
  test('begin at once and are found in the history', async () => {
    const begun = await ask('post', '/admin/connectors/demo/runs', { profile: 'fullImport' });
    expect(begun.status).toBe(202);
    expect(begun.headers.location).toBe('/admin/connectors/demo/runs/current');
    expect(begun.body).toMatchObject({
      id: expect.stringMatching(/^fullImport-\d+$/),
      profile: 'fullImport',
      state: 'running',
      started: expect.stringMatching(/Z$/),
      seen: 0,
    });
    await fixture.serving('demo');
    const { body } = await ask('get', '/admin/connectors/demo/runs?profile=fullImport&limit=1');
    expect(body.runs).toEqual([
      expect.objectContaining({
        id: begun.body.id,
        state: 'ended',
        outcome: 'success',
        durationMs: expect.any(Number),
      }),
    ]);
    expect(body.runs[0].counts.seen).toBeGreaterThan(0);
    expect((await ask('get', '/admin/connectors/demo/runs?failed=true')).body).toEqual({ runs: [] });
  });

  test.each([
    [{ profile: 'export' }, 400, 'fullImport, deltaImport'],
    [{ profil: 'fullImport' }, 400, 'profile'],
    [['fullImport'], 400, 'profile'],
    [undefined, 415, 'application/json'],
  ])('%j begins none', async (body, expected, word) => {
    const answer = await ask('post', '/admin/connectors/demo/runs', body);
    expect([answer.status, answer.body.detail]).toEqual([expected, expect.stringContaining(word)]);
  });

  test('never overlap, and are cancelled on demand', async () => {
    const operations = fixture.registry.get('demo')?.operations;
    if (operations === undefined) throw new Error('no connector');
    const { started } = operations.startRun('fullImport');
    expect(() => operations.startRun('deltaImport')).toThrow(RunInProgress);
    expect(operations.currentRun()).toMatchObject({ profile: 'fullImport', started });
    const cancelled = await ask('delete', '/admin/connectors/demo/runs/current');
    expect(cancelled.status).toBe(204);
    await fixture.serving('demo');
    const { body } = await ask('get', '/admin/connectors/demo/runs?failed=true');
    expect(body.runs).toEqual([expect.objectContaining({ id: `fullImport-${started}`, outcome: 'cancelled' })]);
  });

  test('what cannot be begun is a conflict that says why', async () => {
    const refusing = (error: Error) =>
      app({
        registry: {
          all: () => [],
          close: async () => undefined,
          get: () => ({
            operations: {
              startRun: () => {
                throw error;
              },
            },
          }),
        } as never,
      });
    const body = { profile: 'deltaImport' };
    const running = await ask('post', '/admin/connectors/x/runs', body, refusing(new RunInProgress('fullImport', 0)));
    expect([running.status, running.body.detail]).toEqual([409, expect.stringContaining('1970-01-01T00:00:00.000Z')]);
    const refused = await ask('post', '/admin/connectors/x/runs', body, refusing(new OperationRefused('Not now.')));
    expect([refused.status, refused.body.detail]).toEqual([409, 'Not now.']);
    const broken = await ask('post', '/admin/connectors/x/runs', body, refusing(new TypeError('S3cret of a fault')));
    expect([broken.status, broken.body.detail]).toEqual([500, expect.stringContaining('request id')]);
  });
});

describe('the switch', () => {
  const file = join(fixture.state, 'switched-off.json');

  test('closes a connector, outlasts a restart, and opens it again', async () => {
    const { status, body } = await ask('post', '/admin/connectors/demo/deactivate');
    expect([status, body.state]).toEqual([200, 'inactive']);
    expect(fixture.registry.get('demo')?.provider).toBeUndefined();
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(await ask('post', '/admin/connectors/demo/runs', { profile: 'fullImport' })).toMatchObject({ status: 409 });

    await fixture.reopen();
    expect(fixture.registry.get('demo')?.status()).toMatchObject({
      state: 'inactive',
      detail: expect.stringContaining('operator'),
    });

    expect((await ask('post', '/admin/connectors/demo/activate')).status).toBe(200);
    await fixture.serving('demo');
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({});
    expect((await ask('post', '/admin/connectors/demo/activate')).body.state).toBe('serving');
  });

  test('quick changes of mind end where the last one said', async () => {
    const operations = fixture.registry.get('demo')?.operations;
    await Promise.all([operations?.deactivate(), operations?.activate(), operations?.deactivate()]);
    expect(fixture.registry.get('demo')?.status().state).toBe('inactive');
    await Promise.all([operations?.activate(), operations?.deactivate(), operations?.activate()]);
    await fixture.serving('demo');
  });

  test('of which nothing can be read lets nobody serve', async () => {
    writeFileSync(file, '{"demo": ');
    await fixture.reopen();
    expect(fixture.registry.get('demo')?.status()).toMatchObject({
      state: 'faulty',
      detail: expect.stringContaining(file),
    });
    rmSync(file);
    await fixture.reopen();
    await fixture.serving('demo');
  });
});
