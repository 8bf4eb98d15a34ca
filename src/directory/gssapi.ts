/**
 * Kerberos by SASL GSSAPI (RFC 4752), without a security layer: what is to be secret goes over TLS. The `kerberos`
 * package is native code and is loaded only where a connector asks for it; tickets are got by `kinit`, from a keytab or
 * with a password, into a cache of this process alone.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { addressOf, type Host } from './transport';

/** Where tickets come from. Without keytab and password: from the cache that the environment names (`KRB5CCNAME`). */
export interface KerberosOptions {
  /** Path of a keytab with the key of the user name. */
  readonly keytab?: string;
  /** First component of the name of the service; default `ldap`. */
  readonly service?: string;
}

/** {@link KerberosOptions} and whose ticket it is. */
export interface KerberosAccount extends KerberosOptions {
  /** E.g. `connector@EXAMPLE.COM`; absent: that of the cache. */
  readonly principal?: string;
  /** '' where there is none. */
  readonly password: string;
}

/** The part of the `kerberos` package that is used. Tokens are base64. */
interface KerberosPackage {
  readonly GSS_MECH_OID_KRB5: number;
  initializeClient(
    service: string,
    options: { readonly mechOID: number; readonly principal?: string },
  ): Promise<KerberosClient>;
}

interface KerberosClient {
  readonly contextComplete: boolean;
  step(challenge: string): Promise<string>;
  wrap(message: string, options: object): Promise<string>;
  unwrap(message: string): Promise<string>;
}

/** RFC 4752 §3.3: no security layer, and so no size of a buffer. */
const NO_LAYER = Buffer.from([1, 0, 0, 0]);
const MOST_STEPS = 10;
const KINIT_MS = 20_000;

/**
 * Binds: `exchange` sends credentials to the server and answers those that came back. Rejects with a sentence that says
 * what to do when there is no ticket, no package, or the server cannot be believed.
 */
export async function gssapiBind(
  host: Host,
  account: KerberosAccount,
  exchange: (credentials: Buffer) => Promise<Buffer>,
): Promise<void> {
  const kerberos = loadPackage();
  if (account.keytab !== undefined || account.password !== '') await getTicket(account);
  const { principal, service = 'ldap' } = account;
  const client = await kerberos.initializeClient(`${service}@${host.host}`, {
    mechOID: kerberos.GSS_MECH_OID_KRB5,
    ...(principal !== undefined && { principal }),
  });
  let challenge = '';
  for (let steps = 0; !client.contextComplete; steps += 1) {
    if (steps === MOST_STEPS) throw new Error(`${addressOf(host)} goes on asking`);
    const token = (await client.step(challenge)) ?? '';
    const answer = await exchange(Buffer.from(token, 'base64'));
    challenge = answer.toString('base64');
  }
  // Some contexts are complete with the last token that came, and then nothing was left to send for it.
  const offer = Buffer.from(await client.unwrap(challenge), 'base64');
  if (offer.length !== 4) throw new Error(`${addressOf(host)} offers no security layers as RFC 4752 has them`);
  if (((offer[0] ?? 0) & 1) === 0)
    throw new Error(
      `${addressOf(host)} demands a SASL security layer, which is not supported: use TLS, and let the server accept binds without a layer over it`,
    );
  await exchange(Buffer.from(await client.wrap(NO_LAYER.toString('base64'), {}), 'base64'));
}

function loadPackage(): KerberosPackage {
  try {
    return require('kerberos') as KerberosPackage;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new Error(
      code === 'MODULE_NOT_FOUND'
        ? 'the package "kerberos" is not installed: "npm install kerberos" beside this one (it needs libkrb5-dev and a compiler where there is no prebuilt one)'
        : `the package "kerberos" cannot be loaded: ${message}`,
      { cause: error },
    );
  }
}

let cache: string | undefined;

/** One collection of caches for all connectors of this process, each principal with its own. */
function ownCache(): string {
  if (cache === undefined) {
    const folder = mkdtempSync(join(tmpdir(), 'krb5cc-'));
    process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
    cache = `DIR:${folder}`;
    // The library looks into the environment of the process, and nowhere else.
    process.env.KRB5CCNAME = cache;
  }
  return cache;
}

/** A fresh ticket-granting ticket. Each connection begins with one, so that none outlives it unnoticed. */
function getTicket({ principal, keytab, password }: KerberosAccount): Promise<void> {
  if (principal === undefined) return Promise.reject(new Error('a keytab or a password needs a user name to go with'));
  const args = keytab === undefined ? [principal] : ['-k', '-t', keytab, principal];
  return new Promise((resolve, reject) => {
    const env = { ...process.env, KRB5CCNAME: ownCache(), LC_ALL: 'C' };
    const child = spawn('kinit', args, { env, stdio: ['pipe', 'ignore', 'pipe'], timeout: KINIT_MS });
    let said = '';
    child.stderr.on('data', (text: Buffer) => {
      said = `${said}${text}`.slice(0, 1_000);
    });
    child.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        error.code === 'ENOENT'
          ? new Error('"kinit" is not installed (Debian: apt-get install krb5-user)', { cause: error })
          : error,
      ),
    );
    child.once('close', (code) => {
      if (code === 0) resolve();
      else
        reject(
          new Error(`no ticket for ${principal}: ${said.replace(/^kinit: /, '').trim() || `kinit ended with ${code}`}`),
        );
    });
    // A password that is refused ends the process before it has read anything.
    child.stdin.on('error', () => undefined);
    child.stdin.end(keytab === undefined ? `${password}\n` : '');
  });
}
