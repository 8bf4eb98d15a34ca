/** Entries with others below them, and values that name what is gone or has moved, on an OpenLDAP that sees to none of it. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { askAdmin, command } from '../support/administrator';
import { people } from '../support/connectorFiles';
import { HostProcess } from '../support/hostProcess';
import { type LdapLook, lookInto } from '../support/ldapLook';
import { posix, tree } from '../support/namingConnectors';
import { CORE_USER, ECMA_USER, type ScimClient } from '../support/scimClient';
import { type Slapd, startSlapd } from '../support/slapd';
import { describeOnSlapd, startTimeout } from '../support/system';

const mappings = [
  { source: 'userName', target: 'cn' },
  { source: 'name.familyName', target: 'sn' },
];

describeOnSlapd('deletions', () => {
  let slapd: Slapd;
  let look: LdapLook;
  let host: HostProcess;
  const clients: Record<string, ScimClient> = {};

  beforeAll(async () => {
    slapd = (await startSlapd({ faults: false })) as Slapd;
    const file = join(slapd.folder, 'slapd.conf');
    const conf = readFileSync(file, 'utf8');
    writeFileSync(file, conf.replace(/^overlay (memberof|refint)\n|^(memberof|refint)[-_].*\n/gm, ''));
    await slapd.restart();
    look = await lookInto(slapd);
    const connector = (recursive: boolean, global: object = {}) =>
      people(
        slapd,
        { mappings, matchingAttributes: [], deprovisioning: { deleteFlow: { action: 'delete', recursive } } },
        {
          global,
          partitions: [{ dn: slapd.suffix, excludedContainers: [`cn=kept,cn=parent,ou=people,${slapd.suffix}`] }],
        },
      );
    host = await HostProcess.start({
      connectors: {
        leaf: connector(false, { supportedControls: { treeDelete: true } }),
        recursive: connector(true, { references: 'follow' }),
        leave: connector(true, { references: 'leave' }),
        tree: tree(slapd, 'entryUUID'),
        treeDN: tree(slapd, 'dn'),
        posix: posix(slapd),
        guarded: { ...connector(true), guardRails: { delete: 3 } },
        memory: people(
          undefined,
          { mappings, matchingAttributes: [] },
          { global: { supportedControls: { treeDelete: true } } },
        ),
      },
      secrets: [slapd.connectorPassword],
      args: ['--admin-port', '0'],
    });
    for (const name of ['leaf', 'recursive', 'leave', 'memory', 'guarded', 'tree', 'treeDN', 'posix'])
      clients[name] = host.client(name);
  }, startTimeout);

  afterAll(async () => {
    await host?.stop();
    await look?.close();
    await slapd?.stop();
  });

  const peopleDN = () => `ou=people,${slapd.suffix}`;
  async function create(connector: string, userName: string, face: object = {}) {
    const body = { schemas: [CORE_USER], userName, name: { familyName: 'Baum' }, [ECMA_USER]: face };
    const { status, body: made, text } = (await clients[connector]?.post('/Users', body)) ?? {};
    if (status !== 201) throw new Error(`${userName}: ${status} ${text}`);
    return String(made?.id);
  }
  const below = (parent: string, cn: string) => ({ '-dn-': `cn=${cn},cn=${parent},${peopleDN()}` });

  test('an entry with others below it stays, and its children are named', async () => {
    const parent = await create('leaf', 'parent');
    const names = Array.from({ length: 12 }, (_, index) => `child${index + 1}`);
    const ids = new Map<string, string>();
    for (const name of names) ids.set(name, await create('leaf', name, below('parent', name)));
    const refused = await clients.leaf?.delete(`/Users/${parent}`);
    expect(refused?.status).toBe(409);
    const detail = String(refused?.body.detail);
    expect(detail.match(/"cn=child\d+,cn=parent,/g)).toHaveLength(10);
    expect(detail).toContain('and 2 more');
    expect(detail).toContain('recursive');

    await look.add(`cn=kept,cn=parent,${peopleDN()}`, { objectClass: 'inetOrgPerson', sn: 'Kept' });
    const foreign = await clients.recursive?.delete(`/Users/${parent}`);
    expect([foreign?.status, String(foreign?.body.detail)]).toEqual([
      409,
      expect.stringContaining('cn=kept,cn=parent'),
    ]);
    expect(await look.find('(sn=Baum)')).toHaveLength(13);

    await look.remove(`cn=kept,cn=parent,${peopleDN()}`);
    await create('recursive', 'grandchild', { '-dn-': `cn=grandchild,cn=child1,cn=parent,${peopleDN()}` });
    expect((await clients.recursive?.delete(`/Users/${parent}`))?.status).toBe(204);
    expect(await look.find('(sn=Baum)')).toEqual([]);
    expect((await clients.recursive?.get(`/Users/${ids.get('child1')}`))?.status).toBe(404);
  });

  test('a guard rail counts all that a delete takes along, and lets none of them go where there is no room', async () => {
    const tree = async (parent: string, children: number) => {
      const id = await create('guarded', parent);
      for (let n = 0; n < children; n += 1) await create('guarded', `${parent}-${n}`, below(parent, `${parent}-${n}`));
      return id;
    };
    const [large, small, single] = [await tree('large', 3), await tree('small', 2), await tree('single', 0)];
    const remove = (id: string) => clients.guarded?.delete(`/Users/${id}`);
    const refused = await remove(large);
    expect([refused?.status, refused?.body.detail]).toEqual([
      403,
      expect.stringContaining('4 entries would be deleted'),
    ]);
    expect(await look.find('(cn=large*)')).toHaveLength(4);
    const release = () => askAdmin(host, '/connectors/guarded/guard-rails/release', 'POST', { operation: 'delete' });
    expect((await release()).status).toBe(200);
    expect((await remove(small))?.status).toBe(204);
    expect((await askAdmin(host, '/connectors/guarded/guard-rails')).body.guardRails[0]).toMatchObject({ counted: 3 });
    expect((await remove(single))?.status).toBe(403);
    const { stdout } = await command(host, [
      'changes',
      'list',
      '--connector',
      'guarded',
      '--operation',
      'delete',
      '--json',
    ]);
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.map(({ outcome, below }) => [outcome, below])).toEqual([
      ['refused', undefined],
      ['success', 2],
      ['refused', 3],
    ]);
    for (const { dn } of [...(await look.find('(cn=large-*)')), ...(await look.find('(|(cn=large)(cn=single))'))])
      await look.remove(dn);
  });

  test('the tree delete control, where it is served', async () => {
    const dn = (cn: string) => ({ '-dn-': `${cn},ou=people,dc=example,dc=com` });
    const parent = await create('memory', 'parent', dn('cn=parent'));
    const child = await create('memory', 'child', dn('cn=child,cn=parent'));
    expect((await clients.memory?.delete(`/Users/${parent}`))?.status).toBe(204);
    expect((await clients.memory?.get(`/Users/${child}`))?.status).toBe(404);
  });

  test('memberships and managers follow a rename and go with a delete', async () => {
    const [anna, ben] = [await create('recursive', 'anna'), await create('recursive', 'ben')];
    const [a, b] = ['anna', 'ben'].map((cn) => `cn=${cn},${peopleDN()}`) as [string, string];
    const carl = await create('recursive', 'carl', { manager: a });
    const team = `cn=team,ou=groups,${slapd.suffix}`;
    await look.add(team, { objectClass: 'groupOfNames', member: [a, b], owner: a });

    expect(
      (await clients.recursive?.patch(`/Users/${anna}`, { op: 'replace', path: 'userName', value: 'Änne, B.' }))
        ?.status,
    ).toBe(200);
    const renamed = (await look.find('(&(sn=Baum)(cn=Änne*))'))[0]?.dn ?? '';
    expect(renamed).not.toBe('');
    const group = await look.at(team);
    expect(group?.member).toHaveLength(2);
    expect(await look.find(`(&(cn=team)(member=${renamed.replace(/\\/g, '\\5c')}))`)).toHaveLength(1);
    expect(await look.find(`(&(cn=team)(owner=${renamed.replace(/\\/g, '\\5c')}))`)).toHaveLength(1);
    const face = (await clients.recursive?.get(`/Users/${carl}`))?.body[ECMA_USER] as unknown as { manager: unknown };
    expect(JSON.stringify(face.manager)).toContain(anna);

    expect((await clients.recursive?.delete(`/Users/${anna}`))?.status).toBe(204);
    expect((await look.at(team))?.member).toEqual([b]);
    expect((await look.at(team))?.owner).toBeUndefined();
    expect((await look.at(`cn=carl,${peopleDN()}`))?.manager).toBeUndefined();

    // The class demands a member, so the last one leaves one that names nobody.
    expect((await clients.recursive?.delete(`/Users/${ben}`))?.status).toBe(204);
    expect((await look.at(team))?.member).toEqual(['']);
    const [shown] = (await clients.recursive?.find('displayName eq "team"', '/Groups')) ?? [];
    expect(shown?.members ?? []).toEqual([]);
  });

  async function made(connector: string, path: string, body: object): Promise<string> {
    const answer = await clients[connector]?.post(path, body);
    if (answer?.status !== 201) throw new Error(`${path}: ${answer?.status} ${answer?.text}`);
    return String(answer.body.id);
  }
  const replaced = async (connector: string, path: string, attribute: string, value: string) =>
    (await clients[connector]?.patch(path, { op: 'replace', path: attribute, value }))?.status;

  test('groups that name their members by uid follow a change of it and lose who is deleted', async () => {
    const user = (userName: string, face = {}) => ({
      schemas: [CORE_USER],
      userName,
      displayName: `The ${userName}`,
      name: { familyName: 'Baum' },
      [ECMA_USER]: face,
    });
    const [emil, fay] = [await made('posix', '/Users', user('emil')), await made('posix', '/Users', user('fay'))];
    const below = await made('posix', '/Users', user('gil', { '-dn-': `cn=gil,cn=The emil,${peopleDN()}` }));
    const members = [emil, fay, below].map((value) => ({ value }));
    await made('posix', '/Groups', { displayName: 'posix', members });
    const group = `cn=posix,ou=groups,${slapd.suffix}`;
    const uids = async () => (await look.at(group))?.memberUid?.toSorted();
    expect(await uids()).toEqual(['emil', 'fay', 'gil']);

    expect(await replaced('posix', `/Users/${emil}`, 'userName', 'emilia')).toBe(200);
    expect(await uids()).toEqual(['emilia', 'fay', 'gil']);
    await look.add(`cn=other,${peopleDN()}`, { objectClass: 'inetOrgPerson', sn: 'Other', uid: 'fay' });
    expect((await clients.posix?.delete(`/Users/${fay}`))?.status).toBe(204);
    expect(await uids()).toEqual(['emilia', 'fay', 'gil']);
    expect((await clients.posix?.delete(`/Users/${emil}`))?.status).toBe(204);
    expect(await uids()).toEqual(['fay']);
  });

  test.each(['tree', 'treeDN'])('what stands below a renamed entry keeps its id and its groups, %s', async (name) => {
    const [old, now] = [`${name}Old`, `${name}New`];
    const unit = await made(name, '/Units', { displayName: old });
    const face = { '-dn-': `uid=${name},ou=${old},${peopleDN()}` };
    const user = { schemas: [CORE_USER], userName: name, name: { familyName: 'Baum' }, [ECMA_USER]: face };
    const id = await made(name, '/Users', user);
    await made(name, '/Groups', { displayName: name, members: [{ value: id }] });
    const group = async () => (await look.at(`cn=${name},ou=groups,${slapd.suffix}`))?.member;

    expect(await replaced(name, `/Units/${unit}`, 'displayName', now)).toBe(200);
    const dn = `uid=${name},ou=${now},${peopleDN()}`;
    expect(await look.at(dn)).toBeDefined();
    const shown = await clients[name]?.get(`/Users/${id}`);
    expect([shown?.status, (shown?.body[ECMA_USER] as unknown as Record<string, unknown>)?.['-dn-']]).toEqual([
      200,
      dn,
    ]);
    expect(await group()).toEqual([dn]);
    // A delete flow moves too: whoever comes next under the old name is in no group.
    expect((await clients[name]?.delete(`/Users/${id}`))?.status).toBe(204);
    expect(await group()).toEqual([`uid=${name},ou=former,${slapd.suffix}`]);
  });

  test('all members of a group at once: each of them goes, and the last one leaves nobody', async () => {
    const names = Array.from({ length: 12 }, (_, index) => `many${index}`);
    const ids = await Promise.all(names.map((name) => create('recursive', name)));
    const crowd = `cn=crowd,ou=groups,${slapd.suffix}`;
    const member = names.map((name) => `cn=${name},${peopleDN()}`);
    await look.add(crowd, { objectClass: 'groupOfNames', member });
    const answers = await Promise.all(ids.map((id) => clients.recursive?.delete(`/Users/${id}`)));
    expect(answers.map((answer) => answer?.status)).toEqual(ids.map(() => 204));
    expect((await look.at(crowd))?.member).toEqual(['']);
  });

  test('left alone where the file says so', async () => {
    const dora = await create('leave', 'dora');
    const group = `cn=left,ou=groups,${slapd.suffix}`;
    await look.add(group, { objectClass: 'groupOfNames', member: `cn=dora,${peopleDN()}` });
    expect((await clients.leave?.delete(`/Users/${dora}`))?.status).toBe(204);
    expect((await look.at(group))?.member).toEqual([`cn=dora,${peopleDN()}`]);
  });
});
