/** Groups over every class that holds members: empty ones, the first and the last member, and members that are renamed or deleted. */
import { connectivity } from '../support/connectorFiles';
import { HostProcess } from '../support/hostProcess';
import { CORE_USER, type Json, type ScimClient } from '../support/scimClient';
import type { Slapd } from '../support/slapd';
import { slapdIsHere, startSystem, startTimeout } from '../support/system';

const CORE_GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group';
const suffix = 'dc=example,dc=com';

function groups(slapd: Slapd | undefined, targetObject: string): object {
  const isPosix = targetObject === 'posixGroup';
  const mappings = [
    { source: 'displayName', target: 'cn' },
    { source: 'members.value', target: 'memberUid' },
    { constant: '100', target: 'gidNumber', apply: 'onCreate' },
  ];
  return {
    connectivity: slapd === undefined ? { product: 'memory' } : connectivity(slapd),
    partitions: [{ dn: suffix, containers: [`ou=people,${suffix}`, `ou=groups,${suffix}`] }],
    objectTypes: [
      { resourceType: 'User', targetObject: 'inetOrgPerson', container: `ou=people,${suffix}` },
      { resourceType: 'Group', targetObject, container: `ou=groups,${suffix}`, ...(isPosix && { mappings }) },
    ],
  };
}

describe.each(slapdIsHere ? ['memory', 'OpenLDAP'] : ['memory'])('groups on %s', (directory) => {
  let host: HostProcess;
  let stop: () => Promise<void>;
  let turn = 0;
  // The embedded directory has the revision of RFC 2307, in which posixGroup only accompanies another class.
  const classes = ['groupOfNames', 'groupOfUniqueNames', ...(directory === 'memory' ? [] : ['posixGroup'])];

  beforeAll(async () => {
    const connectors = (slapd?: Slapd) => Object.fromEntries(classes.map((name) => [name, groups(slapd, name)]));
    if (directory === 'memory') {
      host = await HostProcess.start({ connectors: connectors() });
      stop = () => host.stop();
    } else {
      const system = await startSystem({ suffix, connectors });
      ({ host, stop } = system);
    }
  }, startTimeout);
  afterAll(() => stop?.());

  describe.each(classes)('of class %s', (targetObject) => {
    let client: ScimClient;
    beforeAll(() => {
      client = host.client(targetObject);
    });

    async function made(endpoint: string, body: object): Promise<Json> {
      const answer = await client.post(endpoint, body);
      if (answer.status !== 201) throw new Error(answer.text);
      return answer.body;
    }
    const name = (what: string) => {
      turn += 1;
      return `${what}-${turn}`;
    };
    const user = (userName = name('user')) => made('/Users', { schemas: [CORE_USER], userName });
    const group = (...members: Json[]) =>
      made('/Groups', { schemas: [CORE_GROUP], displayName: name('group'), members: members.map(asMember) });
    const asMember = ({ id }: Json) => ({ value: id });
    const membersOf = async ({ id }: Json) =>
      (((await client.get(`/Groups/${id}`)).body.members ?? []) as { value?: unknown }[]).map(({ value }) => value);
    const patched = async ({ id }: Json, ...list: object[]) => {
      const { status, text } = await client.patch(`/Groups/${id}`, ...list);
      if (status !== 200) throw new Error(text);
    };

    test('is made without members, gets its first one and loses its last one', async () => {
      const [ada, empty] = [await user(), await group()];
      expect(await membersOf(empty)).toEqual([]);
      await patched(empty, { op: 'add', path: 'members', value: [asMember(ada)] });
      expect(await membersOf(empty)).toEqual([ada.id]);
      await patched(empty, { op: 'remove', path: `members[value eq "${ada.id}"]` });
      expect(await membersOf(empty)).toEqual([]);
      await patched(empty, { op: 'replace', path: 'members', value: [asMember(ada)] });
      await patched(empty, { op: 'remove', path: 'members' });
      expect(await membersOf(empty)).toEqual([]);
    });

    test('keeps who is renamed and not who is deleted, also when somebody else gets the name', async () => {
      const [ada, bob] = [await user(), await user()];
      const both = await group(ada, bob);
      const renamed = { op: 'replace', path: 'userName', value: name('renamed') };
      expect((await client.patch(`/Users/${ada.id}`, renamed)).status).toBe(200);
      expect(new Set(await membersOf(both))).toEqual(new Set([ada.id, bob.id]));
      expect((await client.delete(`/Users/${bob.id}`)).status).toBe(204);
      expect(await membersOf(both)).toEqual([ada.id]);
      for (const { userName } of [ada, bob]) expect((await user(String(userName))).id).not.toBe(bob.id);
      expect(await membersOf(both)).toEqual([ada.id]);
    });
  });
});
