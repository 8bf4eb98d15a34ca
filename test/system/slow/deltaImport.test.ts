/** Delta imports of a host that runs: what others write into the directory is in its lists without anybody asking for it. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { askAdmin, command } from '../../support/administrator';
import { people } from '../../support/connectorFiles';
import { eventually } from '../../support/hostProcess';
import { describeOnSlapd, type System, startSystem, startTimeout } from '../../support/system';

const PEOPLE = 'ou=people,dc=example,dc=com';
const dnOf = (uid: string) => `uid=${uid},${PEOPLE}`;

let system: System;

describeOnSlapd('a host that follows a directory', () => {
  beforeAll(async () => {
    const runProfiles = { deltaImport: { interval: 1 } };
    const properties = { autosyncTimer: 0 };
    const by = (method: string) => ({ runProfiles, properties, global: { deltaImport: { method } } });
    system = await startSystem({
      connectors: (slapd) => ({
        chosen: people(slapd, {}, { runProfiles, properties }),
        sync: people(slapd, {}, by('syncRepl')),
        stamps: people(slapd, {}, by('timeStamp')),
      }),
    });
  }, startTimeout);
  afterAll(() => system?.stop());

  const listed = async (connector: string) => {
    const users = await system.host.client(connector).find('userName pr');
    return users.map(({ userName }) => userName);
  };

  test.each(['chosen', 'sync', 'stamps'])('%s: adds, renames and deletes arrive in its lists', async (connector) => {
    const uid = `seen-by-${connector}`;
    const person = { objectClass: 'inetOrgPerson', uid, cn: uid, sn: 'Outside' };
    await system.look.add(dnOf(uid), person);
    await eventually(async () => expect(await listed(connector)).toContain(uid));
    await system.look.rename(dnOf(uid), dnOf(`${uid}-2`));
    await eventually(async () => expect(await listed(connector)).toContain(`${uid}-2`));
    expect(await listed(connector)).not.toContain(uid);
    await system.look.remove(dnOf(`${uid}-2`));
    if (connector !== 'stamps') await eventually(async () => expect(await listed(connector)).not.toContain(`${uid}-2`));
  });
});

describeOnSlapd('a host whose account loses the right to read what tells of changes', () => {
  interface Run {
    readonly profile: string;
    readonly outcome: string;
    readonly errors: readonly { readonly message: string }[];
    readonly notes?: readonly string[];
  }

  /** The newest run first. */
  const runsOf = async (connector: string): Promise<readonly Run[]> =>
    (await askAdmin(system.host, `/connectors/${connector}/runs?limit=50`)).body.runs;
  const countOf = async (connector: string, profile: string) =>
    (await runsOf(connector)).filter((run) => run.profile === profile).length;

  beforeAll(async () => {
    const following = { runProfiles: { deltaImport: { interval: 1 } }, properties: { autosyncTimer: 0 } };
    const byStamps = { ...following, global: { deltaImport: { method: 'timeStamp' } } };
    system = await startSystem({
      args: ['--admin-port', '0'],
      connectors: (slapd) => ({ chosen: people(slapd, {}, following), stamps: people(slapd, {}, byStamps) }),
    });
  }, startTimeout);
  afterAll(() => system?.stop());

  test('it says so, reads everything in the same run, and follows by itself no more what would not see deletes', async () => {
    await eventually(async () => expect(await countOf('chosen', 'deltaImport')).toBeGreaterThan(0));
    const file = join(system.slapd.folder, 'slapd.conf');
    const rights = readFileSync(file, 'utf8');
    const log = rights.replace(/^(access to \* by dn.exact="cn=admin,\S*" read) by dn\S+ read/m, '$1');
    writeFileSync(file, log.replace(/^access to attrs=userPassword/m, 'access to attrs=contextCSN by * none\n$&'));
    await system.slapd.restart();
    await system.reconnect();
    await system.look.add(dnOf('unseen'), { objectClass: 'inetOrgPerson', uid: 'unseen', cn: 'unseen', sn: 'Unseen' });

    const [full, delta] = await eventually(async () => {
      const runs = await runsOf('chosen');
      const at = runs.findIndex((run) => run.profile === 'fullImport' && run.notes !== undefined);
      expect(at).toBeGreaterThanOrEqual(0);
      return [runs[at], runs[at + 1]];
    });
    expect(delta).toMatchObject({
      profile: 'deltaImport',
      outcome: 'failed',
      errors: [{ message: expect.stringMatching(/access log cn=accesslog (cannot be read|does not reach back)/) }],
    });
    expect(full).toMatchObject({
      outcome: 'success',
      notes: [
        expect.stringMatching(/by timeStamp, which does not see deletes, because .*cn=accesslog cannot be read: give/),
      ],
    });
    const before = [await countOf('chosen', 'deltaImport'), await countOf('stamps', 'deltaImport')] as const;
    await eventually(async () => expect(await countOf('stamps', 'deltaImport')).toBeGreaterThan(before[1] + 2));
    expect(await countOf('chosen', 'deltaImport')).toBe(before[0]);
    const { stdout } = await command(system.host, ['check', 'chosen', '--connect']);
    expect(stdout).toMatch(/time stamps tell what changed, but not what was deleted: delta imports when somebody asks/);
    // Asked for, it finds what the stamps show.
    await system.look.set(dnOf('unseen'), 'title', ['Seen']);
    await askAdmin(system.host, '/connectors/chosen/runs', 'POST', { profile: 'deltaImport' });
    await eventually(async () =>
      expect((await runsOf('chosen'))[0]).toMatchObject({ profile: 'deltaImport', outcome: 'success' }),
    );
    const [user] = await system.host.client('chosen').find('userName eq "unseen"');
    expect(user).toMatchObject({ title: 'Seen' });
  }, 120_000);
});
