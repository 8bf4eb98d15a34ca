/** The commands around certificates, tokens and sealed secrets, as somebody types them. */
import { X509Certificate } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Machine, trustCertificate } from '../../src/cli/trust';
import { SealKeys } from '../../src/config/sealing';
import { openCertificate } from '../../src/host/certificate';
import { Secret } from '../../src/telemetry/secret';
import { people } from '../support/connectorFiles';
import { commandLine } from './commandLine';

let folder: string;
const path = (...names: string[]) => join(folder, ...names);
const host = (...args: string[]) =>
  commandLine([
    ...args,
    ...['connectors', 'certs', 'state'].flatMap((name) => [`--${name}`, path(name)]),
    ...['--host-file', path('host.json'), '--seal-key-file', path('secrets/seal.key')],
  ]);
const certificate = (...args: string[]) => host('certificate', ...args, '--host-name', 'host.example.com');

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'commands-'));
  mkdirSync(path('connectors'));
  writeFileSync(path('host.json'), '{}');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('certificate', () => {
  test('shows what there is, and makes another one only when told to', async () => {
    const none = await certificate('show');
    expect([none.code, none.stdout]).toEqual([1, '']);
    expect(none.stderr).toContain('certificate renew');
    const made = await certificate('renew', '--json');
    expect(made.code).toBe(0);
    const { fingerprint256, daysLeft, origin, subject } = JSON.parse(made.stdout);
    expect([daysLeft, origin, subject]).toEqual([729, 'self-signed', 'CN=host.example.com']);
    expect(JSON.parse((await certificate('show', '--json')).stdout).fingerprint256).toBe(fingerprint256);
    const shown = (await certificate('show')).stdout;
    expect(shown).toMatch(/^origin: +made by this host$/m);
    expect(shown).toMatch(/^names: +DNS:host\.example\.com, DNS:localhost, /m);
    expect(JSON.parse((await certificate('renew', '--json')).stdout).fingerprint256).not.toBe(fingerprint256);
  });

  test('exports the certificate, never the key', async () => {
    await certificate('renew');
    const pem = (await certificate('export')).stdout;
    expect(pem).toMatch(/^-----BEGIN CERTIFICATE-----/);
    expect(pem).not.toContain('PRIVATE');
    await certificate('export', '--format', 'der', '--output', path('host.cer'));
    const der = readFileSync(path('host.cer'));
    expect(new X509Certificate(der).fingerprint256).toBe(new X509Certificate(pem).fingerprint256);
    expect((await certificate('export', '--output', path('none/x'))).code).toBe(1);
  });

  test('leaves one that was brought alone, warns of its end, and fails when that is past', async () => {
    const old = (days: number) => () => new Date(Date.now() - days * 86_400_000);
    const bring = async (days: number) => {
      const { cert, key } = await openCertificate({
        directory: path(`${days}`),
        hostName: 'host.example.com',
        clock: old(days),
      });
      mkdirSync(path('certs'), { recursive: true });
      writeFileSync(path('certs/host.crt'), cert);
      writeFileSync(path('certs/host.key'), key, { mode: 0o600 });
    };
    await bring(710);
    const soon = await certificate('show');
    expect([soon.code, soon.stdout]).toEqual([0, expect.stringMatching(/^warning: .* expires on .*, in \d+ days/m)]);
    const renewed = await certificate('renew');
    expect([renewed.code, renewed.stderr]).toEqual([1, expect.stringContaining('was brought by you')]);
    await bring(800);
    const late = await certificate('show');
    expect([late.code, late.stdout]).toEqual([1, expect.stringMatching(/^valid until: .*: expired$/m)]);
  });

  test('is trusted by this machine, or said how', () => {
    const file = '/srv/certs/self-signed.crt';
    const info = { file, fingerprint256: 'AB:CD:EF:01:23:45:67' };
    const name = 'connector-host-abcdef012345.crt';
    const done: string[] = [];
    const machine = (more: Partial<Machine>): Machine => ({
      platform: 'linux',
      isRoot: true,
      exists: (folder) => folder.includes('ca-certificates'),
      copy: (from, to) => done.push(`${from} ${to}`),
      run: (program) => done.push(program),
      ...more,
    });
    const trust = (more: Partial<Machine>, perform = true) =>
      trustCertificate(info, { perform, machine: machine(more) });
    expect(trust({}, false)).toContain(`sudo cp ${file} /usr/local/share/ca-certificates/${name}`);
    expect(trust({ isRoot: false })).toContain('sudo update-ca-certificates');
    expect(trust({ exists: (one) => one.includes('pki') })).toContain('sudo update-ca-trust');
    expect(trust({ platform: 'darwin' })).toContain('security add-trusted-cert');
    expect(trust({ platform: 'win32' })).toContain('Import-Certificate');
    expect(done).toEqual([]);
    expect(trust({})).toContain('This machine trusts /srv/certs/self-signed.crt now');
    expect(done).toEqual([`${file} /usr/local/share/ca-certificates/${name}`, 'update-ca-certificates']);
    const broken = () => {
      throw new Error('no such program');
    };
    expect(() => trust({ run: broken })).toThrow(/could not be made to trust .*: no such program/);
  });
});

