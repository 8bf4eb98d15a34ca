/** Managers whom nobody knows: the user is there all the same, and so is what was set. */
import { people } from '../support/connectorFiles';
import { CORE_USER, ENTERPRISE_USER, type Json } from '../support/scimClient';
import { describeOnSlapd, type System, startSystem, startTimeout } from '../support/system';

let system: System;
beforeAll(async () => {
  system = await startSystem({
    connectors: (slapd) => ({ hr: people(slapd) }),
  });
}, startTimeout);
afterAll(() => system?.stop());

const person = (userName: string, manager?: unknown, more: object = {}) => ({
  schemas: [CORE_USER, ENTERPRISE_USER],
  userName,
  ...more,
  ...(manager !== undefined && { [ENTERPRISE_USER]: { manager: { value: manager } } }),
});
const managerOf = (body: Json) => (body[ENTERPRISE_USER] as unknown as { manager?: Json } | undefined)?.manager;
const dnOf = (uid: string) => `uid=${uid},ou=people,dc=example,dc=com`;
const namedBy = async (uid: string) => (await system.look.at(dnOf(uid)))?.manager;
const path = `${ENTERPRISE_USER}:manager`;

describeOnSlapd('a manager whom nobody knows', () => {
  test('comes back as it was set by a create or a PUT, and is written nowhere', async () => {
    const client = system.host.client('hr');
    const created = await client.post('/Users', person('m-ann', 'Taylor'));
    expect([created.status, managerOf(created.body)]).toEqual([201, { value: 'Taylor' }]);
    const at = `/Users/${created.body.id}`;
    expect(await namedBy('m-ann')).toBeUndefined();

    const titled = await client.patch(at, { op: 'replace', path: 'title', value: 'Captain' });
    expect([titled.status, managerOf(titled.body)]).toEqual([200, { value: 'Taylor' }]);
    expect(managerOf((await client.get(at)).body)).toEqual({ value: 'Taylor' });
    const same = await client.put(at, (await client.get(at)).body);
    expect([same.status, managerOf(same.body)]).toEqual([200, { value: 'Taylor' }]);
    const other = await client.put(at, person('m-ann', 'Ray'));
    expect([other.status, managerOf(other.body)]).toEqual([200, { value: 'Ray' }]);
    const none = await client.put(at, person('m-ann', undefined, { [ENTERPRISE_USER]: { department: 'Sales' } }));
    expect([none.status, managerOf(none.body)]).toEqual([200, undefined]);
  });

  test('is refused where a PATCH sets it, and where somebody is named already', async () => {
    const client = system.host.client('hr');
    const boss = (await client.post('/Users', person('m-boss'))).body.id;
    const ben = await client.post('/Users', person('m-ben', 'Taylor'));
    const at = `/Users/${ben.body.id}`;
    const refused = await client.patch(at, { op: 'replace', path, value: 'Ray' });
    expect([refused.status, refused.body.scimType, refused.body.detail]).toEqual([
      400,
      'invalidValue',
      expect.stringContaining('not known'),
    ]);
    const named = await client.patch(at, { op: 'replace', path, value: boss });
    expect([named.status, managerOf(named.body)?.value, await namedBy('m-ben')]).toEqual([200, boss, [dnOf('m-boss')]]);
    expect((await client.put(at, person('m-ben', 'Ray'))).status).toBe(400);
    expect(managerOf((await client.get(at)).body)?.value).toBe(boss);
    const removed = await client.patch(at, { op: 'remove', path });
    expect([removed.status, managerOf(removed.body), await namedBy('m-ben')]).toEqual([200, undefined, undefined]);
  });

  test('is written with the first change after somebody has that id', async () => {
    const client = system.host.client('hr');
    // The host has not heard of her yet; her id is what the directory knows her by.
    await system.look.add(dnOf('m-early'), { objectClass: 'inetOrgPerson', cn: 'Early', sn: 'Early' });
    const id = (await system.look.find('(uid=m-early)'))[0]?.values.entryUUID?.[0];
    const carl = await client.post('/Users', person('m-carl', id));
    expect([carl.status, managerOf(carl.body), await namedBy('m-carl')]).toEqual([201, { value: id }, undefined]);
    expect((await client.find('userName eq "m-early"')).map((one) => one.id)).toEqual([id]);
    const titled = await client.patch(`/Users/${carl.body.id}`, { op: 'replace', path: 'title', value: 'Captain' });
    expect(managerOf(titled.body)).toMatchObject({ value: id, $ref: expect.stringContaining(`/Users/${id}`) });
    expect(await namedBy('m-carl')).toEqual([dnOf('m-early')]);
  });
});
