/** Renames and moves on OpenLDAP: what the entry is called, what is left of its old name, and under which id it is found. */
import { people } from '../support/connectorFiles';
import { CORE_USER, ECMA_USER, type Json, type ScimClient } from '../support/scimClient';
import { describeOnSlapd, type System, startSystem, startTimeout } from '../support/system';

const mappings = [
  { source: 'userName', target: 'uid' },
  { source: 'displayName', target: 'cn' },
  { source: 'name.familyName', target: 'sn' },
  { source: 'title', target: 'title' },
];

describeOnSlapd.each(['entryUUID', 'dn'])('renames, anchor %s', (anchor) => {
  let system: System;
  let client: ScimClient;

  beforeAll(async () => {
    system = await startSystem({
      connectors: (slapd) => ({
        names: people(
          slapd,
          {
            mappings,
            anchor,
            matchingAttributes: ['employeeNumber'],
            dn: `Join("", "uid=", [userName], ",ou=people,${slapd.suffix}")`,
          },
          { partitions: [{ dn: slapd.suffix }], provisioningHierarchy: { ou: 'organizationalUnit' } },
        ),
        orphans: people(slapd, { anchor }),
        selected: people(slapd, { anchor, attributes: ['uid', 'cn', 'sn', 'title'] }),
      }),
    });
    client = system.host.client('names');
  }, startTimeout);
  afterAll(() => system?.stop());

  const below = (rdn: string) => `${rdn},ou=people,${system.slapd.suffix}`;
  const dnPath = `${ECMA_USER}:-dn-`;
  const replace = (path: string, value: unknown) => ({ op: 'replace', path, value });

  async function create(userName: string, face: object = {}): Promise<string> {
    const body = { schemas: [CORE_USER], userName, displayName: `The ${userName}`, name: { familyName: 'Name' } };
    const { status, body: made, text } = await client.post('/Users', { ...body, [ECMA_USER]: face });
    if (status !== 201) throw new Error(`${userName}: ${status} ${text}`);
    return String(made.id);
  }
  async function patch(id: string, ...changes: object[]): Promise<Json> {
    const { status, body, text } = await client.patch(`/Users/${id}`, ...changes);
    if (status !== 200) throw new Error(`${status} ${text}`);
    expect(body.id).toBe(id);
    expect((await client.get(`/Users/${id}`)).body).toEqual(body);
    return body;
  }

  test('the attribute of the RDN, with other changes in the same request', async () => {
    const id = await create('rename1');
    const body = await patch(id, replace('userName', 'renamed1'), replace('title', 'Renamed'));
    expect([body.userName, body.title]).toEqual(['renamed1', 'Renamed']);
    expect(await system.look.at(below('uid=renamed1'))).toMatchObject({ uid: ['renamed1'], title: ['Renamed'] });
    expect(await system.look.at(below('uid=rename1'))).toBeUndefined();
    expect((await client.find('userName eq "rename1"')).length).toBe(0);
    expect((await client.find('userName eq "renamed1"')).map((found) => found.id)).toEqual([id]);
  });

  test('a difference of case only', async () => {
    const id = await create('casing');
    expect((await patch(id, replace('userName', 'CaSing'))).userName).toBe('CaSing');
    const [entry] = await system.look.find('(uid=casing)');
    expect([entry?.dn, entry?.values.uid]).toEqual([below('uid=CaSing'), ['CaSing']]);
  });

  test('an RDN of several values: into it, one of them changed, and out of it', async () => {
    const id = await create('multi', { '-dn-': below('uid=multi+employeeNumber=77') });
    expect(await system.look.at(below('uid=multi+employeeNumber=77'))).toMatchObject({ employeeNumber: ['77'] });
    await patch(id, replace('userName', 'multi2'));
    expect(await system.look.at(below('employeeNumber=77+uid=multi2'))).toMatchObject({
      uid: ['multi2'],
      employeeNumber: ['77'],
    });
    const body = await patch(id, replace(dnPath, below('uid=multi2')));
    const left = (await system.look.at(below('uid=multi2')))?.employeeNumber;
    expect((body[ECMA_USER] as unknown as Record<string, unknown>).employeeNumber).toEqual(left?.[0]);
  });

  test('into a container that must be made first', async () => {
    const id = await create('mover');
    const target = `uid=mover,ou=new,ou=branch,${system.slapd.suffix}`;
    await patch(id, replace(dnPath, target));
    expect(await system.look.at(target)).toMatchObject({ uid: ['mover'] });
    expect(await system.look.at(`ou=branch,${system.slapd.suffix}`)).toMatchObject({ ou: ['branch'] });
    const nowhere = `uid=mover,cn=unknown,${system.slapd.suffix}`;
    const refused = await client.patch(`/Users/${id}`, replace(dnPath, nowhere));
    expect([refused.status, String(refused.body.detail)]).toEqual([
      400,
      expect.stringContaining('provisioningHierarchy'),
    ]);
    expect(await system.look.at(target)).toBeDefined();
  });

  test('a name that is taken, and a change that the directory refuses: everything is as it was', async () => {
    const id = await create('stays');
    await create('taken');
    const { status, body } = await client.patch(`/Users/${id}`, replace(dnPath, below('uid=taken')));
    expect([status, body.scimType]).toEqual([409, 'uniqueness']);
    await system.look.set(`cn=default,ou=policies,${system.slapd.suffix}`, 'pwdMinLength', ['10']);
    await system.look.set(`cn=default,ou=policies,${system.slapd.suffix}`, 'pwdCheckQuality', ['1']);
    const refused = await client.patch(`/Users/${id}`, replace('userName', 'goes'), replace('password', 'short'));
    expect([refused.status, refused.text.includes('short"')]).toEqual([400, false]);
    expect(await system.look.at(below('uid=stays'))).toMatchObject({ uid: ['stays'] });
    expect(await system.look.at(below('uid=goes'))).toBeUndefined();
    expect((await client.get(`/Users/${id}`)).body.userName).toBe('stays');
  });

  test('a name that cannot be: what is in the way is named, and nothing is left half made', async () => {
    const id = await create('impossible');
    const told = async (one: ScimClient, dn: string) => {
      const { status, body } = await one.patch(`/Users/${id}`, replace(dnPath, dn));
      return [status, body.detail];
    };
    expect(await told(client, below('uid=x,uid=impossible'))).toEqual([400, expect.stringMatching(/below itself/)]);
    expect(await told(client, below('uid=x,c=Germany'))).toEqual([400, expect.stringMatching(/no valid name/)]);
    expect(await told(client, below('uid=x,street=Left,ou=half'))).toEqual([400, expect.stringMatching(/add street/)]);
    expect(await system.look.find('(ou=half)')).toEqual([]);
    // Without a hierarchy. It is the new name that has no container above it.
    const orphans = system.host.client('orphans');
    const found = await orphans.find('userName eq "impossible"');
    expect(found.map((one) => one.id)).toEqual([id]);
    const missing = below('uid=impossible,ou=nowhere');
    expect(await told(orphans, missing)).toEqual([400, expect.stringContaining(`above "${missing}" does not exist`)]);
    const taken = await create('impossible2');
    expect(await told(orphans, below('uid=impossible2'))).toEqual([
      409,
      expect.stringContaining(`"${below('uid=impossible2')}" (uid)`),
    ]);
    expect((await client.delete(`/Users/${taken}`)).status).toBe(204);
  });

  test('an entry with attributes that only another object type has', async () => {
    const selected = system.host.client('selected');
    const body = { schemas: [CORE_USER], userName: 'selected', name: { familyName: 'Name' } };
    const { id } = (await selected.post('/Users', body)).body;
    await system.look.set(below('uid=selected'), 'description', ['Groups have one too']);
    const changes = [replace('userName', 'selected2'), replace('title', 'Both')];
    expect((await selected.patch(`/Users/${id}`, ...changes)).body).toMatchObject({ id, userName: 'selected2' });
    const entry = { uid: ['selected2'], title: ['Both'], description: ['Groups have one too'] };
    expect(await system.look.at(below('uid=selected2'))).toMatchObject(entry);
  });
});
