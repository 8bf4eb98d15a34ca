import { readFileSync } from 'node:fs';
import type { Modification, ObservedOperation, SearchRequest } from '../../src/directory/directory';
import { DN, RDN } from '../../src/directory/dn';
import { Entry } from '../../src/directory/entry';
import { equality, parseFilter, present } from '../../src/directory/filter';
import { type LdapOptions, openLdapDirectory } from '../../src/directory/ldapDirectory';
import { all, base, closing, failure } from '../support/ldap';
import { type Slapd, startSlapd } from '../support/slapd';

let slapd: Slapd | undefined;
beforeAll(async () => {
  slapd = await startSlapd();
});
afterAll(() => slapd?.stop());

const people = (uid: string): DN =>
  DN.parse('ou=people,dc=example,dc=com').child(new RDN([{ type: 'uid', value: uid }]));
const person = (uid: string, more: Record<string, string | Buffer | readonly (string | Buffer)[]> = {}): Entry =>
  new Entry(people(uid), { objectClass: 'inetOrgPerson', uid, cn: uid, sn: uid, ...more });

function options(server: Slapd, more: Partial<LdapOptions> = {}): LdapOptions {
  return {
    hosts: [{ host: server.host, port: server.port }],
    binding: 'Basic',
    userName: server.connectorDN,
    password: () => server.connectorPassword,
    connectionTimeoutMs: 60_000,
    operationTimeoutMs: 60_000,
    ...more,
  };
}

test('opening reads description and schema; with what is known it needs no server', async () => {
  if (!slapd) return;
  const directory = closing(await openLdapDirectory(options(slapd)));
  const { description, schema } = directory;
  expect(description).toMatchObject({
    product: 'openldap',
    namingContexts: ['dc=example,dc=com'],
    proposedAnchor: 'entryUUID',
    passwordAttribute: 'userPassword',
    serverId: `${slapd.host}:${slapd.port}`,
  });
  expect(directory.supports('1.3.6.1.1.13.2')).toBe(true);
  expect(schema.isSubclassOf('inetOrgPerson', 'person')).toBe(true);

  // Through JSON, as it is kept.
  const known = JSON.parse(JSON.stringify({ description, schema: schema.source() }));
  const offline = closing(await openLdapDirectory(options(slapd, { hosts: [{ host: '127.0.0.1', port: 1 }], known })));
  expect(offline.description).toEqual(description);
  expect(offline.schema.isDN('member')).toBe(true);
  const error = await failure(offline.delete(people('nobody')));
  expect(error).toMatchObject({ result: 'connectionLost', sent: false });
  expect(error.diagnostic).toContain('127.0.0.1:1: nothing listens there');
});

test('add, read, modify, rename, delete; post-read answers the entry after the write', async () => {
  if (!slapd) return;
  const directory = closing(await openLdapDirectory(options(slapd)));
  const photo = Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 1, 2, 3]);
  const added = await directory.add(
    person('zoë, 1', { jpegPhoto: photo, givenName: 'Zoë', description: ['é', '\ufffd'] }),
    {
      postRead: ['*', 'entryUUID'],
    },
  );
  expect(added?.values('jpegPhoto')).toEqual([photo]);
  expect(added?.first('entryUUID')).toMatch(/^[0-9a-f-]{36}$/);
  expect(added?.dn.equals(people('zoë, 1'))).toBe(true);

  const dn = people('zoë, 1');
  const [found] = await all(directory.search(base(dn, ['*', '+'])));
  expect(found?.values('description')).toEqual(['é', '\ufffd']);
  expect(found?.values('jpegPhoto')).toEqual([photo]);

  const changes: Modification[] = [
    { operation: 'replace', attribute: 'givenName', values: ['Zo'] },
    { operation: 'add', attribute: 'mail', values: ['a@example.com', 'b@example.com'] },
    { operation: 'delete', attribute: 'description', values: [] },
    { operation: 'replace', attribute: 'jpegPhoto', values: [] },
  ];
  const modified = await directory.modify(dn, changes, { postRead: ['mail', 'givenName', 'description', 'jpegPhoto'] });
  expect(modified?.values('mail')).toEqual(['a@example.com', 'b@example.com']);
  expect([...(modified?.attributes() ?? [])].map(({ name }) => name).sort()).toEqual(['givenName', 'mail']);
  // Not asked for: nothing is answered.
  expect(await directory.modify(dn, [{ operation: 'replace', attribute: 'givenName', values: ['Z'] }])).toBeUndefined();

  // To another container, under a name of two values that ends in what the library would have split at.
  const odd = new RDN([
    { type: 'cn', value: 'a\\' },
    { type: 'uid', value: 'zoë, 1' },
  ]);
  const moved = DN.parse('ou=former,dc=example,dc=com').child(odd);
  await directory.modify(dn, [{ operation: 'add', attribute: 'cn', values: ['a\\'] }]);
  const renamed = await directory.modifyDN(dn, moved, { deleteOldRdn: false, postRead: ['cn', 'uid'] });
  expect(renamed?.dn.equals(moved, directory.schema)).toBe(true);
  expect(renamed?.values('cn')).toEqual(['zoë, 1', 'a\\']);
  // Back under its parent, old RDN values deleted, same parent so no new superior is sent.
  const plain = DN.parse('ou=former,dc=example,dc=com').child(new RDN([{ type: 'uid', value: 'zoë, 1' }]));
  const back = await directory.modifyDN(moved, plain, { deleteOldRdn: true, postRead: ['cn', 'uid'] });
  expect(back?.values('cn')).toEqual(['zoë, 1']);

  await directory.delete(plain);
  expect((await failure(directory.delete(plain))).result).toBe(32);
});

