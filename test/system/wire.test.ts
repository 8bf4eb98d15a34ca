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

  test('a bulk request makes people and a group of them, and takes all of it away again', async () => {
    const names = Array.from({ length: 20 }, () => `wire-${++next}`);
    const users = names.map((userName, index) => ({
      method: 'POST',
      path: '/Users',
      bulkId: userName,
      data: {
        userName,
        name: { familyName: 'B' },
        ...(index === 0 ? {} : { [ENTERPRISE_USER]: { manager: { value: `bulkId:${names[index - 1]}` } } }),
      },
    }));
    const members = names.map((userName) => ({ value: `bulkId:${userName}` }));
    const group = { method: 'POST', path: '/Groups', bulkId: 'g', data: { displayName: `wire-g${next}`, members } };
    const patch = { Operations: [{ op: 'remove', path: `members[value eq "bulkId:${names[0]}"]` }] };
    const made = await client.post('/Bulk', {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:BulkRequest'],
      Operations: [group, { method: 'PATCH', path: '/Groups/bulkId:g', data: patch }, ...users, users[0]],
    });
    const results = made.body.Operations as unknown as Json[];
    const statuses = [...Array(22).fill('201'), '400'];
    statuses[1] = '200';
    expect([made.status, results.map(({ status }) => status)]).toEqual([200, statuses]);
    const ids = results.map(({ location }) => String(location).split('/').at(-1));
    const { body } = await client.get(`/Groups/${ids[0]}`);
    const read = (body.members as unknown as Json[]).map(({ value }) => String(value));
    expect(read.sort()).toEqual(ids.slice(3, 22).sort());
    const last = await client.get(`/Users/${ids[21]}`);
    expect(last.body[ENTERPRISE_USER]?.manager?.value).toBe(ids[20]);
    const there = results.filter((_, index) => index !== 1 && index !== 22);
    const Operations = there.map(({ location }) => ({ method: 'DELETE', path: String(location).split('/scim')[1] }));
    const gone = await client.post('/Bulk', { Operations });
    expect((gone.body.Operations as unknown as Json[]).map(({ status }) => status)).toEqual(Array(21).fill('204'));
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
