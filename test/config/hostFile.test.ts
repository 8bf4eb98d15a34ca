/** host.json, the flags and the variables that say the same, and which of them counts. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Command } from 'commander';
import { type HostFlags, readFlags, withFolders, withListener } from '../../src/cli/options';
import { changedSettings, HostFileFault, parseSetting, readHostFile } from '../../src/config/hostFile';
import { defaultHostValues, hostSettings } from '../../src/config/hostSchema';

let folder: string;
const file = () => join(folder, 'host.json');
const write = (text: string) => writeFileSync(file(), text);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'host-file-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('host.json', () => {
  test('has comments, paths relative to itself, and no need to be there', () => {
    write(`{
      // where the connectors are
      "connectors": "etc/connectors", "certs": "/srv/certs", "logFile": "log/host.log",
      "admin": { "port": 8586, "token": "file:admin.token" },
    }`);
    expect(readHostFile(file(), false)).toEqual({
      file: file(),
      faults: [],
      values: {
        connectors: join(folder, 'etc/connectors'),
        certs: '/srv/certs',
        logFile: join(folder, 'log/host.log'),
        adminPort: 8586,
        adminToken: `file:${join(folder, 'admin.token')}`,
      },
    });
    rmSync(file());
    expect(readHostFile(file(), false)).toEqual({ file: file(), faults: [], values: {} });
    expect(readHostFile(file(), true).faults).toEqual([
      { path: '', message: 'the file does not exist', severity: 'fault' },
    ]);
  });

  test('has all its faults at once, each with its line, and then no values', () => {
    write(
      '{\n  "port": 70000,\n  "logLevel": "loud",\n  "prot": 1,\n  "admin": {\n    "tokn": "x", "address": 5\n  }\n}',
    );
    const { faults, values } = readHostFile(file(), false);
    expect(faults.map(({ path, line, message }) => `${line} ${path}: ${message}`).sort()).toEqual([
      '2 port: Too big: expected number to be <=65535',
      '3 logLevel: Invalid option: expected one of "error"|"warn"|"info"|"debug"',
      '4 prot: is no key of host.json',
      '6 admin.address: expected string, received number',
      '6 admin.tokn: is no key of host.json',
    ]);
    expect(values).toEqual({});
    expect(new HostFileFault({ file: file(), faults, values }).message).toContain('\n  line 4, prot: is no key');
    write('{ "__proto__": { "port": 1 } }');
    expect(readHostFile(file(), false).faults).toMatchObject([{ path: '__proto__' }]);
    write('{ "port": ');
    expect(readHostFile(file(), false).faults[0]?.message).toMatch(/^is not JSON/);
  });
});

describe('every value', () => {
  test('is also a flag and a variable, named alike', () => {
    const names = hostSettings.map(({ path, flag, key, variable }) => [path, flag, key, variable]);
    expect(names).toContainEqual(['name', '--host-name', 'hostName', 'CONNECTOR_HOST_NAME']);
    expect(names).toContainEqual(['admin.port', '--admin-port', 'adminPort', 'CONNECTOR_HOST_ADMIN_PORT']);
    expect(names).toContainEqual(['logFile', '--log-file', 'logFile', 'CONNECTOR_HOST_LOG_FILE']);
    expect(names).toContainEqual(['sealKeyFile', '--seal-key-file', 'sealKeyFile', 'CONNECTOR_HOST_SEAL_KEY_FILE']);
    const defaults = Object.keys(defaultHostValues());
    expect(defaults.filter((key) => !hostSettings.some((setting) => setting.key === key))).toEqual([]);
  });

  test.each([
    ['port', '443', { value: 443 }],
    ['port', '', { fault: 'it has to be a number' }],
    ['port', '4x', { fault: 'it has to be a number' }],
    ['port', '65536', { fault: 'Too big: expected number to be <=65535' }],
    ['state', 'here', { value: resolve('here') }],
    ['logFormat', 'xml', { fault: 'Invalid option: expected one of "auto"|"json"|"text"' }],
    ['admin.metricsWithoutToken', 'true', { value: true }],
    ['admin.metricsWithoutToken', 'yes', { fault: 'it has to be true or false' }],
    ['requestTimeout', '-1', { fault: expect.stringContaining('Too small') }],
  ])('%s of "%s"', (path, text, result) => {
    const setting = hostSettings.find((one) => one.path === path);
    expect(setting && parseSetting(setting, text)).toEqual(result);
  });
});

describe('precedence', () => {
  const variables = ['CONNECTOR_HOST_PORT', 'CONNECTOR_HOST_STATE', 'CONNECTOR_HOST_ADMIN_TOKEN'];
  afterEach(() => {
    for (const name of variables) delete process.env[name];
  });

  async function given(...args: string[]): Promise<{ flags: HostFlags; command: Command }> {
    let result: { flags: HostFlags; command: Command } | undefined;
    const program = new Command('host').exitOverride().configureOutput({ writeErr: () => undefined });
    withListener(withFolders(program)).action((flags: HostFlags, command: Command) => {
      result = { flags, command };
    });
    await program.parseAsync(['--host-file', file(), ...args], { from: 'user' });
    if (result === undefined) throw new Error('the action did not run');
    return result;
  }

  test('is flag, variable, file, default', async () => {
    write('{ "port": 3, "state": "from-file", "logLevel": "warn", "name": "file.example.com" }');
    process.env.CONNECTOR_HOST_PORT = '2';
    process.env.CONNECTOR_HOST_STATE = 'from-variable';
    const { flags, command } = await given('--port', '1');
    expect(flags).toMatchObject({ port: 1, state: resolve('from-variable'), logLevel: 'warn', requestTimeout: 60 });
    expect(flags.hostName).toBe('file.example.com');
    expect(flags.certs).toBe(resolve('certs'));

    write('{ "port": 4, "logLevel": "debug", "drainTimeout": 20 }');
    const { flags: after } = readFlags(command);
    expect(after).toMatchObject({ port: 1, logLevel: 'debug', drainTimeout: 20 });
    expect(after.hostName).toBe(defaultHostValues().hostName);
    const changed = changedSettings(flags, after).map(({ path, live }) => [path, live]);
    expect(changed).toEqual([
      ['name', false],
      ['logLevel', true],
      ['drainTimeout', true],
    ]);
  });

  test('a file with faults, or that was named and is not there, lets no command begin', async () => {
    write('{ "port": "x" }');
    await expect(given()).rejects.toThrow(/host\.json has faults:\n {2}line 1, port: expected number, received string/);
    rmSync(file());
    await expect(given()).rejects.toThrow('the file does not exist');
  });

  test('the administrator’s token never stands on the command line, and may stand in a variable', async () => {
    write('{}');
    await expect(given('--admin-token', 'S3cret-itself')).rejects.toThrow(/^error: --admin-token takes env:NAME/);
    await expect(given('--admin-token', 'S3cret-itself')).rejects.not.toThrow(/S3cret/);
    expect((await given('--admin-token', 'env:ADMIN')).flags.adminToken).toBe('env:ADMIN');
    process.env.CONNECTOR_HOST_ADMIN_TOKEN = 'S3cret-itself';
    expect((await given()).flags.adminToken).toBe('S3cret-itself');
  });
});
