/** A private Kerberos realm: an MIT KDC on a free port of 127.0.0.1, in a temporary folder. */
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from './hostProcess';

const KDC = '/usr/sbin/krb5kdc';
const ADMIN = '/usr/sbin/kadmin.local';
const REALM = 'EXAMPLE.COM';

export interface Kdc {
  readonly realm: string;
  /** `KRB5_CONFIG` and the keytab of the directory (`KRB5_KTNAME`). */
  readonly env: Readonly<Record<string, string>>;
  /** Of `connector@EXAMPLE.COM`, whose password is `password`. */
  readonly keytab: string;
  readonly password: string;
  stop(): Promise<void>;
}

/** Why there can be no realm here; undefined where there can. */
export function noKdcBecause(): string | undefined {
  if (!existsSync(KDC) || !existsSync(ADMIN) || !existsSync('/usr/bin/kinit'))
    return 'a KDC is not installed (Debian: apt-get install --no-install-recommends krb5-kdc krb5-admin-server krb5-user libsasl2-modules-gssapi-mit)';
  try {
    require.resolve('kerberos');
    return undefined;
  } catch {
    return 'the package "kerberos" is not installed (npm install --no-save kerberos; Debian: apt-get install libkrb5-dev)';
  }
}

/** Starts a realm with the principals `connector` and `ldap/localhost`. */
export async function startKdc(): Promise<Kdc> {
  const folder = mkdtempSync(join(tmpdir(), 'kdc-'));
  const file = (name: string) => join(folder, name);
  const port = await freePort();
  const password = 'S3cret-kerberos-never-shown';
  const env = { KRB5_CONFIG: file('krb5.conf'), KRB5_KDC_PROFILE: file('kdc.conf'), KRB5_KTNAME: file('ldap.keytab') };
  const lines = (...text: string[]) => `${text.join('\n')}\n`;
  writeFileSync(
    env.KRB5_CONFIG,
    lines(
      ...['[libdefaults]', `default_realm = ${REALM}`, 'dns_lookup_kdc = false', 'dns_canonicalize_hostname = false'],
      ...['rdns = false', 'udp_preference_limit = 1', '[realms]', `${REALM} = {`, `kdc = 127.0.0.1:${port}`, '}'],
      ...['[domain_realm]', `localhost = ${REALM}`],
    ),
  );
  writeFileSync(
    env.KRB5_KDC_PROFILE,
    lines(
      ...['[kdcdefaults]', `kdc_listen = 127.0.0.1:${port}`, `kdc_tcp_listen = 127.0.0.1:${port}`, '[realms]'],
      ...[`${REALM} = {`, `database_name = ${file('principal')}`, `key_stash_file = ${file('stash')}`],
      ...[`acl_file = ${file('kadm5.acl')}`, 'supported_enctypes = aes256-cts-hmac-sha1-96:normal', '}'],
      ...['[logging]', `kdc = FILE:${file('kdc.log')}`, `admin_server = FILE:${file('kadmin.log')}`],
    ),
  );
  const all = { ...process.env, ...env };
  const run = (command: string, ...args: string[]) => execFileSync(command, args, { env: all, stdio: 'pipe' });
  run('/usr/sbin/kdb5_util', 'create', '-s', '-r', REALM, '-P', 'master');
  const admin = (query: string) => run(ADMIN, '-r', REALM, '-q', query);
  admin(`addprinc -pw ${password} connector`);
  admin('addprinc -randkey ldap/localhost');
  admin(`ktadd -k ${env.KRB5_KTNAME} ldap/localhost`);
  admin(`ktadd -norandkey -k ${file('connector.keytab')} connector`);
  const child = spawn(KDC, ['-n', '-r', REALM], { env: all, stdio: 'ignore' });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const stop = async () => {
    child.kill('SIGKILL');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  await eventually(() => accepts(port)).catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  return { realm: REALM, env, keytab: file('connector.keytab'), password, stop };
}

function accepts(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => resolve(void socket.destroy())).once('error', reject);
  });
}

function freePort(): Promise<number> {
  const server = createServer();
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
