/**
 * Imports that do not come to their end: the directory is killed, cut off, slow or refuses in the middle, the disk is
 * full. The connector space opens, holds nothing that was never true and loses nothing that was
 * answered, and the next import completes.
 */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { connectivity, people } from '../../support/connectorFiles';
import { type FlakyProxy, Sent, startFlakyProxy } from '../../support/flakyProxy';
import { eventually, HostProcess, program } from '../../support/hostProcess';
import type { LdapLook } from '../../support/ldapLook';
import type { Slapd } from '../../support/slapd';
import { describeOnSlapd, type System, startSystem, startTimeout } from '../../support/system';

const suffix = 'dc=example,dc=com';
/** The control of a page (RFC 2696): other searches of the host are not meant. */
const pages = '1.2.840.113556.1.4.319';
const dnOf = (uid: string) => `uid=${uid},ou=people,${suffix}`;

async function addPeople(look: LdapLook, count: number): Promise<void> {
  for (let index = 0; index < count; index += 1) {
    const uid = `p${index}`;
    await look.add(dnOf(uid), { objectClass: 'inetOrgPerson', uid, cn: uid, sn: uid });
  }
}

let system: System;

afterEach(() => system?.stop());

describeOnSlapd('a directory that fails in the middle of a full import', () => {
  let proxy: FlakyProxy;
  let slapd: Slapd;

  beforeEach(async () => {
    system = await startSystem({
      args: ['--admin-port', '0'],
      connectors: (started) => {
        slapd = started;
        return { hr: 'set below' };
      },
      until: 'listening',
      prepare: (look) => addPeople(look, 300),
    });
    proxy = await startFlakyProxy(slapd.port);
    const wire = connectivity({ ...slapd, port: proxy.port }, { operationTimeout: 20 });
    const runProfiles = { fullImport: { pageSize: 20 } };
    // Each second another one, so that the next import does not have to be asked for.
    const properties = { autosyncTimer: 1 / 60, autosyncJitter: 0 };
    system.host.writeConnector('hr', people(slapd, {}, { connectivity: wire, runProfiles, properties }));
    await system.host.restart();
    await system.host.imported(['hr']);
  }, startTimeout);
  afterEach(() => proxy?.close());

  const imports = () =>
    [...system.host.output.matchAll(/"message":"fullImport ended".*?"outcome":"(\w+)"/g)].map(([, one]) => one);

  /** Waits for an import that has ended like this, of those that end from now on. */
  async function next(outcome: string, patienceMs = 120_000): Promise<void> {
    const before = imports().length;
    await eventually(async () => expect(imports().slice(before)).toContain(outcome), patienceMs);
  }

  async function stillThere(): Promise<void> {
    expect((await system.host.client('hr').get('/Users?count=0')).body).toMatchObject({ totalResults: 305 });
  }

  test.each([
    [
      'is killed',
      async () => {
        await proxy.answer(Sent.search, 51, 5, pages);
        await system.slapd.kill();
      },
      () => system.slapd.restart(),
    ],
    [
      'is cut off',
      async () => {
        await proxy.answer(Sent.search, 51, 5, pages);
        proxy.refuse(true);
        proxy.cut();
      },
      async () => proxy.refuse(false),
    ],
    ['refuses', () => proxy.answer(Sent.search, 53, 8, pages), async () => undefined],
  ])(
    '%s',
    async (_name, fail, mend) => {
      const failed = next('failed');
      await fail();
      await failed;
      await stillThere();
      await mend();
      await next('success');
      await stillThere();
    },
    300_000,
  );

  test('takes three seconds for each operation', async () => {
    proxy.delay(3_000);
    proxy.cut();
    // One that was under way fails with its connection; the next one reads sixteen pages.
    await next('success', 400_000);
    await stillThere();
  }, 600_000);
});

describeOnSlapd('two hosts by mistake on one state folder', () => {
  test('the second one says so and does not open the connector, and the first one goes on', async () => {
    let hr: object = {};
    system = await startSystem({
      connectors: (slapd) => {
        hr = people(slapd);
        return { hr };
      },
    });
    const args = ['--state', join(system.host.folder, 'state')];
    const second = await HostProcess.start({ connectors: { hr }, args, until: 'listening' });
    try {
      await eventually(async () => {
        const { body } = await second.client('').get('/readyz');
        expect(body).toMatchObject({ connectors: { faulty: 1 } });
      });
      expect(second.output).toContain('is a second host running on the same folder?');
      expect((await system.host.client('hr').get('/Users?count=0')).body).toMatchObject({ totalResults: 5 });
    } finally {
      await second.stop();
    }
  }, 180_000);
});

describeOnSlapd('a disk that is full', () => {
  test('an import fails and says so, what was there stays, and with room it completes', async () => {
    system = await startSystem({
      connectors: (slapd) => ({ hr: people(slapd) }),
      prepare: (look) => addPeople(look, 20),
    });
    await system.host.end();
    const run = (limit: string, command: string) =>
      new Promise<{ code: number; text: string }>((resolve) => {
        const script = `ulimit -f ${limit}; exec "$0" "$1" ${command}`;
        execFile(
          'sh',
          ['-c', script, process.execPath, program],
          { cwd: system.host.folder },
          (error, stdout, stderr) => resolve({ code: Number(error?.code ?? 0), text: stdout + stderr }),
        );
      });
    for (let index = 0; index < 60; index += 1) {
      const uid = `large${index}`;
      const description = Array.from({ length: 50 }, (_, line) => `${line} ${'x'.repeat(800)}`);
      await system.look.add(dnOf(uid), { objectClass: 'inetOrgPerson', uid, cn: uid, sn: uid, description });
    }
    // Blocks of 512 or 1024 octets: at most a mebibyte, and the new people have more than two.
    const full = await run('1024', 'import hr');
    expect(full).toMatchObject({ code: 1, text: expect.stringMatching(/fullImport failed.*[\s\S]*the disk is full/) });
    const kept = await run('unlimited', 'space export --connector hr --attributes uid');
    expect(kept.text.trim().split('\r\n')).toHaveLength(1 + 20 + 5);
    expect(await run('unlimited', 'import hr')).toMatchObject({ code: 0, text: expect.stringContaining('60 added') });
    await system.host.restart();
    expect((await system.host.client('hr').get('/Users?count=0')).body).toMatchObject({ totalResults: 85 });
  }, 300_000);
});
