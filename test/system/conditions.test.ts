/** Changes on condition that an entry is as it was seen last: one operation, and never against what the directory holds. */
import { people } from '../support/connectorFiles';
import { ldapOf } from '../support/requestLog';
import { CORE_USER, type Json, operations } from '../support/scimClient';
import { describeOnSlapd, type System, startSystem, startTimeout } from '../support/system';

const suffix = 'dc=example,dc=com';

describeOnSlapd('a change of an entry that is known', () => {
  let system: System;
  let turn = 0;

  beforeAll(async () => {
    const flow = { deprovisioning: { disableFlow: { action: 'setAttribute' } } };
    const connectors = (slapd: Parameters<typeof people>[0]) => ({ known: people(slapd, flow) });
    system = await startSystem({ suffix, connectors, args: ['--log-format', 'json'] });
  }, startTimeout);
  afterAll(() => system?.stop());

  const dnOf = (user: Json) => `uid=${String(user.userName)},ou=people,${suffix}`;

  async function create(userName: string, more: object = {}): Promise<Json> {
    const body = { schemas: [CORE_USER], userName, name: { familyName: userName }, title: 'first', ...more };
    const { status, body: made, text } = await system.host.client('known').post('/Users', body);
    if (status !== 201) throw new Error(`${status} ${text}`);
    return made;
  }

  async function patch(user: Json, ...list: object[]) {
    turn += 1;
    const id = `known-${turn}`;
    const headers = { 'X-Request-Id': id };
    const answer = await system.host
      .client('known')
      .send('PATCH', `/Users/${String(user.id)}`, { body: operations(...list), headers });
    return { ...answer, ldap: await ldapOf(system.host, id) };
  }

  const title = (value: string) => ({ op: 'replace', path: 'title', value });

  test('is one modify, and one look where there is nothing to do', async () => {
    const user = await create('plain');
    const first = await patch(user, title('second'));
    expect([first.status, first.body.title, first.ldap]).toEqual([200, 'second', ['modify 0']]);
    expect((await system.look.at(dnOf(user)))?.title).toEqual(['second']);
    const again = await patch(user, title('second'));
    expect([again.status, again.body.meta, again.ldap]).toEqual([200, first.body.meta, ['search 0']]);
  });

  test('takes a look when somebody else has changed the entry, and keeps what they did', async () => {
    const user = await create('changed', { emails: [{ type: 'work', value: 'a@example.com' }] });
    await system.look.set(dnOf(user), 'description', ['of somebody else']);
    await system.look.set(dnOf(user), 'mail', ['b@example.com']);
    const other = await patch(user, title('second'));
    expect([other.status, other.ldap]).toEqual([200, ['modify 122', 'search 0', 'modify 0']]);
    expect(await system.look.at(dnOf(user))).toMatchObject({
      title: ['second'],
      description: ['of somebody else'],
      mail: ['b@example.com'],
    });
    const next = await patch(user, title('third'));
    expect(next.ldap).toEqual(['modify 0']);
  });

  test('that seems to have been made is made, when it was undone beside the host', async () => {
    const user = await create('undone');
    await system.look.set(dnOf(user), 'title', ['of somebody else']);
    const { status, body, ldap } = await patch(user, title('first'));
    expect([status, body.title, ldap]).toEqual([200, 'first', ['search 0', 'modify 0']]);
    expect((await system.look.at(dnOf(user)))?.title).toEqual(['first']);
  });

  test('never reaches an entry that has taken the name', async () => {
    const user = await create('taken');
    await system.look.remove(dnOf(user));
    await system.look.add(dnOf(user), { objectClass: ['inetOrgPerson'], uid: ['taken'], cn: ['x'], sn: ['x'] });
    const { status, ldap } = await patch(user, title('of the first one'));
    expect([status, ldap[0]]).toEqual([404, 'modify 122']);
    expect((await system.look.at(dnOf(user)))?.title).toBeUndefined();
  });

  test('of an entry that has moved finds it', async () => {
    const user = await create('moved');
    await system.look.rename(dnOf(user), `uid=moved-on,ou=people,${suffix}`);
    const { status, body } = await patch(user, title('second'));
    expect([status, body.id, body.userName]).toEqual([200, user.id, 'moved-on']);
    expect((await system.look.at(`uid=moved-on,ou=people,${suffix}`))?.title).toEqual(['second']);
  });

  test('takes a look where a lock could have come without a trace', async () => {
    const user = await create('locked');
    const { status, ldap } = await patch(user, { op: 'replace', path: 'active', value: true }, title('second'));
    expect([status, ldap]).toEqual([200, ['search 0', 'modify 0']]);
  });

  test('with a version reads nothing when it is the last one, and is refused by a look when it is not', async () => {
    const user = await create('versions');
    const client = system.host.client('known');
    const send = (etag: string, value: string) =>
      client.send('PATCH', `/Users/${String(user.id)}`, {
        body: operations(title(value)),
        headers: { 'If-Match': etag },
      });
    const { version } = user.meta as unknown as { version: string };
    expect((await send(version, 'second')).status).toBe(200);
    expect((await send(version, 'third')).status).toBe(412);
    const { meta } = (await client.get(`/Users/${String(user.id)}`)).body as unknown as { meta: { version: string } };
    await system.look.set(dnOf(user), 'title', ['of somebody else']);
    expect((await send(meta.version, 'fourth')).status).toBe(412);
    expect((await system.look.at(dnOf(user)))?.title).toEqual(['of somebody else']);
  });
});
