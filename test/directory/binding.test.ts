/** Who a connector is at the directory without a password: by its certificate, by its process; and how servers are chosen. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { tryCredentials } from '../../src/directory/bindProbe';
import { credentialsOf } from '../../src/directory/credentials';
import { HostOrder } from '../../src/directory/hostOrder';
import type { SessionOptions } from '../../src/directory/session';
import { startProxy } from '../support/fakeLdap';
import { closing, failure, openKnown, read } from '../support/ldap';
import { type Slapd, startSlapd } from '../support/slapd';

let slapd: Slapd | undefined;
beforeAll(async () => {
  slapd = await startSlapd();
});
afterAll(() => slapd?.stop());

const timeouts = { connectionTimeoutMs: 10_000 };
const certificateOf = ({ clientCertificate: { file, keyFile } }: Slapd) => ({
  certificate: readFileSync(file),
  key: readFileSync(keyFile),
});

describe('SASL EXTERNAL', () => {
  test('with a client certificate, over LDAPS and over StartTLS', async () => {
    if (!slapd) return;
    const tls = { ca: readFileSync(slapd.caFile), clientCertificate: certificateOf(slapd) };
    for (const [binding, port] of [
      ['SSL', slapd.tlsPort],
      ['TLS', slapd.port],
    ] as const) {
      const options = { binding, tls, userName: undefined, password: undefined } as Partial<SessionOptions>;
      const directory = await openKnown({ ...slapd, port }, options);
      expect((await read(directory))[0]?.first('uid')).toBe('alice');
      const host = { host: 'localhost', port };
      const security = binding === 'SSL' ? 'ldaps' : 'startTLS';
      expect(await tryCredentials(host, security, { hosts: [host], binding, tls, ...timeouts })).toEqual({
        name: 'SASL EXTERNAL',
        identity: `dn:${slapd.connectorDN}`,
      });
    }
  });

  test('with a key that is encrypted, and with a passphrase that is wrong', async () => {
    if (!slapd) return;
    const { file, keyFile } = slapd.clientCertificate;
    const key = execFileSync('openssl', ['ec', '-in', keyFile, '-aes256', '-passout', 'pass:S3cret-key'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const host = { host: 'localhost', port: slapd.tlsPort };
    const attempt = (passphrase: string) => {
      const clientCertificate = { certificate: readFileSync(file), key, passphrase };
      const tls = { ca: readFileSync(slapd?.caFile ?? ''), clientCertificate };
      return tryCredentials(host, 'ldaps', { hosts: [host], binding: 'SSL', tls, ...timeouts });
    };
    expect(await attempt('S3cret-key')).toMatchObject({ identity: `dn:${slapd.connectorDN}` });
    const error = await failure(attempt('S3cret-wrong'));
    expect(error).toMatchObject({ result: 'connectionLost' });
    expect(error.diagnostic).not.toContain('S3cret');
  });

  test('a server that asks for no certificate refuses in words', async () => {
    if (!slapd) return;
    const tls = { ca: readFileSync(slapd.caFile) };
    const host = { host: 'localhost', port: slapd.tlsPort };
    const server = readFileSync(join(slapd.folder, 'tls/server.pem'));
    // A certificate that the server has no account for: it is taken for nobody that may read.
    const clientCertificate = { certificate: server, key: readFileSync(join(slapd.folder, 'tls/server.key')) };
    const found = await tryCredentials(host, 'ldaps', {
      hosts: [host],
      binding: 'SSL',
      tls: { ...tls, clientCertificate },
      ...timeouts,
    }).catch((error: unknown) => error);
    expect(JSON.stringify(found)).not.toContain(slapd.connectorDN);
  });

  test('over a Unix socket, as the process that asks', async () => {
    if (!slapd) return;
    const host = { host: 'localhost', port: 0, path: join(slapd.folder, 'ldapi') };
    const options = { hosts: [host], binding: 'Basic', userName: undefined, password: undefined } as const;
    expect(await tryCredentials(host, 'none', { ...options, ...timeouts })).toEqual({
      name: 'SASL EXTERNAL',
      identity: `dn:${slapd.connectorDN}`,
    });
    const directory = await openKnown(slapd, options as Partial<SessionOptions>);
    expect((await read(directory))[0]?.first('uid')).toBe('alice');
    const nowhere = { ...host, path: join(slapd.folder, 'nothing') };
    const error = await failure(tryCredentials(nowhere, 'none', { ...options, hosts: [nowhere], ...timeouts }));
    expect(error.diagnostic).toContain('there is no such socket');
  });
});

test('credentials follow from what is configured', () => {
  const host = { host: 'ldap.example.com', port: 636 };
  const name = (options: Partial<SessionOptions>) =>
    credentialsOf({ hosts: [host], binding: 'SSL', ...timeouts, ...options }).name;
  const clientCertificate = { certificate: '', key: '' };
  expect(name({})).toBe('');
  expect(name({ tls: { clientCertificate } })).toBe('SASL EXTERNAL');
  expect(name({ tls: { clientCertificate }, userName: 'cn=x' })).toBe('cn=x');
  expect(name({ binding: 'Anonymous', tls: { clientCertificate } })).toBe('');
  expect(name({ binding: 'Kerberos', userName: 'x@EXAMPLE.COM' })).toBe('x@EXAMPLE.COM');
});

describe('several servers', () => {
  const [a, b, c] = ['a', 'b', 'c'].map((host) => ({ host, port: 389 })) as [Host, Host, Host];
  type Host = { readonly host: string; readonly port: number };

  test('the one in use first, those that have failed last, until a minute has passed', () => {
    let now = 0;
    const order = new HostOrder([a, b, c], () => now, 60_000);
    expect(order.candidates()).toEqual([a, b, c]);
    expect(order.candidates(b)).toEqual([b, a, c]);
    order.failed(a);
    expect(order.candidates()).toEqual([b, c, a]);
    expect(order.candidates(a)).toEqual([b, c, a]);
    expect(order.preferredTo(c)).toEqual([b]);
    order.answered(a);
    expect(order.preferredTo(c)).toEqual([a, b]);
    order.failed(a);
    now = 60_000;
    expect(order.candidates()).toEqual([a, b, c]);
    expect(order.preferredTo(a)).toEqual([]);
  });

  test('work goes on at the second server, stays there, and goes back when the first can be had again', async () => {
    if (!slapd) return;
    const first = closing(await startProxy(slapd.port));
    const second = closing(await startProxy(slapd.port));
    const hosts = [first, second].map(({ port }) => ({ host: '127.0.0.1', port }));
    const directory = await openKnown(slapd, { hosts, switchBackMs: 50 } as Partial<SessionOptions>);
    await read(directory);
    expect(second.sent.length).toBe(0);
    first.refuse(true);
    first.cut();
    await untilAsync(async () => (await read(directory).catch(() => [])).length === 1 && second.sent.length === 1);
    // A search in pages has a connection of its own, and it leads to the same server.
    const before = second.sent.length;
    await read(directory);
    expect(second.sent.length).toBe(before);
    first.refuse(false);
    const asked = first.sent.length;
    await untilAsync(async () => {
      await read(directory);
      return first.sent.length > asked && second.open === 0;
    });
    await read(directory);
  });
});

/** Repeats until it is so; whoever waits for ever is ended by the test's own time limit. */
async function untilAsync(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 600));
}
