/** A server that is no more what it was at the last import: another one, restored from a backup, or with its log trimmed. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { stopOpenLdap } from '../../../scripts/directories/openldap';
import type { ChangeOptions } from '../../../src/directory/changes/candidates';
import { type DirectoryChange, type Watermark, WatermarkExpired } from '../../../src/directory/changes/changeSource';
import type { Directory } from '../../../src/directory/directory';
import { DN } from '../../../src/directory/dn';
import { Entry } from '../../../src/directory/entry';
import { openLdapDirectory } from '../../../src/directory/ldapDirectory';
import { type Slapd, startSlapd } from '../../support/slapd';
import { describeOnSlapd } from '../../support/system';

type Method = ChangeOptions['method'];

describeOnSlapd('an OpenLDAP that is no more what it was', () => {
  let slapd: Slapd;
  beforeEach(async () => {
    slapd = (await startSlapd({ faults: false })) as Slapd;
  });
  afterEach(() => slapd?.stop());

  async function on<T>(method: Method, work: (directory: Directory) => Promise<T>, server: Slapd = slapd): Promise<T> {
    const directory = await openLdapDirectory({
      hosts: [{ host: server.host, port: server.port }],
      binding: 'Basic',
      userName: server.connectorDN,
      password: () => server.connectorPassword,
      connectionTimeoutMs: 10_000,
      operationTimeoutMs: 60_000,
      changes: { method, bases: [] },
    });
    try {
      return await work(directory);
    } finally {
      await directory.close();
    }
  }

  const person = (uid: string) =>
    new Entry(DN.parse(`uid=${uid},ou=people,${slapd.suffix}`), {
      objectClass: 'inetOrgPerson',
      uid,
      cn: uid,
      sn: uid,
    });
  const add = (uid: string) => on('none', (directory) => directory.add(person(uid)));
  const latest = (method: Method) => on(method, async ({ changes }) => (await changes?.latest()) as Watermark);
  const told = (method: Method, watermark: Watermark, server?: Slapd) =>
    on(
      method,
      async ({ changes }) => {
        const found: DirectoryChange[] = [];
        for await (const change of changes?.since(watermark) ?? []) found.push(change);
        return found;
      },
      server,
    );

  const parts = ['db', 'accesslog'];
  const at = (part: string, suffix = '') => join(slapd.folder, `${part}${suffix}`);

  /** Ends the server, does something to its files, and starts it again. */
  async function whileStopped(work: () => void): Promise<void> {
    await stopOpenLdap(slapd.folder);
    work();
    await slapd.restart();
  }

  /** The files of the server are large and empty. */
  const copy = (from: string, to: string) => execFileSync('cp', ['-a', '--sparse=always', from, to]);
  const save = () => {
    for (const part of parts) copy(at(part), at(part, '.saved'));
  };
  const restore = () => {
    for (const part of parts) {
      rmSync(at(part), { recursive: true });
      copy(at(part, '.saved'), at(part));
    }
  };

  test.each(['accessLog', 'syncRepl'] as const)('%s: restored from a backup', async (method) => {
    await add('before');
    await whileStopped(save);
    await add('lost');
    const watermark = await latest(method);
    expect(await told(method, watermark)).toEqual([]);
    await whileStopped(restore);
    await expect(told(method, watermark)).rejects.toBeInstanceOf(WatermarkExpired);
  });

  test.each([
    ['an import', () => latest('accessLog')],
    [
      'a delta import',
      async () => {
        const from = await latest('accessLog');
        await add('followed');
        return (await told('accessLog', from)).at(-1)?.watermark as Watermark;
      },
    ],
  ])('accessLog: restored from a backup, and gone on since %s', async (_, watermarkOf) => {
    await add('before');
    await whileStopped(save);
    await add('lost');
    const watermark = await watermarkOf();
    await whileStopped(restore);
    await add('after');
    await expect(told('accessLog', watermark)).rejects.toBeInstanceOf(WatermarkExpired);
  });

  test('accessLog: trimmed', async () => {
    await add('before');
    const watermark = await latest('accessLog');
    await whileStopped(() => {
      rmSync(at('accesslog'), { recursive: true });
      mkdirSync(at('accesslog'), { mode: 0o700 });
    });
    // Nothing has happened, so nothing is missing.
    expect(await told('accessLog', watermark)).toEqual([]);
    await add('after');
    await expect(told('accessLog', watermark)).rejects.toBeInstanceOf(WatermarkExpired);
  });

  test.each(['accessLog', 'syncRepl', 'timeStamp'] as const)('%s: another one behind the same name', async (method) => {
    await add('before');
    const watermark = await latest(method);
    const { port } = slapd;
    await slapd.kill();
    const other = (await startSlapd({ faults: false, port })) as Slapd;
    try {
      await expect(told(method, watermark, other)).rejects.toBeInstanceOf(WatermarkExpired);
    } finally {
      await other.stop();
    }
  });
});
