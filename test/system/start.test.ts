/** What somebody sees who starts the host: the first minute, broken connector files, and a directory that is not there. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectivity, people } from '../support/connectorFiles';
import { eventually, HostProcess, program, secret } from '../support/hostProcess';
import { startSlapd } from '../support/slapd';
import { describeOnSlapd } from '../support/system';

const demo = join(__dirname, '../../connectors/demo.json');

describe('the first start', () => {
  let host: HostProcess;

  beforeAll(async () => {
    host = await HostProcess.start({ connectors: { demo: readFileSync(demo, 'utf8') } });
    process.stderr.write(`The host listens ${Math.round(host.listeningAfterMs)} ms after its start.\n`);
  });
  afterAll(() => host?.stop());

  test('shows the endpoint, the file of the secret token, and a command that works as it is printed', () => {
    const endpoint = `https://localhost:${host.port}/ecma2host_demo/scim`;
    expect(host.output).toContain(`  ${endpoint}\n`);
    expect(host.output).toContain('secret token: in certs/demo.token');
    expect(host.output).not.toContain(host.token('demo'));
    const command = /^ {2}(curl .*)$/m.exec(host.output)?.[1] ?? '';
    const answer = execFileSync('sh', ['-c', command.replace(/^curl /, 'curl -s ')], { cwd: host.folder });
    const list = JSON.parse(answer.toString());
    expect(list).toMatchObject({ totalResults: 13, itemsPerPage: 3 });
  });

  test('keeps token, key and stores for itself', () => {
    const mode = (file: string) => (statSync(join(host.folder, file)).mode & 0o777).toString(8);
    for (const file of ['certs/demo.token', 'certs/self-signed.key', 'state/demo.state.sqlite'])
      expect([file, mode(file)]).toEqual([file, '600']);
    for (const folder of ['certs', 'state']) expect([folder, mode(folder)]).toEqual([folder, '700']);
  });

  test('asks for the token everywhere but at the probes', async () => {
    const anybody = host.client('');
    expect((await anybody.get('/healthz')).body).toEqual({ status: 'alive' });
    expect((await anybody.get('/readyz')).status).toBe(200);
    for (const path of ['/Users', '/Schemas', '/cache', '/ServiceProviderConfig', '/Me', '/Bulk']) {
      const { status, headers } = await anybody.get(`/ecma2host_demo/scim${path}`);
      expect([path, status, headers['www-authenticate']]).toEqual([path, 401, expect.stringMatching(/^Bearer/)]);
    }
  });

  test('takes a token of its environment instead of one that it makes', async () => {
    const token = secret('token-of-the-environment');
    const other = await HostProcess.start({ connectors: { memory: people(undefined) }, env: { SECRET_TOKEN: token } });
    try {
      expect(other.output).toContain('in the environment variable SECRET_TOKEN');
      expect((await other.client('memory', token).get('/Users?count=1')).status).toBe(200);
      expect((await other.client('memory', `${token}x`).get('/Users?count=1')).status).toBe(401);
    } finally {
      await other.stop();
    }
  });

  test('a port that is taken, and a folder that is not there, are one sentence and exit code 1', () => {
    const run = (...args: string[]) =>
      spawnSync(process.execPath, [program, ...args], { cwd: host.folder, encoding: 'utf8', timeout: 120_000 });
    const taken = run('serve', '--port', String(host.port), '--state', 'other-state');
    expect([taken.status, taken.stderr]).toEqual([1, expect.stringMatching(new RegExp(`^.*${host.port}.*\n$`))]);
    const missing = run('serve', '--port', '0', '--connectors', 'nowhere');
    expect([missing.status, missing.stderr]).toEqual([
      1,
      expect.stringMatching(/^The connector folder .*nowhere does not exist.*\n$/),
    ]);
    expect(run('serve', '--port', 'x').status).toBe(2);
  });
});

test('faults in one connector file keep the others from nothing', async () => {
  const broken = '{ "connectivity": { "product": "memory" }, "objectTypes": [ { "resourceType": "Robot" } ] }';
  const misfit = people(undefined, { targetObject: 'noSuchClass' });
  const host = await HostProcess.start({
    connectors: { works: people(undefined), broken, misfit, torn: '{ "connectivity": ' },
    until: 'listening',
  });
  try {
    expect((await host.client('works').get('/Users?count=1')).status).toBe(200);
    expect(host.output).toContain('objectTypes[0].targetObject');
    expect(host.output).toContain('has no object class \\"noSuchClass\\"');
    expect((await host.client('').get('/readyz')).body).toMatchObject({ connectors: { serving: 1, faulty: 3 } });
    const refused = await host.client('misfit').get('/Users');
    expect([refused.status, refused.headers['retry-after']]).toEqual([503, expect.stringMatching(/^\d+$/)]);
    expect(String(refused.body.detail)).toContain('noSuchClass');
    // Without options there is no token, so nobody may know that there is such a file.
    expect((await host.client('broken', 'x'.repeat(20)).get('/Users')).status).toBe(401);
    const { status, stdout } = spawnSync(process.execPath, [program, 'check'], { cwd: host.folder, encoding: 'utf8' });
    expect(status).toBe(1);
    expect(stdout).toMatch(/broken\.json: \d faults?\n.*objectTypes\[0\].targetObject/);
    expect(stdout).toContain('objectTypes[0].targetObject: the directory');
    expect(stdout).toMatch(/torn\.json: \d faults?\n {2}fault {2}line 1: is not JSON/);
    expect(stdout).toMatch(/works\.json: ok/);
  } finally {
    await host.stop();
  }
});

test('check says all faults at once, each with its place, and answers exit code 1', () => {
  const folder = mkdtempSync(join(tmpdir(), 'check-'));
  try {
    mkdirSync(join(folder, 'connectors'));
    const file = {
      connectivity: { product: 'memory', port: 0 },
      objectTypes: [
        {
          resourceType: 'User',
          targetObject: 'person',
          dn: 'Join("", ',
          deprovisioning: { deleteFlow: { action: 'hide' } },
        },
      ],
      extra: 1,
    };
    writeFileSync(join(folder, 'connectors/many.json'), JSON.stringify(file));
    const { status, stdout } = spawnSync(process.execPath, [program, 'check', '--json'], {
      cwd: folder,
      encoding: 'utf8',
    });
    expect(status).toBe(1);
    const paths = JSON.parse(stdout)[0].faults.map(({ path }: { path: string }) => path);
    expect(paths.sort()).toEqual([
      'connectivity.port',
      'extra',
      'objectTypes[0].deprovisioning.deleteFlow.action',
      'objectTypes[0].dn',
    ]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

describeOnSlapd('a directory that is down when the host starts', () => {
  test('keeps nobody else from serving; its connector answers 503 and opens by itself', async () => {
    const slapd = await startSlapd({ faults: false });
    if (slapd === undefined) throw new Error('slapd was found but did not start');
    await slapd.kill();
    const tls = { binding: 'TLS', host: 'localhost', certificate: { ca: slapd.caFile } };
    const host = await HostProcess.start({
      connectors: {
        memory: people(undefined),
        plain: people(slapd),
        encrypted: people(slapd, {}, { connectivity: connectivity(slapd, tls) }),
      },
      secrets: [slapd.connectorPassword],
      until: 'listening',
    });
    try {
      expect((await host.client('memory').get('/Users?count=1')).status).toBe(200);
      const waiting = await host.client('plain').get('/Users?count=1');
      expect([waiting.status, waiting.headers['retry-after']]).toEqual([503, expect.stringMatching(/^\d+$/)]);
      expect(waiting.body).toMatchObject({ status: '503', detail: expect.stringContaining('opens by itself') });
      expect((await host.client('').get('/readyz')).status).toBe(503);
      await slapd.restart();
      await eventually(async () => expect((await host.client('').get('/readyz')).status).toBe(200));
      for (const name of ['plain', 'encrypted'])
        expect((await host.client(name).find('userName eq "alice"')).map(({ userName }) => userName)).toEqual([
          'alice',
        ]);
    } finally {
      await host.stop();
      await slapd.stop();
    }
  });
});
