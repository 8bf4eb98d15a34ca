/** What a client and an administrator hear where a directory refers to other servers, on two real slapds. */
import { command } from '../support/administrator';
import { connectivity, people } from '../support/connectorFiles';
import { CORE_USER } from '../support/scimClient';
import { type Slapd, startSlapd } from '../support/slapd';
import { describeOnSlapd, type System, startSystem, startTimeout } from '../support/system';

const PRIMARY = 'ldap://primary.example.com/';
const OTHER = 'ldap://other.example.com/ou=people,dc=other';

const user = {
  mappings: [
    { source: 'userName', target: 'uid' },
    { source: 'name.familyName', target: 'sn' },
    { expression: 'Word([userName], 1, " ")', target: 'cn', apply: 'onCreate' },
  ],
  deprovisioning: { deleteFlow: { action: 'delete', recursive: true } },
};

describeOnSlapd('referrals', () => {
  let system: System;
  let shadow: Slapd;

  beforeAll(async () => {
    const updateref = ['syncrepl rid=001 provider=ldap://127.0.0.1:1 searchbase="dc=example,dc=com"'].concat(
      `updateref ${PRIMARY}`,
    );
    shadow = (await startSlapd({ faults: false, directives: updateref })) as Slapd;
    system = await startSystem({
      connectors: (slapd) => ({
        holder: people(slapd, user),
        unpaged: people(slapd, user, { global: { supportedControls: { pagedResults: false } } }),
        shadow: { ...people(shadow, user), connectivity: connectivity(shadow) },
      }),
      secrets: [shadow.connectorPassword],
      prepare: (look, { suffix }) =>
        look.add(`ou=elsewhere,ou=people,${suffix}`, {
          objectClass: ['referral', 'extensibleObject'],
          ou: 'elsewhere',
          ref: OTHER,
        }),
    });
  }, startTimeout);

  afterAll(async () => {
    await system?.stop();
    await shadow?.stop();
  });

  test('an import names the servers that it was referred to, in the history and in the log', async () => {
    const { host } = system;
    const { stdout } = await command(host, ['runs', 'holder', '--json']);
    const [run] = JSON.parse(stdout);
    expect(run).toMatchObject({ outcome: 'success', notes: [expect.stringContaining(`${OTHER}??sub`)] });
    expect((await command(host, ['runs', 'holder'])).stdout).toContain('Referrals are not followed');
    expect(host.output).toMatch(/fullImport ended.*Referrals are not followed/);
    const others = JSON.parse((await command(host, ['runs', 'shadow', '--json'])).stdout);
    expect(others[0]).toMatchObject({ outcome: 'success' });
    expect(others[0].notes).toBeUndefined();
  });

  test('an import that had to take all in one answer says what that means, and so does check', async () => {
    const { host } = system;
    const [run] = JSON.parse((await command(host, ['runs', 'unpaged', '--json'])).stdout);
    expect(run).toMatchObject({
      outcome: 'success',
      notes: [expect.stringContaining('in one answer'), expect.anything()],
    });
    expect((await command(host, ['check', 'unpaged', '--connect'])).stdout).toContain('its size limit cuts that off');
    expect((await command(host, ['check', 'holder', '--connect'])).stdout).not.toContain('in one answer');
  });

  test('a write to a read-only copy is 503 and says which server takes it', async () => {
    const client = system.host.client('shadow');
    const { body } = await client.get(`/Users?filter=${encodeURIComponent('userName eq "alice"')}`);
    const [alice] = body.Resources as unknown as { id: string }[];
    const patch = { op: 'replace', path: 'name.familyName', value: 'Changed' };
    const answers = [
      await client.patch(`/Users/${alice?.id}`, patch),
      await client.post('/Users', { schemas: [CORE_USER], userName: 'zoe', name: { familyName: 'Z' } }),
      await client.delete(`/Users/${alice?.id}`),
    ];
    for (const answer of answers) {
      expect(answer.status).toBe(503);
      expect(answer.body.detail).toContain(PRIMARY);
      expect(answer.body.detail).toContain('connectivity.host');
    }
    expect((await client.get(`/Users/${alice?.id}`)).status).toBe(200);
    const check = await command(system.host, ['check', 'shadow', '--connect']);
    expect(check.stdout).toContain(`takes no changes (10) and refers to ${PRIMARY}`);
  });

  test('an entry with a referral below it is not deleted with what nobody can see', async () => {
    const client = system.host.client('holder');
    const created = await client.post('/Users', { schemas: [CORE_USER], userName: 'top', name: { familyName: 'T' } });
    expect(created.status).toBe(201);
    const referral = `ou=away,uid=top,ou=people,${system.slapd.suffix}`;
    await system.look.add(referral, { objectClass: ['referral', 'extensibleObject'], ou: 'away', ref: OTHER });
    const refused = await client.delete(`/Users/${created.body.id}`);
    expect([refused.status, refused.body.detail]).toEqual([409, expect.stringContaining(referral)]);
    expect(refused.body.detail).toContain('referral to another server');
    expect((await client.get(`/Users/${created.body.id}`)).status).toBe(200);
  });
});
