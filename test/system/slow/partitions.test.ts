/** One connector over two real slapds, each with a naming context of its own. */
import { askAdmin, command } from '../../support/administrator';
import { connectivity, people } from '../../support/connectorFiles';
import { eventually } from '../../support/hostProcess';
import { type LdapLook, lookInto } from '../../support/ldapLook';
import { CORE_USER, ECMA_USER, type Json, type ScimClient } from '../../support/scimClient';
import { type Slapd, startSlapd } from '../../support/slapd';
import { describeOnSlapd, type System, startSystem, startTimeout } from '../../support/system';

const ORG = 'dc=example,dc=org';

const user = {
  anchor: 'entryUUID',
  matchingAttributes: ['employeeNumber'],
  mappings: [
    { source: 'userName', target: 'uid' },
    { source: 'name.familyName', target: 'sn' },
    { source: 'title', target: 'title' },
    { expression: 'Word([userName], 1, " ")', target: 'cn', apply: 'onCreate' },
  ],
};

describeOnSlapd('partitions on servers of their own', () => {
  let system: System;
  let org: Slapd;
  let lookOrg: LdapLook;
  let client: ScimClient;

  beforeAll(async () => {
    org = (await startSlapd({ faults: false, suffix: ORG })) as Slapd;
    lookOrg = await lookInto(org);
    await lookOrg.add(`uid=olga,ou=people,${ORG}`, { objectClass: 'inetOrgPerson', cn: 'Olga', sn: 'Orlova' });
    for (const uid of ['alice', 'bruno', 'chloe', 'dmitri', 'emi']) await lookOrg.remove(`uid=${uid},ou=people,${ORG}`);
    system = await startSystem({
      connectors: (slapd) => ({
        both: people(slapd, user, {
          partitions: [
            { dn: slapd.suffix, containers: [`ou=people,${slapd.suffix}`, `ou=groups,${slapd.suffix}`] },
            { dn: ORG, containers: [`ou=people,${ORG}`], connectivity: connectivity(org) },
          ],
          runProfiles: { deltaImport: { interval: 1 } },
          global: { matching: { maxAge: 0 } },
        }),
      }),
      secrets: [org.connectorPassword],
      args: ['--admin-port', '0'],
    });
    client = system.host.client('both');
  }, startTimeout);

  afterAll(async () => {
    await system?.stop();
    await lookOrg?.close();
    await org?.stop();
  });

  const create = (userName: string, more: object = {}) =>
    client.post('/Users', { schemas: [CORE_USER], userName, name: { familyName: 'New' }, ...more });
  const at = (dn: string) => ({ [ECMA_USER]: { '-dn-': dn } });
  const found = async (userName: string): Promise<Json[]> => client.find(`userName eq "${userName}"`).catch(() => []);
  const runNow = async (profile: string) => {
    const begun = await askAdmin(system.host, '/connectors/both/runs', 'POST', { profile });
    expect(begun.status).toBe(202);
    await eventually(async () =>
      expect((await askAdmin(system.host, '/connectors/both/runs/current')).status).toBe(404),
    );
    const { body } = await askAdmin(system.host, `/connectors/both/runs?profile=${profile}`);
    return body.runs[0];
  };

  test('an import reads both, and one list shows them', async () => {
    const { body } = await client.get('/Users?count=100');
    const names = (body.Resources as unknown as { userName: string }[]).map(({ userName }) => userName);
    expect(names.sort()).toEqual(['alice', 'bruno', 'chloe', 'dmitri', 'emi', 'olga']);
  });

  test('writes and look-ups go to the server that holds the name', async () => {
    const dn = `uid=boris,ou=people,${ORG}`;
    const created = await create('boris', at(dn));
    expect([created.status, created.body.detail]).toEqual([201, undefined]);
    expect(await lookOrg.at(dn)).toMatchObject({ sn: ['New'] });
    expect(await system.look.at(`uid=boris,ou=people,${system.slapd.suffix}`)).toBeUndefined();
    const path = `/Users/${created.body.id}`;
    expect((await client.patch(path, { op: 'replace', path: 'title', value: 'Captain' })).status).toBe(200);
    expect(await lookOrg.at(dn)).toMatchObject({ title: ['Captain'] });
    const group = await client.post('/Groups', {
      schemas: ['urn:ietf:params:scim:schemas:core:2.0:Group'],
      displayName: 'across',
      members: [{ value: created.body.id }],
    });
    expect(group.status).toBe(201);
    expect(await system.look.at(`cn=across,ou=groups,${system.slapd.suffix}`)).toMatchObject({ member: [dn] });
    expect((await client.delete(path)).status).toBe(204);
    expect(await lookOrg.at(dn)).toBeUndefined();
    expect((await system.look.at(`cn=across,ou=groups,${system.slapd.suffix}`))?.member).not.toContain(dn);
  });

  test('a move to the other server is refused, and says what to do', async () => {
    const [olga] = await found('olga');
    const target = `uid=olga,ou=people,${system.slapd.suffix}`;
    const refused = await client.patch(`/Users/${olga?.id}`, {
      op: 'replace',
      path: `${ECMA_USER}:-dn-`,
      value: target,
    });
    expect([refused.status, refused.body.detail]).toEqual([403, expect.stringContaining('another server holds')]);
    expect(await lookOrg.at(`uid=olga,ou=people,${ORG}`)).toBeDefined();
  });

  test('changes beside the host are found on both', async () => {
    await lookOrg.add(`uid=oleg,ou=people,${ORG}`, { objectClass: 'inetOrgPerson', cn: 'Oleg', sn: 'O' });
    const home = `uid=anna,ou=people,${system.slapd.suffix}`;
    await system.look.add(home, { objectClass: 'inetOrgPerson', cn: 'Anna', sn: 'A' });
    const names = async () =>
      ((await client.get('/Users?count=100')).body.Resources as unknown as { userName: string }[]).map(
        ({ userName }) => userName,
      );
    await eventually(async () => expect(await names()).toEqual(expect.arrayContaining(['oleg', 'anna'])));
    await lookOrg.remove(`uid=oleg,ou=people,${ORG}`);
    await system.look.remove(home);
    await eventually(async () => {
      const all = await names();
      expect(all).not.toContain('oleg');
      expect(all).not.toContain('anna');
    });
  });

  test('check names the partition of each step', async () => {
    const { stdout } = await command(system.host, ['check', 'both', '--connect']);
    expect(stdout).toContain(`${ORG}: `);
    expect(stdout).toContain(`User below ou=people,${ORG}: 1 entry`);
  });

  test('one server that is down keeps the other from nothing, and nobody for deleted', async () => {
    const { host } = system;
    const [alice] = await found('alice');
    const [olga] = await found('olga');
    await lookOrg.close();
    await org.kill();
    expect((await client.patch(`/Users/${alice?.id}`, { op: 'replace', path: 'title', value: 'T' })).status).toBe(200);
    expect((await client.get(`/Users/${olga?.id}`)).status).toBe(503);
    // Not the whole output in a message: it is long.
    expect(host.output.includes(`the server of the partition ${ORG}`)).toBe(true);
    const lost = await client.patch(`/Users/${olga?.id}`, { op: 'replace', path: 'title', value: 'T' });
    expect(lost.status).toBe(503);
    // Whether somebody has this name already cannot be said without the other half.
    expect((await create('carla')).status).toBe(503);
    await system.look.add(`uid=anton,ou=people,${system.slapd.suffix}`, {
      objectClass: 'inetOrgPerson',
      cn: 'Anton',
      sn: 'A',
    });
    const run = await runNow('fullImport');
    expect(run).toMatchObject({ outcome: 'completedWithErrors', counts: { deleted: 0, failed: 0 } });
    expect(run.errors[0]).toMatchObject({
      dn: `ou=people,${ORG}`,
      message: expect.stringContaining('stay as they were'),
    });
    const { body } = await client.get('/Users?count=100');
    const names = (body.Resources as unknown as { userName: string }[]).map(({ userName }) => userName);
    expect(names).toEqual(expect.arrayContaining(['alice', 'anton', 'olga']));
    const check = await command(host, ['check', 'both', '--connect']);
    expect(check.stdout).toMatch(new RegExp(`FAILED.*${ORG}`));

    await org.restart();
    lookOrg = await lookInto(org);
    await lookOrg.add(`uid=osip,ou=people,${ORG}`, { objectClass: 'inetOrgPerson', cn: 'Osip', sn: 'O' });
    // What could not be read is read whole as soon as it can be again.
    await eventually(async () => {
      const { body } = await client.get('/Users?count=100');
      expect(JSON.stringify(body.Resources)).toContain('osip');
    });
    await eventually(async () => expect((await client.get(`/Users/${olga?.id}`)).status).toBe(200));
    expect((await create('carla')).status).toBe(201);
  }, 120_000);
});
