/** Many who create at the same time: numbers and names that only one can have, containers that nobody has made yet. */
import { connectivity, people } from '../support/connectorFiles';
import { type Answer, CORE_USER, ECMA_USER, ENTERPRISE_USER, type ScimClient } from '../support/scimClient';
import type { Slapd } from '../support/slapd';
import { describeOnSlapd, type System, startSystem, startTimeout } from '../support/system';

const AT_ONCE = 12;

/** Numbers and names that only one can have. */
function posix(slapd: Slapd): object {
  return people(
    slapd,
    {
      auxiliaryClasses: ['posixAccount'],
      matchingAttributes: ['mail', 'employeeNumber'],
      dn: `Join("", "uid=", [userName], ",ou=", [title], ",ou=people,${slapd.suffix}")`,
      mappings: [
        { source: 'userName', target: 'uid' },
        { source: 'name.familyName', target: 'sn' },
        { source: 'title', target: 'title' },
        { source: 'emails[type eq "work"].value', target: 'mail' },
        {
          source: 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber',
          target: 'employeeNumber',
        },
        { expression: 'Join("", "/home/", [userName])', target: 'homeDirectory' },
        { constant: '100', target: 'gidNumber', apply: 'onCreate' },
        { expression: 'NextNumber(10000, 10999)', target: 'uidNumber', apply: 'onCreate' },
        {
          expression:
            'SelectUniqueValue([name.familyName], Join("", [name.familyName], "2"), Join("", [name.familyName], "3"))',
          target: 'cn',
          apply: 'onCreate',
        },
      ],
    },
    { provisioningHierarchy: { ou: 'organizationalUnit' } },
  );
}

