/** Delta imports of a host that runs: what others write into the directory is in its lists without anybody asking for it. */
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
