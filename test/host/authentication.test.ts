import request from 'supertest';
import { FailureDelays } from '../../src/host/failureDelays';
import { OTHER, setUpApp, TestConnector, TOKEN } from './fixtures';

describe('authentication', () => {
  const URL = '/ecma2host_demo/scim/Users/1';
  const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });

  it.each<[string, string, Record<string, string>, number, string | undefined]>([
    ['no header', URL, {}, 401, undefined],
    ['an empty header', URL, { Authorization: '' }, 401, undefined],
    ['another scheme', URL, { Authorization: 'Basic ZGVtbzpkZW1v' }, 401, undefined],
    ['a wrong token', URL, bearer('wrong'), 401, 'invalid_token'],
    ['a token that only begins well', URL, bearer(`${TOKEN}x`), 401, 'invalid_token'],
    ["another connector's token", URL, bearer(OTHER), 401, 'invalid_token'],
    ['three parts', URL, { Authorization: `Bearer ${TOKEN} x` }, 401, 'invalid_token'],
    ['two schemes', URL, { Authorization: `Bearer ${TOKEN}, Basic x` }, 401, 'invalid_token'],
    ['the token alone', URL, { Authorization: TOKEN }, 401, undefined],
    ['no token', URL, { Authorization: 'Bearer' }, 401, undefined],
    ['no token after the blank', URL, { Authorization: 'Bearer ' }, 401, undefined],
    ['a token in the query', `${URL}?access_token=${TOKEN}`, {}, 401, undefined],
    ['one in disguise', `${URL}?a=b&access%5Ftoken=${TOKEN}`, bearer(TOKEN), 400, 'invalid_request'],
    ['one in the query and a wrong one', `${URL}?access_token=${TOKEN}`, bearer('wrong'), 401, 'invalid_token'],
    ['one without a value', `${URL}?access_token`, bearer(TOKEN), 400, 'invalid_request'],
    ['one behind what cannot be decoded', `${URL}?%=%C3&&acces%73_token=x`, bearer(TOKEN), 400, 'invalid_request'],
    ['tokens in both', `${URL}?access_token=${TOKEN}`, bearer(TOKEN), 400, 'invalid_request'],
    ['an unknown connector', '/ecma2host_none/scim/Users/1', bearer('wrong'), 401, 'invalid_token'],
    ["an unknown connector with another's token", '/ecma2host_none/scim/Users/1', bearer(TOKEN), 401, 'invalid_token'],
    ['the name in another case', '/ecma2host_Demo/scim/Users/1', bearer(TOKEN), 401, 'invalid_token'],
    ['a name of Object.prototype', '/ecma2host___proto__/scim/Users/1', bearer(TOKEN), 401, 'invalid_token'],
  ])('refuses %s', async (_case, url, headers, status, error) => {
    const { app, served } = setUpApp();
    const { body, ...answer } = await request(app).get(url).set(headers);
    expect(answer.status).toBe(status);
    expect(answer.headers['www-authenticate']).toBe(
      `Bearer realm="connector host"${error === undefined ? '' : `, error="${error}"`}`,
    );
    expect(answer.type).toBe('application/scim+json');
    expect(body).toEqual({
      schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'],
      status: String(status),
      detail: expect.stringMatching(/\w{4}.*[.:]/),
    });
    expect(served).toEqual([]);
  });

  it('takes the words for a token in the query for nothing else', async () => {
    const { app, served } = setUpApp();
    for (const query of ['?', '?attributes=access_token', '?access_tokens=1&ACCESS_TOKEN=2', '?access_token%00=1'])
      await request(app).get(`${URL}${query}`).set(bearer(TOKEN)).expect(200);
    expect(served).toEqual(['1', '1', '1', '1']);
  });

  it.each(['bearer', 'BEARER', 'Bearer ', 'Bearer    '])('takes "%s" and the token', async (scheme) => {
    const { app, served } = setUpApp();
    await request(app)
      .get(URL)
      .set({ Authorization: `${scheme} ${TOKEN}` })
      .expect(200);
    expect(served).toEqual(['1']);
  });

  it('lets nobody pass because the request before has passed', async () => {
    const { app, served } = setUpApp();
    for (const headers of [bearer(TOKEN), {}, bearer(TOKEN), bearer('wrong'), { Authorization: 'Bearer a b' }])
      await request(app).get(URL).set(headers);
    expect(served).toEqual(['1', '1']);
  });

  it('does not look for a token in the body', async () => {
    const { app, served } = setUpApp();
    for (const type of ['application/scim+json', 'application/json', 'application/x-www-form-urlencoded']) {
      const body = type.includes('form') ? `access_token=${TOKEN}` : JSON.stringify({ access_token: TOKEN });
      expect((await request(app).post(URL).type(type).send(body)).status).toBe(401);
    }
    expect(served).toEqual([]);
  });

  it('answers an unknown connector exactly as a wrong token', async () => {
    const { app } = setUpApp();
    const [known, unknown] = await Promise.all(
      ['demo', 'none'].map((name) =>
        request(app).get(`/ecma2host_${name}/scim/Users`).set(bearer('wrong')).set('X-Request-Id', '1'),
      ),
    );
    const { date: _1, ...knownHeaders } = known?.headers ?? {};
    const { date: _2, ...unknownHeaders } = unknown?.headers ?? {};
    expect([unknown?.status, unknown?.text, unknownHeaders]).toEqual([known?.status, known?.text, knownHeaders]);
  });

  it('lets every token of the connector pass, also beyond ASCII', async () => {
    const { app, provider, registry, served, stream } = setUpApp();
    registry.connectors.push(new TestConnector('new', ['grüße-und-mehr'], provider));
    await request(app).get('/ecma2host_other/scim/Users/1?count=1').set(bearer(OTHER)).expect(200);
    const utf8 = Buffer.from('grüße-und-mehr').toString('latin1');
    await request(app)
      .get('/ecma2host_%6Eew/scim/Users/2')
      .set({ Authorization: `bearer ${utf8}` })
      .expect(200);
    expect(served).toEqual(['1', '2']);
    expect((await stream.requests(2))[0]?.request).toMatchObject({
      connector: 'other',
      actor: 'connector other',
      notes: { tokenNumber: 2 },
    });
  });

  it('makes refused clients wait longer and longer, and nobody else', async () => {
    let now = Date.now();
    const { app, waits } = setUpApp({ clock: () => new Date(now) });
    const refused = async (times: number) => {
      for (let i = 0; i < times; i += 1) expect((await request(app).get(URL).set(bearer('wrong'))).status).toBe(401);
    };
    await refused(3);
    expect(waits).toEqual([]);
    await refused(8);
    expect(waits).toEqual([250, 500, 1000, 2000, 2000, 2000, 2000, 2000]);
    expect((await request(app).get(URL).set(bearer(TOKEN))).status).toBe(200);
    expect((await request(app).get(URL)).status).toBe(401);
    expect(waits).toHaveLength(8);
    now += 600_001;
    await refused(3);
    expect(waits).toHaveLength(8);
  });

  it('lets them wait no longer when the host stops', async () => {
    let waiting: () => void = () => undefined;
    const begun = new Promise<void>((resolve) => {
      waiting = resolve;
    });
    const { app, stopping } = setUpApp({
      wait: (_ms, signal) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', reject);
          waiting();
        }),
    });
    const refused = async () => request(app).get(URL).set(bearer('wrong'));
    for (let i = 0; i < 3; i += 1) expect((await refused()).status).toBe(401);
    const [answer] = await Promise.all([refused(), begun.then(() => stopping.abort())]);
    expect(answer.status).toBe(401);
  });
});

