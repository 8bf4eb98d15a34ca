/** A full import in a process of its own: what it gives away, and what is left when either side ends before its time. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { people } from '../../support/connectorFiles';
import { eventually } from '../../support/hostProcess';
import { describeOnSlapd, type System, startSystem, startTimeout } from '../../support/system';

let system: System;

/** A page for each entry, so that an import lasts long enough to be met. */
const slowly = { runProfiles: { fullImport: { pageSize: 1 } }, properties: { autosyncTimer: 0 } };

(process.platform === 'linux' ? describeOnSlapd : describe.skip)('the process of a full import', () => {
  beforeAll(async () => {
    system = await startSystem({
      connectors: (slapd) => ({ slow: people(slapd, { anchor: 'dn' }, slowly) }),
      prepare: async (look) => {
        for (let index = 0; index < 600; index += 1) {
          const uid = `p${index}`;
          await look.add(`uid=${uid},ou=people,dc=example,dc=com`, {
            objectClass: 'inetOrgPerson',
            uid,
            cn: uid,
            sn: uid,
          });
        }
      },
    });
  }, startTimeout);
  afterAll(() => system?.stop());

  /** Processes that hosts of this folder have started. */
  function importers(): number[] {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number)
      .filter((pid) => {
        try {
          const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
          return (
            command.includes(join('connector', 'importer')) && readlinkSync(`/proc/${pid}/cwd`) === system.host.folder
          );
        } catch {
          return false;
        }
      });
  }

  async function importer(): Promise<number> {
    return eventually(async () => {
      const [pid] = importers();
      if (pid === undefined) throw new Error('no import is running');
      return pid;
    });
  }

  const ended = (outcome: string) =>
    eventually(async () => {
      const { output } = system.host;
      const sinceOpened = output.slice(output.lastIndexOf('the connector is open'));
      const lines = sinceOpened.split('\n').filter((line) => line.includes('"fullImport ended"'));
      const last = JSON.parse(lines.at(-1) ?? '{}') as { outcome?: string };
      if (last.outcome !== outcome) throw new Error(`the last import: ${JSON.stringify(last)}`);
      return last;
    });

  const spaces = () => readdirSync(join(system.host.folder, 'state')).filter((name) => /space-\d+\.sqlite$/.test(name));

  const total = async () => (await system.host.client('slow').get('/Users?count=0')).body.totalResults;

  test('it shows its secrets neither in its arguments nor in its environment', async () => {
    await ended('success');
    await system.host.restart();
    const pid = await importer();
    const seen = readFileSync(`/proc/${pid}/cmdline`, 'latin1') + readFileSync(`/proc/${pid}/environ`, 'latin1');
    for (const word of [system.slapd.connectorPassword, system.slapd.connectorDN, system.host.token('slow')])
      expect(seen).not.toContain(word);
    await ended('success');
    expect(await total()).toBe(605);
  });

  test('it knows the ids of entries that were renamed, and gives them to nobody else', async () => {
    const client = system.host.client('slow');
    const id = (await client.find('userName eq "p1"'))[0]?.id;
    const rename = [{ op: 'replace', path: 'userName', value: 'renamed' }];
    expect(await client.patch(`/Users/${id}`, ...rename)).toMatchObject({ status: 200 });
    const { body } = await client.post('/Users', { userName: 'p1', name: { familyName: 'New' } });
    await system.host.restart();
    await ended('success');
    const again = system.host.client('slow');
    expect((await again.find('userName eq "renamed"'))[0]?.id).toBe(id);
    expect((await again.find('userName eq "p1"'))[0]?.id).toBe(body.id);
    expect(body.id).not.toBe(id);
    expect((await again.delete(`/Users/${body.id}`)).status).toBe(204);
  });

  test('when it is killed the import has failed, nothing of it is left and the space is as it was', async () => {
    await system.host.restart();
    process.kill(await importer(), 'SIGKILL');
    expect(await ended('failed')).toMatchObject({ errors: [{ message: expect.stringContaining('SIGKILL') }] });
    expect(spaces()).toHaveLength(1);
    expect(await total()).toBe(605);
  });

  test('it ends with its host, whether that stops or is killed', async () => {
    for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
      await system.host.restart();
      await importer();
      await system.host.end(signal);
      await eventually(async () => expect(importers()).toEqual([]));
    }
    await system.host.restart();
    await ended('success');
    expect(spaces()).toHaveLength(1);
    expect(await total()).toBe(605);
  });
});
