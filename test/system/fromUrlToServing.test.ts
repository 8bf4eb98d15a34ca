/** The walk of docs/from-url-to-serving.md: an unknown directory, looked at, proposed, checked, served. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { eventually, HostProcess, program } from '../support/hostProcess';
import { type Slapd, startSlapd } from '../support/slapd';
import { describeOnSlapd } from '../support/system';

describeOnSlapd('from a URL to a serving connector', () => {
  let slapd: Slapd;
  let host: HostProcess;

  beforeAll(async () => {
    const started = await startSlapd({ faults: false });
    if (started === undefined) throw new Error('slapd was found but did not start');
    slapd = started;
    host = await HostProcess.start({ connectors: {}, until: 'listening', secrets: [slapd.connectorPassword] });
    await host.end();
  });
  afterAll(async () => {
    await host?.stop();
    await slapd?.stop();
  });

  const run = (...args: string[]) =>
    spawnSync(process.execPath, [program, ...args], { cwd: host.folder, encoding: 'utf8', timeout: 30_000 });

  test('what discover writes is what serve serves', async () => {
    const account = ['--user-name', slapd.connectorDN, '--password-file', join(slapd.folder, 'connector.password')];
    const url = [`ldap://localhost:${slapd.port}`, '--starttls', '--ca', slapd.caFile];
    const found = run('discover', ...url, ...account, '--write', 'connectors/people.json');
    expect([found.status, found.stderr]).toEqual([0, '']);
    const checked = run('check', 'people', '--connect');
    expect([checked.status, checked.stdout]).toEqual([0, expect.stringMatching(/people\.json: ok\n$/)]);
    await host.restart();
    await host.ready();
    const client = host.client('people');
    expect((await client.find('userName eq "alice"')).map(({ userName }) => userName)).toEqual(['alice']);
    const groups = await client.find('displayName eq "staff"', '/Groups');
    expect(groups).toHaveLength(1);

    // The same stores, beside the running host: reading is welcome, a second import is not.
    await eventually(async () => {
      const exported = run('space', 'export', '--attributes', 'uid');
      expect([exported.status, exported.stderr]).toEqual([0, '']);
      expect(exported.stdout.trimEnd().split('\r\n').sort()).toEqual([
        'alice',
        'bruno',
        'chloe',
        'dmitri',
        'emi',
        'uid',
      ]);
    });
    const refused = run('import', 'people');
    expect([refused.status, refused.stderr]).toEqual([1, expect.stringMatching(/a running host works on its stores/)]);
    expect((await client.find('userName eq "bruno"')).length).toBe(1);
    expect(existsSync(join(host.folder, 'state/people.lock'))).toBe(true);
    await host.end();
    expect(run('import', 'people').stdout).toMatch(/^people: fullImport success .* 7 unchanged/);
  });
});