describe('FailureDelays', () => {
  it('counts an IPv6 network as one source, and IPv4 the same in both spellings', () => {
    const delays = new FailureDelays({ free: 1, firstMs: 1 });
    const [a, b, c] = [
      delays.failed('2001:db8:1:2::1'),
      delays.failed('2001:DB8:1:2:3:4:5:6'),
      delays.failed('2001:db8:1:3::1'),
    ];
    expect([a, b, c]).toEqual([0, 1, 0]);
    expect([delays.failed('::ffff:192.0.2.1'), delays.failed('192.0.2.1'), delays.failed('::1')]).toEqual([0, 1, 0]);
    expect(delays.size).toBe(4);
  });

  it('forgets the source that was refused longest ago when there are too many', () => {
    const delays = new FailureDelays({ free: 1, firstMs: 1, sources: 2 });
    for (const address of ['192.0.2.1', '192.0.2.2', '192.0.2.1', '192.0.2.3']) delays.failed(address);
    expect([delays.size, delays.failed('192.0.2.1'), delays.failed('192.0.2.2')]).toEqual([2, 2, 0]);
  });

  it('lets so many wait and no more', () => {
    const delays = new FailureDelays({ waitingOfOne: 2, waitingOfAll: 3 });
    for (const address of ['192.0.2.1', '192.0.2.2']) delays.failed(address);
    const releases = ['192.0.2.1', '192.0.2.1', '192.0.2.1', '192.0.2.2', '192.0.2.2'].map((each) => delays.wait(each));
    expect(releases.map(Boolean)).toEqual([true, true, false, true, false]);
    releases[0]?.();
    expect(delays.wait('192.0.2.1')).toBeDefined();
  });
});