test('result codes arrive as numbers, with the operation and its DN; an assertion that fails is 122', async () => {
  if (!slapd) return;
  const directory = closing(await openLdapDirectory(options(slapd)));
  await directory.add(person('coded'));
  const error = await failure(directory.add(person('coded')));
  expect(error).toMatchObject({
    result: 68,
    operation: 'add',
    dn: 'uid=coded,ou=people,dc=example,dc=com',
    sent: true,
  });
  expect(error.ambiguous).toBe(false);
  expect(
    (
      await failure(
        directory.add(
          new Entry(people('x').child(new RDN([{ type: 'cn', value: 'y' }])), {
            objectClass: 'person',
            cn: 'y',
            sn: 'y',
          }),
        ),
      )
    ).result,
  ).toBe(32);
  expect(
    (await failure(directory.modify(people('coded'), [{ operation: 'add', attribute: 'noSuch', values: ['x'] }])))
      .result,
  ).toBe(17);
  expect((await failure(directory.delete(DN.parse('ou=people,dc=example,dc=com'), { tree: true }))).result).toBe(66);
  const change: Modification[] = [{ operation: 'replace', attribute: 'title', values: ['x'] }];
  expect(
    (await failure(directory.modify(people('coded'), change, { assertion: equality('title', 'other') }))).result,
  ).toBe(122);
  await directory.modify(people('coded'), change, { assertion: equality('cn', 'coded') });
  for (const [name, code] of [
    ['busy', 51],
    ['unavailable', 52],
    ['adminLimitExceeded', 11],
  ] as const) {
    const target = DN.parse(`cn=${name},ou=RetCodes,dc=example,dc=com`);
    expect((await failure(directory.modify(target, change))).result).toBe(code);
  }
  await directory.delete(people('coded'));
});

test('a message that just fills the buffer of the writer arrives whole', async () => {
  if (!slapd) return;
  const directory = closing(await openLdapDirectory(options(slapd)));
  const many = Array.from({ length: 5_100 }, (_, i) => `${i}`.padStart(100, 'a'));
  await directory.add(person('big'));
  for (let length = 4_040; length < 4_060; length += 1) {
    const description = [...many, 'b'.repeat(length)];
    await directory.modify(people('big'), [{ operation: 'replace', attribute: 'description', values: description }]);
  }
  const [entry] = await all(directory.search(base(people('big'))));
  expect(entry?.values('description')).toHaveLength(5_101);
  await directory.delete(people('big'));
});

