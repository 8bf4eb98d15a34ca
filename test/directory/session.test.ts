import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ExtendedRequest } from 'ldapts';
import type { SearchRequest } from '../../src/directory/directory';
import { DN } from '../../src/directory/dn';
import type { Entry } from '../../src/directory/entry';
import { equality } from '../../src/directory/filter';
import { type LdapOptions, openLdapDirectory } from '../../src/directory/ldapDirectory';
import { result, searchEntry, startProxy, Tag } from '../support/fakeLdap';
import { ALICE, all, BASE, closing, failure, fake, known, openKnown, read, until } from '../support/ldap';
import { type Slapd, startSlapd } from '../support/slapd';

let slapd: Slapd | undefined;
beforeAll(async () => {
  slapd = await startSlapd();
});
afterAll(() => slapd?.stop());

const START_TLS = new ExtendedRequest({ messageId: 1, oid: '1.3.6.1.4.1.1466.20037' }).write();
const TLS_HANDSHAKE = 0x16;

describe('binding', () => {
  test('plain, anonymous, LDAPS and StartTLS', async () => {
    if (!slapd) return;
    const ca = readFileSync(slapd.caFile);
    const cases: [number, Partial<LdapOptions>][] = [
      [slapd.port, { binding: 'Basic' }],
      [slapd.tlsPort, { binding: 'SSL', tls: { ca } }],
      [slapd.port, { binding: 'TLS', tls: { ca } }],
      [slapd.port, { binding: 'TLS', tls: { ca: ca.toString(), serverName: 'localhost' } }],
    ];
    for (const [port, options] of cases) {
      const directory = await openKnown({ ...slapd, port }, options);
      expect((await read(directory))[0]?.first('uid')).toBe('alice');
    }
    const anonymous = await openKnown(slapd, { binding: 'Anonymous' });
    expect((await read(anonymous, ''))[0]?.has('objectClass')).toBe(true);
    expect((await failure(read(anonymous))).result).toBe(32);
  });

  test('a wrong password is 49, is not tried again and again, and a new one is tried at once', async () => {
    if (!slapd) return;
    const logged: string[] = [];
    let password = 'wrong';
    const directory = closing(
      await openLdapDirectory(
        {
          hosts: [slapd, slapd],
          binding: 'Basic',
          userName: slapd.connectorDN,
          password: () => password,
          connectionTimeoutMs: 60_000,
          operationTimeoutMs: 60_000,
          known,
        },
        (message) => logged.push(message),
      ),
    );
    for (let i = 0; i < 3; i += 1) {
      const error = await failure(read(directory));
      expect(error).toMatchObject({ result: 49, operation: 'bind', dn: slapd.connectorDN, sent: false });
      expect(`${error.message} ${error.diagnostic}`).not.toContain(password);
    }
    expect(logged).toEqual(['no connection to the directory']);
    password = slapd.connectorPassword;
    expect(await read(directory)).toHaveLength(1);

    const nobody = await openKnown(slapd, { password: () => '' });
    expect((await failure(read(nobody))).diagnostic).toContain('password of the bind is empty');
  });

  test('a certificate is always checked, and the error says what to set', async () => {
    if (!slapd) return;
    const ca = readFileSync(slapd.caFile);
    const shown = new X509Certificate(readFileSync(join(slapd.folder, 'tls/server.pem')));
    for (const [binding, port] of [
      ['SSL', slapd.tlsPort],
      ['TLS', slapd.port],
    ] as const) {
      const attempt = async (tls: LdapOptions['tls']): Promise<Entry[]> => {
        const directory = await openKnown({ ...slapd, port }, { binding, ...(tls ? { tls } : {}) });
        return read(directory);
      };
      const untrusted = await failure(attempt(undefined));
      expect(untrusted).toMatchObject({ result: 'connectionLost', sent: false });
      expect(untrusted.diagnostic).toContain('set certificate.ca');
      expect((await failure(attempt({ ca, serverName: 'other.example.com' }))).diagnostic).toContain(
        'certificate.serverName',
      );
      expect((await failure(attempt({ thumbprint: '00'.repeat(32) }))).diagnostic).toContain(shown.fingerprint256);
      expect((await failure(attempt({ thumbprint: '' }))).diagnostic).toContain('another certificate');
      expect(await attempt({ thumbprint: shown.fingerprint256 })).toHaveLength(1);
      expect(await attempt({ thumbprint: shown.fingerprint.toLowerCase().replaceAll(':', ' ') })).toHaveLength(1);
      expect(await attempt({ thumbprint: shown.fingerprint256, ca })).toHaveLength(1);
    }
    const notTls = await openKnown(slapd, { binding: 'SSL', tls: { ca } });
    expect((await failure(read(notTls))).diagnostic).toMatch(
      /does not speak TLS|closed|broke the connection off|disconnected/,
    );
  });
});

