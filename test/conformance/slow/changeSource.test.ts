/** The other sources of an OpenLDAP against the tests that every source must pass. */
import { type DirectoryChange, WatermarkExpired } from '../../../src/directory/changes/changeSource';
import { DN } from '../../../src/directory/dn';
import { Entry } from '../../../src/directory/entry';
import { openLdapDirectory } from '../../../src/directory/ldapDirectory';
import { type Slapd, startSlapd } from '../../support/slapd';
import { describeOnSlapd } from '../../support/system';
import { runChangeSourceTests } from '../changeSource';
import { openSlapd } from '../followedServer';

for (const method of ['syncRepl', 'timeStamp'] as const)
  runChangeSourceTests(`OpenLDAP by ${method}`, () => openSlapd(method));

describeOnSlapd('an OpenLDAP that forgets or hides', () => {
  let slapd: Slapd;
  beforeAll(async () => {
    slapd = (await startSlapd()) as Slapd;
  });
  afterAll(() => slapd?.stop());

  const person = (uid: string) =>
    new Entry(DN.parse(`uid=${uid},ou=people,${slapd.suffix}`), {
      objectClass: 'inetOrgPerson',
      uid,
      cn: uid,
      sn: uid,
    });

  function open(userName: string, password: string, method: 'auto' | 'accessLog' | 'syncRepl') {
    return openLdapDirectory({
      hosts: [{ host: slapd.host, port: slapd.port }],
      binding: 'Basic',
      userName,
      password: () => password,
      connectionTimeoutMs: 10_000,
      operationTimeoutMs: 60_000,
      changes: { method, bases: [] },
    });
  }

  it('tells all that is left when its session log does not reach back', async () => {
    const before = await open(slapd.connectorDN, slapd.connectorPassword, 'syncRepl');
    const id = async (uid: string) => (await before.add(person(uid), { postRead: ['entryUUID'] }))?.first('entryUUID');
    const [kept, deleted] = [await id('kept'), await id('deleted')];
    expect([kept, deleted]).toEqual([expect.any(String), expect.any(String)]);
    const watermark = await before.changes!.latest();
    await before.delete(person('deleted').dn);
    await before.add(person('added'));
    await before.close();
    await slapd.restart();
    const directory = await open(slapd.connectorDN, slapd.connectorPassword, 'syncRepl');
    const changes: DirectoryChange[] = [];
    for await (const change of directory.changes!.since(watermark)) changes.push(change);
    expect(changes.map((one) => [one.kind, 'dn' in one && String(one.dn)])).toEqual([
      ['changed', String(person('added').dn)],
      ['present', false],
    ]);
    const left = changes.flatMap((one) => (one.kind === 'present' ? [...one.anchors] : []));
    expect([left.includes(kept as string), left.includes(deleted as string)]).toEqual([true, false]);
    await directory.close();
  });

  it('is followed by what the account may read, and says what it may not', async () => {
    const directory = await open(slapd.readerDN, slapd.readerPassword, 'auto');
    const { changes } = directory;
    expect(await changes!.latest()).toMatchObject({ method: 'syncRepl' });
    const hidden = await open(slapd.readerDN, slapd.readerPassword, 'accessLog');
    await expect(hidden.changes!.latest()).rejects.toThrow(/cn=accesslog cannot be read: give the account/);
    const able = await open(slapd.connectorDN, slapd.connectorPassword, 'accessLog');
    const watermark = await able.changes!.latest();
    await able.add(person('unseen'));
    await expect(hidden.changes!.since(watermark)[Symbol.asyncIterator]().next()).rejects.toBeInstanceOf(
      WatermarkExpired,
    );
    for (const one of [directory, hidden, able]) await one.close();
  });
});