test('filters are sent as they are meant, binary values and absolute true among them', async () => {
  if (!slapd) return;
  const directory = closing(await openLdapDirectory(options(slapd)));
  const key = Buffer.from([0x01, 0xff, 0x80, 0x28, 0x2a, 0x00]);
  await directory.add(
    person('filtered', { 'userCertificate;binary': readCertificate(slapd), jpegPhoto: key, carLicense: 'a(b)*c\\' }),
  );
  const find = async (filter: SearchRequest['filter']): Promise<number> =>
    (
      await all(
        directory.search({ base: DN.parse('dc=example,dc=com'), scope: 'sub', filter, attributes: [], sizeLimit: 100 }),
      )
    ).length;
  expect(await find(equality('carLicense', 'a(b)*c\\'))).toBe(1);
  expect(await find(parseFilter('(carLicense=A\\28*\\2ac\\5c)'))).toBe(1);
  expect(await find(parseFilter('(&(objectClass=person)(!(uid=alice))(|(uid=ali*)(uid=*ltere*)(uid=emi)))'))).toBe(2);
  expect(await find(parseFilter('(uid:caseExactMatch:=filtered)'))).toBe(1);
  expect(await find(parseFilter('(ou:dn:=people)'))).toBeGreaterThan(5);
  expect(await find(parseFilter('(employeeNumber>=1003)'))).toBe(0);
  expect(await find({ kind: 'and', filters: [] })).toBeGreaterThan(10);
  expect(await find({ kind: 'or', filters: [] })).toBe(0);
  const [entry] = await all(directory.search(base(people('filtered'))));
  expect(entry?.values('jpegPhoto')).toEqual([key]);
  expect(Buffer.isBuffer(entry?.values('userCertificate;binary')[0])).toBe(true);
  await directory.delete(people('filtered'));
});

function readCertificate(server: Slapd): Buffer {
  const pem = readFileSync(server.caFile, 'utf8').replace(/-----[^-]+-----|\s/g, '');
  return Buffer.from(pem, 'base64');
}

test('a long search pages on a connection of its own, side by side with others, and a size limit ends it', async () => {
  if (!slapd) return;
  const directory = closing(await openLdapDirectory(options(slapd, { pageSize: 20 })));
  await Promise.all(Array.from({ length: 100 }, (_, i) => directory.add(person(`paged${i}`))));
  const request: SearchRequest = {
    base: DN.parse('ou=people,dc=example,dc=com'),
    scope: 'one',
    filter: parseFilter('(uid=paged*)'),
    attributes: ['uid'],
  };
  const seen: ObservedOperation[] = [];
  const [whole, again, cut, few] = await Promise.all([
    all(directory.search(request, { observer: (operation) => seen.push(operation) })),
    all(directory.search({ ...request, pageSize: 7 })),
    all(directory.search({ ...request, sizeLimit: 45 })),
    all(directory.search({ ...request, sizeLimit: 5 })),
  ]);
  const names = new Set(whole.map((entry) => entry.first('uid')));
  expect([whole.length, names.size, again.length, cut.length, few.length]).toEqual([100, 100, 100, 45, 5]);
  expect(seen.map(({ operation, result, entries }) => [operation, result, entries])).toEqual(
    Array.from({ length: seen.length }, (_, i) => ['search', 0, i < 5 ? 20 : 0]),
  );
  // A consumer who stops early leaves nothing open.
  for await (const entry of directory.search(request)) {
    expect(entry.has('uid')).toBe(true);
    break;
  }
  await Promise.all(whole.map((entry) => directory.delete(entry.dn)));
  expect(await all(directory.search(request))).toEqual([]);
  expect(
    (await failure(all(directory.search({ ...request, base: DN.parse('ou=none,dc=example,dc=com') })))).result,
  ).toBe(32);
});

test("a size limit that is the server's own is an error, not an end", async () => {
  const limited = await startSlapd({ limits: 3 });
  if (!limited) return;
  const directory = closing(
    await openLdapDirectory(options(limited, { userName: limited.readerDN, password: () => limited.readerPassword })),
  );
  const request: SearchRequest = {
    base: DN.parse('dc=example,dc=com'),
    scope: 'sub',
    filter: present('objectClass'),
    attributes: [],
    sizeLimit: 10,
  };
  expect((await failure(all(directory.search(request)))).result).toBe(4);
  expect(await all(directory.search({ ...request, sizeLimit: 3 }))).toHaveLength(3);
  expect((await failure(directory.delete(people('alice')))).result).toBe(50);
  await limited.stop();
});

test('refresh sees a changed schema and keeps what has not changed', async () => {
  if (!slapd) return;
  const directory = closing(await openLdapDirectory(options(slapd)));
  const { description, schema } = directory;
  await directory.refresh();
  expect(directory.schema).toBe(schema);
  expect(directory.description).toBe(description);
});
