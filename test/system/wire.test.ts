/** What a client sets comes back exactly, and versions are kept, through the whole program: on the embedded directory and on OpenLDAP. */
import { people } from '../support/connectorFiles';
import { HostProcess } from '../support/hostProcess';
import { ECMA_USER, ENTERPRISE_USER, type Json, operations, type ScimClient } from '../support/scimClient';
import { slapdIsHere, startSystem, startTimeout } from '../support/system';

const deprovisioning = { deprovisioning: { disableFlow: { action: 'none' } } };

describe.each(slapdIsHere ? ['memory', 'OpenLDAP'] : ['memory'])('on %s', (directory) => {
  let client: ScimClient;
  let stop: () => Promise<void>;
  let next = 0;

  beforeAll(async () => {
    if (directory === 'memory') {
      const host = await HostProcess.start({ connectors: { wire: people(undefined, deprovisioning) } });
      stop = () => host.stop();
      client = host.client('wire');
    } else {
      const system = await startSystem({ connectors: (slapd) => ({ wire: people(slapd, deprovisioning) }) });
      stop = system.stop;
      client = system.host.client('wire');
    }
  }, startTimeout);
  afterAll(() => stop?.());

  /** A user of its own, as the answer to its create. */
  async function created(more: object = {}): Promise<Json> {
    const userName = `wire-${++next}`;
    const { status, body, text } = await client.post('/Users', { userName, name: { familyName: 'W' }, ...more });
    expect([status, status === 201 ? '' : text]).toEqual([201, '']);
    return body;
  }
  const versionOf = (user: Json) => String(user.meta?.version);

  test('a change names the version that it is made to, a delete too', async () => {
    const user = await created();
    const path = `/Users/${user.id}`;
    const old = { 'If-Match': versionOf(user) };
    const patch = operations({ op: 'replace', path: 'title', value: 'T' });
    const changed = await client.send('PATCH', path, { headers: old, body: patch });
    expect([changed.status, changed.headers.etag]).toEqual([200, versionOf(changed.body)]);
    expect((await client.send('PATCH', path, { headers: old, body: patch })).status).toBe(412);
    expect((await client.put(path, { userName: user.userName, name: { familyName: 'X' } }, old)).status).toBe(412);
    expect((await client.send('DELETE', path, { headers: old })).status).toBe(412);
    const kept = await client.get(path, { 'If-None-Match': versionOf(changed.body) });
    expect([kept.status, kept.text]).toEqual([304, '']);
    const gone = await client.send('DELETE', path, { headers: { 'If-Match': versionOf(changed.body) } });
    expect([gone.status, (await client.get(path)).status]).toEqual([204, 404]);
  });

  test('a read-back that is sent again changes nothing, lastModified included', async () => {
    const user = await created({
      emails: [
        { value: `w${next}@example.com`, type: 'work' },
        { value: `h${next}@example.com`, type: 'home', primary: true, display: 'At home' },
      ],
      [ENTERPRISE_USER]: { department: 'D' },
      [ECMA_USER]: { description: ['one', 'two'] },
    });
    const path = `/Users/${user.id}`;
    const { schemas: _schemas, id: _id, meta: _meta, ...rest } = user as unknown as Record<string, unknown>;
    for (const body of [
      operations({ op: 'replace', value: user }),
      operations({ op: 'add', value: rest }),
      operations(...Object.entries(rest).map(([path, value]) => ({ op: 'add', path, value }))),
      operations({ op: 'add', path: 'emails', value: [(user.emails as unknown as Json[])[1]] }),
    ]) {
      const answer = await client.send('PATCH', path, { body });
      expect([answer.status, answer.body]).toEqual([200, user]);
    }
    expect((await client.put(path, user)).body).toEqual(user);
    expect((await client.get(path)).body).toEqual(user);
  });
});
