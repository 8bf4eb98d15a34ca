/**
 * Answers of the directory that are lost, and a host that dies between its Add and its answer: what the client hears, and
 * what a repetition does.
 */
import { join } from 'node:path';
import { openState } from '../../src/space/state';
import { people } from '../support/connectorFiles';
import { type FlakyProxy, Sent, startFlakyProxy } from '../support/flakyProxy';
import { eventually, secret } from '../support/hostProcess';
import { CORE_USER, ECMA_USER, type ScimClient } from '../support/scimClient';
import { describeOnSlapd, type System, startSystem, startTimeout } from '../support/system';

const mappings = [
  { source: 'userName', target: 'cn' },
  { source: 'name.familyName', target: 'sn' },
  { source: 'title', target: 'title' },
  { source: 'emails[type eq "work"].value', target: 'mail' },
];

const user = (userName: string, more: object = {}) => ({
  schemas: [CORE_USER],
  userName,
  name: { familyName: 'Verloren' },
  password: secret('ambiguity'),
  ...more,
});

describeOnSlapd('answers that are lost', () => {
  let system: System;
  let proxy: FlakyProxy;
  let client: ScimClient;

  beforeAll(async () => {
    system = await startSystem({
      connectors: (slapd) => {
        const file = (objectType: object) =>
          people(
            slapd,
            { mappings, matchingAttributes: [], ...objectType },
            {
              connectivity: {
                ...(people(slapd) as { connectivity: object }).connectivity,
                port: proxy.port,
              },
            },
          );
        return {
          plain: file({}),
          separate: file({ password: { method: 'passwordModify' } }),
          allocating: file({
            mappings: [
              { source: 'displayName', target: 'displayName' },
              { source: 'name.familyName', target: 'sn' },
              {
                expression: 'SelectUniqueValue(Join("", [displayName]), Join("", [displayName], "2"))',
                target: 'cn',
                apply: 'onCreate',
              },
            ],
          }),
        };
      },
      prepare: async (_look, slapd) => {
        proxy = await startFlakyProxy(slapd.port);
      },
    });
    client = system.host.client('plain');
  }, startTimeout);

  afterAll(async () => {
    await system?.stop();
    await proxy?.close();
  });

  const at = (cn: string) => system.look.at(`cn=${cn},ou=people,${system.slapd.suffix}`);
  const create = async (userName: string, more: object = {}) => {
    const { status, body, text } = await client.post('/Users', user(userName, more));
    if (status !== 201) throw new Error(`${userName}: ${status} ${text}`);
    return String(body.id);
  };

  test('a write that took place is answered as one: create, change, rename, delete', async () => {
    const lost = proxy.loseAnswer(Sent.add);
    const id = await create('answered');
    await lost;
    expect((await at('answered'))?.entryUUID).toEqual([id]);
    expect(await system.look.canBind(`cn=answered,ou=people,${system.slapd.suffix}`, secret('ambiguity'))).toBe(true);

    const change = proxy.loseAnswer(Sent.modify);
    const patched = await client.patch(`/Users/${id}`, { op: 'replace', path: 'title', value: 'Changed' });
    await change;
    expect([patched.status, patched.body.title]).toEqual([200, 'Changed']);

    const rename = proxy.loseAnswer(Sent.modifyDN);
    const renamed = await client.patch(
      `/Users/${id}`,
      { op: 'replace', path: 'userName', value: 'renamed' },
      { op: 'replace', path: 'title', value: 'Renamed' },
    );
    await rename;
    expect([renamed.status, renamed.body.id, renamed.body.userName]).toEqual([200, id, 'renamed']);
    expect((await at('renamed'))?.title).toEqual(['Renamed']);
    expect(await at('answered')).toBeUndefined();

    const removal = proxy.loseAnswer(Sent.delete);
    expect((await client.delete(`/Users/${id}`)).status).toBe(204);
    await removal;
    expect(await at('renamed')).toBeUndefined();
  });

  test('a rename of case only is told apart from none', async () => {
    const id = await create('spelling');
    const lost = proxy.loseAnswer(Sent.modifyDN);
    const { status, body } = await client.patch(`/Users/${id}`, { op: 'replace', path: 'userName', value: 'SPELLING' });
    await lost;
    expect([status, body.userName]).toEqual([200, 'SPELLING']);

    const missed = proxy.loseRequest(Sent.modifyDN);
    const second = await client.patch(`/Users/${id}`, { op: 'replace', path: 'userName', value: 'Spelling' });
    await missed;
    expect(second.status).toBe(503);
    expect((await client.get(`/Users/${id}`)).body.userName).toBe('SPELLING');
  });

  test('a write that did not take place is 503 with Retry-After, and nothing is repeated behind the client', async () => {
    const id = await create('unchanged');
    for (const [tag, send] of [
      [Sent.add, () => client.post('/Users', user('neverMade'))],
      [Sent.modify, () => client.patch(`/Users/${id}`, { op: 'replace', path: 'title', value: 'Never' })],
      [Sent.modifyDN, () => client.patch(`/Users/${id}`, { op: 'replace', path: 'userName', value: 'never' })],
      [Sent.delete, () => client.delete(`/Users/${id}`)],
    ] as const) {
      const lost = proxy.loseRequest(tag);
      const { status, headers } = await send();
      await lost;
      expect([status, headers['retry-after']]).toEqual([503, '5']);
    }
    expect(await at('neverMade')).toBeUndefined();
    expect(await at('unchanged')).toMatchObject({ cn: ['unchanged'] });
    expect((await client.post('/Users', user('neverMade'))).status).toBe(201);
  });

  test('the directory goes away after the write: 503, and the repetition finds what it has made', async () => {
    const lost = proxy.loseAnswer(Sent.add, () => proxy.refuse(true));
    const first = await client.post('/Users', user('repeated'));
    await lost;
    expect(first.status).toBe(503);
    expect(await at('repeated')).toBeDefined();
    proxy.refuse(false);
    const again = await client.post('/Users', user('repeated'));
    expect(again.status).toBe(201);
    expect((await at('repeated'))?.entryUUID).toEqual([again.body.id]);
    // It was answered: from now on it is there, and the same create is a conflict like any other.
    expect((await client.post('/Users', user('repeated'))).status).toBe(409);
  });

  test('a password that is set by an operation of its own is set again by the repetition', async () => {
    const separate = system.host.client('separate');
    const lost = proxy.loseRequest(Sent.extended);
    expect((await separate.post('/Users', user('separate'))).status).toBe(503);
    await lost;
    const dn = `cn=separate,ou=people,${system.slapd.suffix}`;
    expect([(await at('separate')) === undefined, await system.look.canBind(dn, secret('ambiguity'))]).toEqual([
      false,
      false,
    ]);
    expect((await separate.post('/Users', user('separate'))).status).toBe(201);
    expect(await system.look.canBind(dn, secret('ambiguity'))).toBe(true);
  });

  test('an entry that somebody else has made meanwhile is nobody’s own', async () => {
    const lost = proxy.loseRequest(Sent.add);
    expect((await client.post('/Users', user('taken', { title: 'Mine' }))).status).toBe(503);
    await lost;
    await system.look.add(`cn=taken,ou=people,${system.slapd.suffix}`, {
      objectClass: 'inetOrgPerson',
      sn: 'Verloren',
      title: 'Theirs',
    });
    expect((await client.post('/Users', user('taken', { title: 'Mine' }))).status).toBe(409);
  });

  test('the host dies between its Add and its answer', async () => {
    const { host, look, slapd } = system;
    const kept = { externalId: 'crashed-1' };
    const allocating = () => host.client('allocating');
    const nina = { schemas: [CORE_USER], displayName: 'Nina', [ECMA_USER]: { sn: 'Verloren' } };
    for (const [send, name] of [
      [() => host.client('plain').post('/Users', user('crashed', kept)), 'crashed'],
      [() => allocating().post('/Users', nina), 'Nina'],
    ] as const) {
      let died: Promise<unknown> = Promise.resolve();
      const lost = proxy.loseAnswer(Sent.add, () => {
        died = host.end('SIGKILL');
      });
      await expect(send()).rejects.toThrow();
      await lost;
      await died;
      expect(await at(name)).toBeDefined();
      await host.restart();
      const again = await send();
      expect([again.status, again.body.id]).toEqual([201, (await at(name))?.entryUUID?.[0]]);
    }
    const crashed = encodeURIComponent('externalId eq "crashed-1"');
    expect((await host.client('plain').get(`/Users?filter=${crashed}`)).body.totalResults).toBe(1);
    expect(await look.find('(cn=Nina*)', `ou=people,${slapd.suffix}`)).toHaveLength(1);
    client = host.client('plain');
  });

  test('what a create keeps outlives the host, which dies as soon as it has answered', async () => {
    const { host } = system;
    const id = await create('kept', { externalId: 'kept-1' });
    await host.end('SIGKILL');
    await host.restart();
    client = host.client('plain');
    const filter = encodeURIComponent('externalId eq "kept-1"');
    expect((await client.get(`/Users?filter=${filter}`)).body.Resources).toMatchObject([{ id }]);
    expect((await client.get(`/Users/${id}`)).body.externalId).toBe('kept-1');
  });

  test('after a power failure the intent has what the record has lost, and gives it to nobody else’s entry', async () => {
    const { host, look, slapd } = system;
    const id = await create('powerless', { externalId: 'powerless-1' });
    const dnOf = (cn: string) => `cn=${cn},ou=people,${slapd.suffix}`;
    await host.end('SIGKILL');
    // What the disk had when the power went: the intent, and nothing of what was written after it.
    const state = await openState(join(host.folder, 'state'), 'plain');
    const begin = (cn: string) =>
      state.intents.begin(`power ${cn}`, dnOf(cn), {
        attributes: { externalId: `${cn}-1` },
        keys: [{ attribute: 'externalId', value: `${cn}-1` }],
      }).onDisk;
    await state.stored.remove(id);
    // The older one is looked at first: when the other one is done, it is known that its entry was never there.
    await begin('neverAdded');
    await begin('powerless');
    await state.close();
    await host.restart();
    client = host.client('plain');
    await eventually(async () => expect((await client.get(`/Users/${id}`)).body.externalId).toBe('powerless-1'));
    await client.patch(`/Users/${id}`, { op: 'remove', path: 'externalId' });
    await look.add(dnOf('neverAdded'), { objectClass: 'inetOrgPerson', sn: 'Other' });
    await host.restart();
    client = host.client('plain');
    expect((await client.get(`/Users?filter=${encodeURIComponent('userName eq "neverAdded"')}`)).body).toMatchObject({
      totalResults: 1,
      Resources: [expect.not.objectContaining({ externalId: expect.anything() })],
    });
    expect((await client.get(`/Users/${id}`)).body.externalId).toBeUndefined();
  });
});
