/** The built program with its administration: what an administrator and a scraper of metrics get, and nobody else. */
import { spawnSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { type RequestOptions, request } from 'node:http';
import { request as secureRequest } from 'node:https';
import { join } from 'node:path';
import { people } from '../support/connectorFiles';
import { eventually, HostProcess, secret } from '../support/hostProcess';
import { startTimeout } from '../support/system';

interface Answer {
  readonly status: number;
  readonly text: string;
}

const ownToken = secret('administrator');
const answers: string[] = [];

/** A request to an administration, whose answer is searched for secrets at the end. */
function ask(url: string, token: string | undefined, options: RequestOptions & { ca?: string; body?: object } = {}) {
  const { body, ...rest } = options;
  const headers = {
    ...(token !== undefined && { Authorization: `Bearer ${token}` }),
    ...(body !== undefined && { 'Content-Type': 'application/json' }),
  };
  const send = url.startsWith('https:') ? secureRequest : request;
  return new Promise<Answer>((resolve, reject) => {
    const sent = send(url, { headers, agent: false, ...rest }, (response) => {
      let text = '';
      response.on('data', (chunk) => {
        text += chunk;
      });
      response.on('end', () => {
        answers.push(JSON.stringify(response.headers), text);
        resolve({ status: response.statusCode ?? 0, text });
      });
    });
    sent.on('error', reject);
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

const urlOf = ({ output }: HostProcess) =>
  /"message":"the administration listens","url":"([^"]+)"/.exec(output)?.[1] ?? '';

describe('on loopback, with a token that the host makes', () => {
  let host: HostProcess;
  let url: string;
  let token: string;

  beforeAll(async () => {
    host = await HostProcess.start({ connectors: { people: people(undefined) }, args: ['--admin-port', '0'] });
    url = urlOf(host);
    token = readFileSync(join(host.folder, 'certs/host.admin.token'), 'utf8').trim();
  }, startTimeout);
  afterAll(async () => {
    const kept = [token, host.token('people')];
    expect(answers.filter((text) => kept.some((word) => text.includes(word)) || text.includes('S3cret'))).toEqual([]);
    expect(kept.filter((word) => host.output.includes(word))).toEqual([]);
    await host.stop();
  });

  test('is HTTP on 127.0.0.1; the token is for its owner only', () => {
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(statSync(join(host.folder, 'certs/host.admin.token')).mode & 0o777).toBe(0o600);
    expect(host.output).toContain('certs/host.admin.token');
  });

  test('each token opens its own door', async () => {
    for (const path of ['/metrics', '/admin/connectors', '/admin/version']) {
      const status = async (given: string | undefined) => (await ask(url + path, given)).status;
      expect([path, await status(undefined), await status('wrong'), await status(host.token('people'))]).toEqual([
        path,
        401,
        401,
        403,
      ]);
      expect([path, await status(token)]).toEqual([path, 200]);
    }
    expect((await host.client('people', token).get('/Users?count=1')).status).toBe(401);
    expect((await host.client('').get('/metrics')).status).toBe(404);
    expect((await host.client('').get('/admin/connectors')).status).toBe(404);
  });

  test('counts requests and operations by connector, and satisfies promtool where it is installed', async () => {
    expect((await host.client('people').get('/Users?count=1')).status).toBe(200);
    expect((await host.client('people').post('/Users', { schemas: [] })).status).toBe(400);
    expect((await host.client('people').get('/Robots')).status).toBe(404);
    const { text } = await ask(`${url}/metrics`, token);
    const value = (pattern: RegExp) => Number(pattern.exec(text)?.[1]);
    expect(value(/http_requests_total\{connector="people",endpoint="Users",method="GET",status="200"\} (\d+)/)).toBe(1);
    expect(value(/http_requests_total\{connector="people",endpoint="Users",method="POST",status="400"\} (\d+)/)).toBe(
      1,
    );
    expect(value(/http_requests_total\{connector="people",endpoint="other",method="GET",status="404"\} (\d+)/)).toBe(1);
    expect(value(/http_requests_total\{connector="",endpoint="other",method="GET",status="401"\} (\d+)/)).toBe(1);
    expect(
      value(/ldap_operations_total\{connector="people",operation="search",result="success"\} (\d+)/),
    ).toBeGreaterThan(0);
    expect(value(/space_entries\{connector="people",resource_type="User"\} (\d+)/)).toBeGreaterThan(0);
    expect(value(/import_runs_total\{connector="people",profile="fullImport",outcome="success"\} (\d+)/)).toBe(1);
    expect(value(/certificate_expiry_timestamp_seconds ([\d.e+]+)/)).toBeGreaterThan(Date.now() / 1000);
    expect(value(/config_last_reload_successful (\d)/)).toBe(1);
    const { error, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], { input: text });
    if (error === undefined) expect([String(stdout), String(stderr)]).toEqual(['', '']);
  });

  test('switches a connector off over a restart, runs an import, and changes the log level', async () => {
    const at = (path: string) => `${url}/admin/connectors/people${path}`;
    const off = await ask(at('/deactivate'), token, { method: 'POST' });
    expect([off.status, JSON.parse(off.text).state]).toEqual([200, 'inactive']);
    expect((await host.client('people').get('/Users?count=1')).status).toBe(404);
    await host.restart();
    url = urlOf({ output: host.output.slice(host.output.lastIndexOf('the host listens')) } as HostProcess);
    expect((await host.client('people').get('/Users?count=1')).status).toBe(404);
    await ask(at('/activate'), token, { method: 'POST' });
    await eventually(async () => expect((await host.client('people').get('/Users?count=1')).status).toBe(200));

    await eventually(async () => {
      const run = await ask(at('/runs'), token, { method: 'POST', body: { profile: 'fullImport' } });
      expect(run.status).toBe(202);
    });
    await eventually(async () => expect((await ask(at('/runs/current'), token)).status).toBe(404));
    const { runs } = JSON.parse((await ask(at('/runs?profile=fullImport'), token)).text);
    expect(runs.map(({ outcome }: { outcome: string }) => outcome)).toContain('success');
    expect(runs.length).toBeGreaterThanOrEqual(3);

    const level = await ask(`${url}/admin/log-level`, token, { method: 'PUT', body: { level: 'debug' } });
    expect(JSON.parse(level.text)).toEqual({ level: 'debug' });
    await host.client('').get('/healthz');
    await eventually(async () => expect(host.output).toContain('"level":"debug","message":"GET /healthz'));
  });
});

test('elsewhere it is HTTPS with the certificate of the host, and takes the token that is named', async () => {
  const host = await HostProcess.start({
    connectors: { people: people(undefined) },
    args: ['--admin-port', '0', '--admin-address', '0.0.0.0', '--admin-token', 'env:ADMIN'],
    env: { ADMIN: ownToken },
  });
  try {
    const { port, protocol } = new URL(urlOf(host));
    expect(protocol).toBe('https:');
    const ca = readFileSync(join(host.folder, 'certs/self-signed.crt'), 'utf8');
    expect((await ask(`https://localhost:${port}/admin/version`, ownToken, { ca, family: 4 })).status).toBe(200);
    expect((await ask(`https://localhost:${port}/admin/version`, `${ownToken}x`, { ca, family: 4 })).status).toBe(401);
    await expect(ask(`http://127.0.0.1:${port}/admin/version`, ownToken)).rejects.toThrow();
  } finally {
    await host.stop();
  }
});

test('there is none unless a port is named', async () => {
  const host = await HostProcess.start({ connectors: { people: people(undefined) } });
  try {
    expect(host.output).not.toContain('administration');
  } finally {
    await host.stop();
  }
});