describe('token', () => {
  const lines = () => readFileSync(path('certs/people.token'), 'utf8').trim().split('\n');

  test('makes, rolls and retires, and says where', async () => {
    writeFileSync(path('connectors/people.json'), JSON.stringify(people(undefined)));
    const made = await host('token', 'people');
    expect(made.stdout).toContain('people.token: one valid token');
    const [first] = lines();
    expect(made.stdout).not.toContain(first);
    expect(statSync(path('certs/people.token')).mode & 0o777).toBe(0o600);
    const rolled = JSON.parse((await host('token', 'people', '--roll', '--json')).stdout);
    expect([rolled.valid, lines()[1]]).toEqual([2, first]);
    expect((await host('token', 'people', '--retire')).stdout).toContain('one valid token');
    expect(lines()).not.toContain(first);
    expect((await host('token', 'people', '--roll', '--retire')).code).toBe(2);
  });

  test('makes none for a connector that there is not, or that has its own', async () => {
    const own = { ...people(undefined), properties: { secretToken: 'env:NOWHERE' } };
    writeFileSync(path('connectors/own.json'), JSON.stringify(own));
    writeFileSync(path('connectors/torn.json'), '{');
    for (const [name, words] of [
      ['nobody', 'There is no connector file nobody.json'],
      ['own', 'names its secret token itself'],
      ['torn', 'connector-host check torn'],
    ] as const) {
      const { code, stderr } = await host('token', name);
      expect([name, code, stderr]).toEqual([name, 1, expect.stringContaining(words)]);
      expect(() => statSync(path(`certs/${name}.token`))).toThrow();
    }
  });
});

test('secret rotate says what became of each file, and fails when one could not be done', async () => {
  const { code, stderr } = await host('secret', 'rotate');
  expect([code, stderr]).toEqual([1, expect.stringContaining('seal.key does not exist')]);
  const keys = SealKeys.readOrMake(path('secrets/seal.key'));
  const file = (password: string) => JSON.stringify({ connectivity: { password } });
  writeFileSync(path('connectors/a.json'), file(keys.seal(new Secret('S3cret'))));
  writeFileSync(path('host.json'), JSON.stringify({ admin: { token: keys.seal(new Secret('S3cret-token')) } }));
  const done = await host('secret', 'rotate');
  expect(done.stdout).toMatch(
    /a\.json: 1 sealed again\n.*host\.json: 1 sealed again\n.*seal\.key holds the new key only\.\n/,
  );
  writeFileSync(path('connectors/b.json'), file('enc:1.00000000.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'));
  const failed = await host('secret', 'rotate', '--json');
  expect([failed.code, JSON.parse(failed.stdout).complete]).toEqual([1, false]);
  expect(JSON.parse(failed.stdout).files[1].fault).toContain('was sealed with another key');
});