describe('losing the connection', () => {
  test('twenty first uses at once open one connection', async () => {
    const server = await fake();
    const directory = await openKnown(server);
    const found = await Promise.all(Array.from({ length: 20 }, () => read(directory)));
    expect(found.flat()).toHaveLength(20);
    expect(server.connections).toBe(1);
  });

  test('a killed server fails what is in flight, and the next operation after its return works', async () => {
    const server = await startSlapd();
    if (!server) return;
    const directory = await openKnown(server);
    await read(directory);
    const slow = failure(directory.delete(DN.parse(`cn=slow,ou=RetCodes,${BASE}`)));
    await read(directory);
    await server.kill();
    expect(await slow).toMatchObject({ result: 'connectionLost', operation: 'delete', sent: true, ambiguous: true });
    expect(await failure(read(directory))).toMatchObject({ result: 'connectionLost', sent: false });
    await server.restart();
    const deadline = performance.now() + 60_000;
    let found: Entry[] | undefined;
    while (!found && performance.now() < deadline) found = await read(directory).catch(() => undefined);
    expect(found).toHaveLength(1);
    await server.stop();
  });

  test('a connection that the server closed for being idle is replaced', async () => {
    const server = await fake();
    const directory = await openKnown(server);
    await read(directory);
    server.cut();
    await until(() => server.open === 0);
    expect(await read(directory)).toHaveLength(1);
    expect(server.connections).toBe(2);
  });

  test('a message cut in the middle does not spoil the next connection', async () => {
    const server = await fake((request, socket) => {
      if (request.tag !== Tag.search || !request.text.includes('uid=half')) return false;
      socket.end(searchEntry(request.id, ALICE, { uid: ['alice'] }).subarray(0, 20));
      return true;
    });
    const directory = await openKnown(server);
    expect(await failure(read(directory, `uid=half,${BASE}`))).toMatchObject({ result: 'connectionLost', sent: true });
    expect(await read(directory)).toHaveLength(1);
  });

  test('a StartTLS connection that is cut never goes on in clear text', async () => {
    if (!slapd) return;
    let silent = false;
    const proxy = closing(await startProxy(slapd.port, () => !silent));
    const directory = await openKnown(
      { ...slapd, port: proxy.port },
      {
        binding: 'TLS',
        tls: { ca: readFileSync(slapd.caFile) },
        connectionTimeoutMs: 300,
      },
    );
    await read(directory);
    silent = true;
    proxy.cut();
    const secret = equality('description', 'top-secret-value');
    const request: SearchRequest = { base: DN.parse(BASE), scope: 'base', filter: secret, attributes: [] };
    for (let i = 0; i < 3; i += 1)
      expect((await failure(all(directory.search(request)))).result).toBe('connectionLost');
    expect(proxy.sent.length).toBeGreaterThan(1);
    for (const sent of proxy.sent) {
      const request = sent.subarray(0, START_TLS.length);
      const rest = sent.subarray(START_TLS.length);
      expect(request.equals(START_TLS)).toBe(true);
      if (rest.length > 0) expect(rest[0]).toBe(TLS_HANDSHAKE);
      expect(sent.includes('top-secret-value')).toBe(false);
    }
  });

  test('StartTLS that is refused, or answered with more than the answer, ends before anything secret is sent', async () => {
    const answers = {
      refused: (id: number) => result(id, 0x78, 52, 'no TLS today'),
      injected: (id: number) => Buffer.concat([result(id, 0x78), result(2, 0x61)]),
    };
    for (const [name, answer] of Object.entries(answers)) {
      const server = await fake((request, socket) => request.tag === Tag.extended && socket.write(answer(request.id)));
      const directory = await openKnown(server, { binding: 'TLS' });
      const error = await failure(read(directory));
      expect([error.result, error.diagnostic]).toEqual(
        name === 'refused'
          ? [52, 'The server refused StartTLS: no TLS today']
          : ['connectionLost', expect.stringContaining('clear text after its answer')],
      );
      expect(server.requests.map(({ tag }) => tag)).toEqual([Tag.extended]);
    }
  });

  test('a notice of disconnection says why', async () => {
    const server = await fake((request, socket) => {
      if (request.tag !== Tag.search) return false;
      socket.end(result(0, 0x78, 52, 'shutting down'));
      return true;
    });
    const directory = await openKnown(server);
    expect((await failure(read(directory))).diagnostic).toContain('result code 52: shutting down');
  });

  test('what is not LDAP is named, and so is a host that is not there', async () => {
    const server = await fake(
      (request, socket) => request.tag === Tag.bind && socket.write('HTTP/1.1 400 Bad Request\r\n'),
    );
    const directory = await openKnown(server, { hosts: [{ host: '127.0.0.1', port: 1 }, server] });
    const error = await failure(read(directory));
    expect(error.diagnostic).toContain('127.0.0.1:1: nothing listens there');
    expect(error.diagnostic).toContain('not LDAP');
  });

  test('hosts are tried in order, and a dead directory is not asked at every operation', async () => {
    let alive = false;
    let now = 0;
    const server = await fake((request, socket) => {
      if (request.tag === Tag.bind && !alive) socket.end();
      return request.tag === Tag.bind && !alive;
    });
    const directory = await openKnown(server, { hosts: [{ host: '127.0.0.1', port: 1 }, server], clock: () => now });
    for (let i = 0; i < 5; i += 1)
      expect(await failure(read(directory))).toMatchObject({ result: 'connectionLost', sent: false });
    expect(server.connections).toBe(1);
    now += 100;
    await failure(read(directory));
    now += 100;
    await failure(read(directory));
    expect(server.connections).toBe(2);
    alive = true;
    now += 200;
    expect(await read(directory)).toHaveLength(1);
  });
});
