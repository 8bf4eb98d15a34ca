/**
 * What is refused, and in which words: the attribute is named, and what to do. On the embedded directory and on
 * OpenLDAP alike; and whatever was refused has left nothing behind.
 */
import { people } from '../support/connectorFiles';
import { HostProcess } from '../support/hostProcess';
import type { LdapLook } from '../support/ldapLook';
import { PATCH_OP, type ScimClient } from '../support/scimClient';
import { slapdIsHere, startSystem, startTimeout } from '../support/system';
import { changes, creates, requests, user } from './refusalCases';

const ERROR = 'urn:ietf:params:scim:api:messages:2.0:Error';
/** No flow for active; nothing selected, so that every attribute is there. */
const CONNECTOR = 'refusing';

describe.each(slapdIsHere ? ['memory', 'OpenLDAP'] : ['memory'])('refused by the host on %s', (directory) => {
  let host: HostProcess;
  let stop: () => Promise<void>;
  let look: LdapLook | undefined;
  let client: ScimClient;
  let taken: string;

  beforeAll(async () => {
    if (directory === 'memory') {
      host = await HostProcess.start({ connectors: { [CONNECTOR]: people(undefined) } });
      stop = () => host.stop();
    } else ({ host, stop, look } = await startSystem({ connectors: (slapd) => ({ [CONNECTOR]: people(slapd) }) }));
    client = host.client(CONNECTOR);
    const emails = [{ type: 'work', value: 'taken@example.com' }];
    const { body } = await client.post('/Users', user({ userName: 'taken', emails }));
    taken = String(body.id);
  }, startTimeout);
  afterAll(() => stop?.());

  /** Everything below ou=people, as the directory itself has it where there is another way to see it. */
  async function everything(): Promise<unknown> {
    if (look !== undefined) return look.find('(objectClass=*)');
    return (await client.get('/cache')).text;
  }

  test.each([...requests, ...creates].map((row) => [row[0], row[1], row] as const))(
    '%s: %i',
    async (_what, status, row) => {
      const [, , scimType, detail, method, path, message] = row;
      const before = await everything();
      const answer = await client.send(method, path, message);
      expect([answer.status, answer.body.detail]).toEqual([status, expect.stringMatching(detail)]);
      expect(answer.body.scimType).toBe(scimType);
      expect(answer.body).toMatchObject({ schemas: [ERROR], status: String(status) });
      expect(answer.headers['content-type']).toMatch(/^application\/scim\+json/);
      expect(await everything()).toEqual(before);
    },
  );

  test.each(changes)('a PATCH that %s', async (_what, scimType, detail, operation) => {
    const before = await everything();
    const fine = { op: 'replace', path: 'title', value: 'Not without the rest' };
    const { status, body } = await client.patch(`/Users/${taken}`, fine, operation);
    expect([status, body.scimType, body.detail]).toEqual([400, scimType, expect.stringMatching(detail)]);
    expect(await everything()).toEqual(before);
  });

  test('a connector that is not there is answered like a wrong token', async () => {
    const wrong = await host.client(CONNECTOR, 'x'.repeat(40)).get('/Users');
    const unknown = await host.client('unknown', 'x'.repeat(40)).get('/Users');
    expect([wrong.status, unknown.status]).toEqual([401, 401]);
    expect(unknown.text).toBe(wrong.text);
  });

  test('a version that is no longer the present one: 412', async () => {
    const { headers } = await client.get(`/Users/${taken}`);
    const change = { body: { schemas: [PATCH_OP], Operations: [{ op: 'replace', path: 'title', value: 'First' }] } };
    const send = (etag: unknown) =>
      client.send('PATCH', `/Users/${taken}`, { ...change, headers: { 'If-Match': String(etag) } });
    expect((await send(headers.etag)).status).toBe(200);
    expect((await send(headers.etag)).status).toBe(412);
  });
});
