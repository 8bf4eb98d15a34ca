/** A partition that is searched as a whole for the sake of some containers, on a real slapd. */
import { connectivity } from '../support/connectorFiles';
import { eventually } from '../support/hostProcess';
import { CORE_USER, type ScimClient } from '../support/scimClient';
import { describeOnSlapd, type System, startSystem, startTimeout } from '../support/system';

describeOnSlapd('containers of a partition that is searched as a whole', () => {
  let system: System;
  let client: ScimClient;

  beforeAll(async () => {
    system = await startSystem({
      connectors: (slapd) => ({
        some: {
          connectivity: connectivity(slapd),
          partitions: [
            {
              dn: slapd.suffix,
              containers: [`ou=people,${slapd.suffix}`, `ou=groups,${slapd.suffix}`],
              excludedContainers: [`ou=left,ou=people,${slapd.suffix}`],
              searchOnlyInSelectedContainers: false,
            },
          ],
          runProfiles: { deltaImport: { interval: 1 } },
          objectTypes: [
            {
              resourceType: 'User',
              targetObject: 'inetOrgPerson',
              matchingAttributes: ['mail'],
              mappings: [
                { source: 'userName', target: 'cn' },
                { source: 'name.familyName', target: 'sn' },
                { source: 'emails[type eq "work"].value', target: 'mail' },
              ],
            },
          ],
        },
      }),
      prepare: async (look, { suffix }) => {
        const stranger = { objectClass: 'inetOrgPerson', sn: 'Stranger', mail: 'shared@example.com' };
        await look.add(`ou=left,ou=people,${suffix}`, { objectClass: 'organizationalUnit' });
        await look.add(`cn=left,ou=left,ou=people,${suffix}`, stranger);
        // More than a create looks at, all of them found before the one that counts.
        for (let n = 0; n < 15; n += 1) await look.add(`cn=far${n},ou=former,${suffix}`, stranger);
        await look.add(`cn=near,ou=people,${suffix}`, { ...stranger, sn: 'Near' });
      },
    });
    client = system.host.client('some');
  }, startTimeout);

  afterAll(() => system?.stop());

  const names = async () =>
    ((await client.get('/Users?count=100')).body.Resources as unknown as { userName: string }[])
      .map(({ userName }) => userName)
      .filter((name) => /^(near|far|left|later|new)/.test(name));

  test('lists and imports hold what is in them', async () => {
    expect(await names()).toEqual(['near']);
    await system.look.add(`cn=later,ou=people,${system.slapd.suffix}`, { objectClass: 'inetOrgPerson', sn: 'L' });
    await system.look.add(`cn=later,ou=former,${system.slapd.suffix}`, { objectClass: 'inetOrgPerson', sn: 'L' });
    await eventually(async () => expect(await names()).toEqual(expect.arrayContaining(['later', 'near'])));
    expect(await names()).toHaveLength(2);
  });

  test('entries elsewhere do not hide the one that a create would collide with', async () => {
    const person = (userName: string, mail: string) => ({
      schemas: [CORE_USER],
      userName,
      name: { familyName: 'N' },
      emails: [{ type: 'work', value: mail }],
    });
    const refused = await client.post('/Users', person('new', 'shared@example.com'));
    expect([refused.status, refused.body.scimType]).toEqual([409, 'uniqueness']);
    expect(refused.body.detail).toContain('cn=near');
    const created = await client.post('/Users', person('new', 'new@example.com'));
    expect(created.status).toBe(201);
    expect(await system.look.at(`cn=new,ou=people,${system.slapd.suffix}`)).toBeDefined();
  });
});
