/** Files change while the host is under load: nobody who asks may notice. */
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openCertificate } from '../../src/host/certificate';
import { people } from '../support/connectorFiles';
import { eventually, HostProcess, secret } from '../support/hostProcess';
import { ECMA_USER } from '../support/scimClient';

const perSecond = 200;
const seconds = 7;

interface Outcome {
  readonly status: number | string;
  readonly fingerprint: string;
}

/** One request; every second one on a connection of its own, so that handshakes meet the replacement of the certificate. */
function ask(host: HostProcess, agent: Agent | false, ca: string[], method: string, path: string, body?: object) {
  const content = body === undefined ? undefined : JSON.stringify(body);
  return new Promise<Outcome>((resolve) => {
    let fingerprint = '';
    const sent = request({
      host: 'localhost',
      port: host.port,
      path: `/ecma2host_busy/scim${path}`,
      method,
      ca,
      agent,
      headers: {
        Authorization: `Bearer ${host.token('busy')}`,
        ...(content === undefined ? {} : { 'Content-Type': 'application/scim+json', 'Content-Length': content.length }),
      },
    });
    sent.once('error', (error: NodeJS.ErrnoException) => resolve({ status: error.code ?? error.message, fingerprint }));
    sent.once('response', (response) => {
      fingerprint = (response.socket as import('node:tls').TLSSocket).getPeerCertificate().fingerprint256 ?? '';
      response.resume();
      response.once('error', (error) => resolve({ status: error.message, fingerprint }));
      response.once('end', () => resolve({ status: response.statusCode ?? 0, fingerprint }));
    });
    sent.end(content);
  });
}

test('a connector edited every second and a certificate replaced: no request of 200 a second fails', async () => {
  const brought = mkdtempSync(join(tmpdir(), 'brought-'));
  const host = await HostProcess.start({ connectors: { busy: people(undefined) } });
  try {
    const { cert, info } = await openCertificate({ directory: brought, hostName: 'localhost' });
    const ca = [readFileSync(join(host.folder, 'certs/self-signed.crt'), 'utf8'), cert];
    const agent = new Agent({ ca, keepAlive: true, maxSockets: 16 });
    const outcomes: Promise<Outcome>[] = [];
    const started = performance.now();
    let edits = 0;
    while (outcomes.length < perSecond * seconds) {
      const due = Math.min(perSecond * seconds, Math.floor(((performance.now() - started) / 1000) * perSecond));
      for (let n = outcomes.length; n < due; n += 1) {
        const connection = n % 2 === 0 ? agent : false;
        if (n % 10 === 9) {
          const body = {
            schemas: [ECMA_USER],
            [ECMA_USER]: {
              '-dn-': `uid=busy${n},ou=people,dc=example,dc=com`,
              cn: `Busy ${n}`,
              sn: 'Busy',
              uid: `busy${n}`,
            },
          };
          outcomes.push(ask(host, connection, ca, 'POST', '/Users', body));
        } else outcomes.push(ask(host, connection, ca, 'GET', n % 2 === 0 ? '/Users?count=5' : '/Schemas'));
      }
      if (edits < Math.floor((performance.now() - started) / 1000)) {
        edits += 1;
        edit(host, edits);
        if (edits === 3) {
          for (const suffix of ['key', 'crt'])
            copyFileSync(join(brought, `self-signed.${suffix}`), join(host.folder, `certs/host.${suffix}`));
        }
      }
      await sleep(10);
    }
    const ended = await Promise.all(outcomes);
    agent.destroy();
    const failed = ended.filter(({ status }) => status !== 200 && status !== 201);
    expect(failed).toEqual([]);
    expect(ended.filter(({ status }) => status === 201).length).toBeGreaterThan(100);
    // A connection that resumes a session shows no certificate.
    const shown = ended.map(({ fingerprint }) => fingerprint).filter((fingerprint) => fingerprint !== '');
    expect(shown.at(-1)).toBe(info.fingerprint256);
    expect(new Set(shown).size).toBe(2);
    expect(host.output.match(/opened again with its changed file/g)?.length).toBeGreaterThanOrEqual(5);
    expect(host.output.match(/uses another certificate from now on/g)).toHaveLength(1);
  } finally {
    await host.stop();
    rmSync(brought, { recursive: true, force: true });
  }
});

/** Written in place and renamed over, by turns, as editors do. */
function edit(host: HostProcess, count: number): void {
  const file = { ...people(undefined), description: `edited ${count} times` };
  if (count % 2 === 0) {
    host.writeConnector('busy', file);
    return;
  }
  const aside = join(host.folder, 'connectors/.busy.json.swp');
  writeFileSync(aside, JSON.stringify(file));
  renameSync(aside, join(host.folder, 'connectors/busy.json'));
}

describe('a running host', () => {
  let host: HostProcess;
  const connectors = () => join(host.folder, 'connectors');
  const settings = (text: string) => writeFileSync(join(host.folder, 'host.json'), text);
  const users = async (name: string) => (await host.client(name).get('/Users?count=1')).status;
  const said = (words: string | RegExp) => eventually(async () => expect(host.output).toMatch(words));

  beforeAll(async () => {
    host = await HostProcess.start({ connectors: { first: people(undefined) } });
  });
  afterAll(() => host?.stop());

  test('opens a connector whose file is added, and closes one whose file is gone', async () => {
    host.writeConnector('second', people(undefined));
    await eventually(async () => expect(await users('second')).toBe(200));
    rmSync(join(connectors(), 'second.json'));
    const client = host.client('second');
    await eventually(async () => expect((await client.get('/Users')).status).toBe(401));
    expect(await users('first')).toBe(200);
  });

  test('goes on with a connector whose file is broken, and says all of its faults with their lines', async () => {
    host.writeConnector(
      'first',
      '{\n  "connectivity": { "product": "memory", "port": 0 },\n  "objectTypes": [],\n  "x": 1\n}',
    );
    await said(/"path":"x","line":4/);
    await said(/"path":"connectivity.port","line":2/);
    await said(/"path":"objectTypes","line":3/);
    expect(await users('first')).toBe(200);
    host.writeConnector('first', people(undefined));
    expect(await users('first')).toBe(200);
  });

  test('takes over a secret token from the file that the connector file names', async () => {
    const tokens = join(host.folder, 'tokens');
    mkdirSync(tokens);
    writeFileSync(join(tokens, 'third'), `${secret('before')}\n`);
    host.writeConnector('third', { ...people(undefined), properties: { secretToken: 'file:../tokens/third' } });
    const asks = (token: string) => host.client('third', token).get('/Users?count=1');
    await eventually(async () => expect((await asks(secret('before'))).status).toBe(200));
    writeFileSync(join(tokens, 'third'), `${secret('after')}\n`);
    await eventually(async () => expect((await asks(secret('after'))).status).toBe(200));
    expect((await asks(secret('before'))).status).toBe(401);
  });

  test('follows host.json in what may change, and names what may not, and what is wrong', async () => {
    settings('{ "logLevel": "debug", "drainTimeout": 5, "address": "127.0.0.1" }');
    await said('logLevel has changed');
    await said('drainTimeout has changed');
    await said('address has changed: it needs a restart of the host');
    await users('first');
    settings('{\n "logLevel": "loud",\n "prot": 1\n}');
    await said(/"file":"[^"]*host.json","path":"logLevel","line":2/);
    await said(/"path":"prot","line":3/);
  });

  test('reads everything at once on SIGHUP', async () => {
    process.kill(host.pid, 'SIGHUP');
    await said('everything is read again');
    expect(await users('first')).toBe(200);
  });
});