describeOnSlapd('creates side by side', () => {
  let system: System;
  let client: ScimClient;

  beforeAll(async () => {
    system = await startSystem({
      connectors: (slapd) => ({
        posix: posix(slapd),
        posixToo: posix(slapd),
        plain: people(slapd),
        badges: people(
          slapd,
          { anchor: 'employeeNumber', matchingAttributes: ['mail'] },
          { connectivity: connectivity(slapd, { allowManualAnchorSelection: true }) },
        ),
      }),
    });
    client = system.host.client('posix');
  }, startTimeout);
  afterAll(() => system?.stop());

  const create = (userName: string, more: object = {}) =>
    client.post('/Users', { schemas: [CORE_USER], userName, title: 'Fresh', name: { familyName: userName }, ...more });
  const statuses = (answers: readonly Answer[]) => answers.map(({ status }) => status).sort();
  const all = <T>(work: (index: number) => Promise<T>) =>
    Promise.all(Array.from({ length: AT_ONCE }, (_, i) => work(i)));

  test('every one gets a number of its own, and the container that they all need is made once', async () => {
    const answers = await all((index) => create(`number${index}`));
    expect(statuses(answers)).toEqual(Array(AT_ONCE).fill(201));
    const numbers = answers.map(({ body }) => Number(JSON.parse(JSON.stringify(body[ECMA_USER])).uidNumber));
    expect(new Set(numbers).size).toBe(AT_ONCE);
    expect(await system.look.find('(ou=Fresh)')).toHaveLength(1);
    expect(await system.look.find('(uidNumber=*)')).toHaveLength(AT_ONCE);
  });

  test('a value that must be unique is had by one, and runs out with a word', async () => {
    const answers = await all((index) => create(`unique${index}`, { name: { familyName: 'Twin' } }));
    expect(statuses(answers)).toEqual([201, 201, 201, ...Array(AT_ONCE - 3).fill(409)]);
    const names = (await system.look.find('(sn=Twin)')).flatMap(({ values }) => values.cn ?? []);
    expect(names.sort()).toEqual(['Twin', 'Twin2', 'Twin3']);
  });

  test('two connectors at a time give nobody the same, nor what somebody outside of their containers has', async () => {
    const too = system.host.client('posixToo');
    const outside = { objectClass: ['account', 'posixAccount'], uid: 'service', cn: 'service', homeDirectory: '/' };
    await system.look.add(`uid=service,${system.slapd.suffix}`, { ...outside, uidNumber: '10020', gidNumber: '1' });
    const make = (userName: string, index: number) =>
      (index % 2 === 0 ? client : too).post('/Users', {
        schemas: [CORE_USER],
        userName,
        title: 'Both',
        name: { familyName: `Pair ${index >> 1} of` },
      });
    const answers = await Promise.all(Array.from({ length: 32 }, (_, index) => make(`both${index}`, index)));
    expect(statuses(answers)).toEqual(Array(32).fill(201));
    const made = await system.look.find('(title=Both)');
    const names = made.flatMap(({ values }) => values.cn ?? []);
    expect([made.length, names.length, new Set(names).size]).toEqual([32, 32, 32]);
    const numbers = made.map(({ values }) => values.uidNumber?.[0]);
    expect(new Set([...numbers, '10020']).size).toBe(33);
    for (const { body } of answers) {
      const entry = made.find(({ values }) => values.uid?.[0] === String(body.userName));
      expect(JSON.parse(JSON.stringify(body[ECMA_USER]))).toMatchObject({
        uidNumber: Number(entry?.values.uidNumber?.[0]),
        cn: entry?.values.cn,
      });
    }
  });

  test('one and the same user is made once, whoever asks how often', async () => {
    const answers = await all(() => create('same', { title: 'Other' }));
    expect(statuses(answers)).toEqual([201, ...Array(AT_ONCE - 1).fill(409)]);
    expect(await system.look.find('(uid=same)')).toHaveLength(1);
  });

  test('a matching value decides where the name differs, and every entry in the way is named', async () => {
    const mail = (userName: string, value: string, more: object = {}) =>
      create(userName, { emails: [{ type: 'work', value }], ...more });
    const answers = await all((index) => mail(`mail${index}`, 'one@example.com'));
    expect(statuses(answers)).toEqual([201, ...Array(AT_ONCE - 1).fill(409)]);
    const enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
    expect((await create('numbered', { [enterprise]: { employeeNumber: '77' } })).status).toBe(201);
    const { status, body } = await mail('both', 'ONE@example.com', { [enterprise]: { employeeNumber: '77' } });
    expect([status, body.scimType]).toEqual([409, 'uniqueness']);
    expect(body.detail).toMatch(/uid=mail\d+,ou=Fresh/);
    expect(body.detail).toMatch(/uid=numbered,ou=Fresh/);
  });

  test('who collides is refused among many who do not, each for its own reason', async () => {
    const plain = system.host.client('plain');
    const mail = (userName: string, value: string) =>
      plain.post('/Users', {
        schemas: [CORE_USER],
        userName,
        name: { familyName: userName },
        emails: [{ type: 'work', value }],
      });
    const taken = [0, 1, 2].map((index) => `taken${index}@example.com`);
    for (const value of taken) expect((await mail(value.slice(0, 6), value)).status).toBe(201);
    const wanted = Array.from({ length: 36 }, (_, index) => taken[index % 6] ?? `free${index}@example.com`);
    const answers = await Promise.all(wanted.map((value, index) => mail(`among${index}`, value)));
    expect(answers.map(({ status }) => status)).toEqual(wanted.map((value) => (taken.includes(value) ? 409 : 201)));
    for (const [index, { body, status }] of answers.entries())
      if (status === 409) expect(body.detail).toContain(`uid=${wanted[index]?.slice(0, 6)},`);
    expect(await system.look.find('(uid=among*)')).toHaveLength(18);
  });

  test('an anchor that clients give is had by one, is never missing and never changed', async () => {
    const badges = system.host.client('badges');
    const make = (userName: string, employeeNumber?: string) =>
      badges.post('/Users', {
        schemas: [CORE_USER],
        userName,
        name: { familyName: userName },
        [ENTERPRISE_USER]: { employeeNumber },
      });
    const answers = await all((index) => make(`badge${index}`, 'B-1'));
    expect(statuses(answers)).toEqual([201, ...Array(AT_ONCE - 1).fill(409)]);
    const none = await make('nobadge');
    expect([none.status, none.body.detail]).toEqual([
      400,
      expect.stringMatching(/^employeeNumber is the anchor.*send/),
    ]);
    expect(await system.look.find('(uid=nobadge)')).toEqual([]);

    const path = `/Users/${answers.find(({ status }) => status === 201)?.body.id}`;
    const number = { op: 'replace', path: `${ENTERPRISE_USER}:employeeNumber`, value: 'B-2' };
    const changed = await badges.patch(path, number);
    expect([changed.status, changed.body.scimType]).toEqual([400, 'mutability']);
    expect((await badges.patch(path, { ...number, value: 'B-1' })).status).toBe(200);
    expect(await system.look.find('(employeeNumber=B-1)')).toHaveLength(1);
  });
});
