/**
 * There is no PowerShell where these tests run. What can be kept honest without one is what the script sends: its request
 * is read out of the file, its variables are filled in as PowerShell would, and it is sent to a host.
 */
import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { startTestHost, TestConnector, type TestHost, TestRegistry, TOKEN, testProvider } from '../host/fixtures';

const script = readFileSync(join(__dirname, '../../scripts/TestConnectorHostConnection.ps1'), 'utf8');

interface Parameter {
  readonly name: string;
  readonly type: string;
  readonly fallback?: string;
}

const parameters = [
  ...(/^param\(([\s\S]*?)^\)/m.exec(script)?.[1] ?? '').matchAll(/\[(\w+)\] \$(\w+)(?: = '?([^',\n]+)'?)?/g),
].map(
  ([, type = '', name = '', fallback]): Parameter => ({ type, name, ...(fallback === undefined ? {} : { fallback }) }),
);

/** A hashtable of the script, `@{ Name = 'value'; … }`, with its variables filled in. */
function requestOf(given: Readonly<Record<string, string>>) {
  const table = /^\$request = @\{([\s\S]*?)^\}/m.exec(script)?.[1] ?? '';
  const defaults = parameters.flatMap(({ name, fallback }) =>
    fallback === undefined ? [] : [[name, fallback] as const],
  );
  const values: Record<string, string> = { ...Object.fromEntries(defaults), ...given };
  values.token = values.SecretToken ?? '';
  values.path = (values.ObjectTypePath ?? '').replace(/^\/+|\/+$/g, '');
  const filled = (text: string) => text.replace(/\$\{?(\w+)\}?/g, (_found, name: string) => values[name] ?? '');
  const text = (key: string, from = table) =>
    filled(new RegExp(`\\b${key}\\s*= ["']([^"']*)["']`).exec(from)?.[1] ?? '');
  const headers = /Headers\s*= @\{([^}]*)\}/.exec(table)?.[1] ?? '';
  return {
    method: text('Method'),
    url: new URL(text('Uri')),
    headers: { Authorization: text('Authorization', headers), Accept: text('Accept', headers) },
  };
}

describe('TestConnectorHostConnection.ps1', () => {
  let test: TestHost;

  beforeAll(async () => {
    const connector = new TestConnector(
      'LDAP',
      [TOKEN],
      testProvider(() => undefined),
    );
    connector.entries = ['[{"dn":"cn=a"}', ']'];
    test = await startTestHost(new TestRegistry(connector));
  });
  afterAll(() => test.stop());

  function send(given: Readonly<Record<string, string>>): Promise<{ status: number; text: string }> {
    const { method, url, headers } = requestOf({ Port: String(test.host.port), ...given });
    return new Promise((resolve, reject) => {
      const ca = readFileSync(join(test.certs, 'self-signed.crt'));
      const sent = request(url, { method, headers, ca }, (response) => {
        let text = '';
        response.on('data', (chunk) => {
          text += chunk;
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
      });
      sent.on('error', reject).end();
    });
  }

  it('has the parameters of the original, asks for the token with stars, and defaults to its port', () => {
    expect(parameters).toEqual([
      { type: 'string', name: 'ConnectorName' },
      { type: 'securestring', name: 'SecretToken' },
      { type: 'string', name: 'ObjectTypePath', fallback: 'cache' },
      { type: 'int', name: 'Port', fallback: '8585' },
    ]);
    expect(requestOf({ ConnectorName: 'LDAP', SecretToken: TOKEN }).url.href).toBe(
      'https://localhost:8585/ecma2host_LDAP/scim/cache',
    );
    // Every variable of the request is one that the script knows.
    const known = ['token', 'path', ...parameters.map(({ name }) => name)];
    const table = /^\$request = @\{([\s\S]*?)^\}/m.exec(script)?.[1] ?? '';
    const used = [...table.matchAll(/\$(\w+)/g)].map(([, name]) => name).filter((name) => name !== 'true');
    expect(used.filter((name) => !known.includes(name ?? ''))).toEqual([]);
    expect(script).not.toMatch(/SkipCertificateCheck|ServerCertificateValidationCallback/);
  });

  it('gets more than nine characters from a connector that knows entries', async () => {
    const { status, text } = await send({ ConnectorName: 'LDAP', SecretToken: TOKEN, ObjectTypePath: '/cache/' });
    expect([status, JSON.parse(text)]).toEqual([200, [{ dn: 'cn=a' }]]);
    expect(text.length).toBeGreaterThan(9);
  });

  it('gets the answers for which it has advice', async () => {
    expect((await send({ ConnectorName: 'LDAP', SecretToken: 'wrong-token' })).status).toBe(401);
    expect((await send({ ConnectorName: 'ldap', SecretToken: TOKEN })).status).toBe(401);
    expect((await send({ ConnectorName: 'LDAP', SecretToken: TOKEN, ObjectTypePath: 'nothing' })).status).toBe(404);
    for (const status of [401, 404, 503]) expect(script).toMatch(new RegExp(`^ {4}${status} \\{`, 'm'));
  });
});
