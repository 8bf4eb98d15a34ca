/** Referrals (RFC 4511 §4.1.10, §4.5.3; RFC 3296) of a real slapd: entries that are some, and a shadow that refers writes. */

import { BerCursor } from '../../src/directory/ber';
import type { SearchNotice } from '../../src/directory/directory';
import { DN } from '../../src/directory/dn';
import { Entry } from '../../src/directory/entry';
import { Referred } from '../../src/directory/error';
import { present } from '../../src/directory/filter';
import { type LdapOptions, openLdapDirectory } from '../../src/directory/ldapDirectory';
import { openMemoryDirectory } from '../../src/directory/memoryDirectory';
import { dnOfUrl, readReference } from '../../src/directory/referral';
import { DeltaReader } from '../../src/space/deltaReader';
import { Failures } from '../../src/space/importScope';
import { SearchNotices } from '../../src/space/searchNotices';
import { reference, searchDone, Tag } from '../support/fakeLdap';
import { all, BASE, base, closing, failure, fake, openKnown } from '../support/ldap';
import { type Slapd, startSlapd } from '../support/slapd';

const PRIMARY = 'ldap://primary.example.com/';
const ELSEWHERE = DN.parse(`ou=elsewhere,ou=people,${BASE}`);
const URL_OF_ELSEWHERE = `ldap://other.example.com/ou=people,dc=other`;

let holder: Slapd | undefined;
let shadow: Slapd | undefined;
beforeAll(async () => {
  holder = await startSlapd();
  if (!holder) return;
  const connection = 'bindmethod=simple searchbase="dc=example,dc=com" type=refreshOnly interval=01:00:00:00';
  const account = `binddn="${holder.adminDN}" credentials=${holder.adminPassword}`;
  const provider = `syncrepl rid=001 provider=${holder.url} ${connection} ${account}`;
  shadow = await startSlapd({ directives: [provider, `updateref ${PRIMARY}`] });
  const directory = await openLdapDirectory(options(holder));
  await directory.add(
    new Entry(ELSEWHERE, { objectClass: ['referral', 'extensibleObject'], ou: 'elsewhere', ref: URL_OF_ELSEWHERE }),
  );
  await directory.close();
});
afterAll(async () => {
  await shadow?.stop();
  await holder?.stop();
});

function options(server: Slapd): LdapOptions {
  return {
    hosts: [{ host: server.host, port: server.port }],
    binding: 'Basic',
    userName: server.connectorDN,
    password: () => server.connectorPassword,
    connectionTimeoutMs: 60_000,
    operationTimeoutMs: 60_000,
  };
}

const everything = { base: DN.parse(BASE), scope: 'sub', filter: present('objectClass'), attributes: [] } as const;

describe('of slapd', () => {
  test.each([undefined, 3])('a search tells of what another server holds, in pages of %s too', async (pageSize) => {
    if (!holder) return;
    const directory = closing(await openLdapDirectory(options(holder)));
    const notices: SearchNotice[] = [];
    const request = { ...everything, ...(pageSize !== undefined && { pageSize }) };
    const found = await all(directory.search(request, { notice: (notice) => notices.push(notice) }));
    expect(notices).toEqual([{ kind: 'reference', urls: [`${URL_OF_ELSEWHERE}??sub`] }]);
    expect(found.map(({ dn }) => dn.toString())).not.toContain(ELSEWHERE.toString());

    const shown = await all(
      directory.search({ ...request, manageDsaIT: true }, { notice: () => expect('a notice').toBe('none') }),
    );
    expect(shown).toHaveLength(found.length + 1);
    expect(shown.map(({ dn }) => dn.toString())).toContain(ELSEWHERE.toString());
  });

  test('an operation at or below a referral says which server it names', async () => {
    if (!holder) return;
    const directory = closing(await openLdapDirectory(options(holder)));
    const below = DN.parse(`uid=zoe,${ELSEWHERE}`);
    const zoe = new Entry(below, { objectClass: 'inetOrgPerson', uid: 'zoe', cn: 'Zoe', sn: 'Z' });
    for (const [attempt, url] of [
      [directory.add(zoe), `ldap://other.example.com/uid=zoe,ou=people,dc=other`],
      [directory.delete(below), `ldap://other.example.com/uid=zoe,ou=people,dc=other`],
      [all(directory.search(base(ELSEWHERE))), `${URL_OF_ELSEWHERE}??base`],
      [all(directory.search({ ...everything, base: ELSEWHERE })), `${URL_OF_ELSEWHERE}??sub`],
    ] as const) {
      const error = await failure(attempt);
      expect(error).toBeInstanceOf(Referred);
      expect(error).toMatchObject({ result: 10, urls: [url] });
      expect(error.message).toContain(url);
    }
  });

  test('a shadow refers every write to its provider and answers searches itself', async () => {
    if (!shadow) return;
    const directory = closing(await openLdapDirectory(options(shadow)));
    const alice = DN.parse(`uid=alice,ou=people,${BASE}`);
    expect(await all(directory.search(base(alice)))).toHaveLength(1);
    const write = directory.modify(alice, [{ operation: 'replace', attribute: 'title', values: ['Captain'] }]);
    expect(await failure(write)).toMatchObject({ result: 10, urls: [`${PRIMARY}${alice}`] });
  });

  test('a delta import that is told of an entry which has become a referral takes it for none of its own', async () => {
    if (!holder) return;
    const directory = closing(await openLdapDirectory(options(holder)));
    const filter = { kind: 'equality', attribute: 'objectClass', value: 'inetOrgPerson' } as const;
    const scope = { objectType: 'User', base: DN.parse(BASE), scope: 'sub', filter, attributes: ['uid'] } as const;
    const reader = new DeltaReader({ directory, scopes: [scope], toRow: () => undefined }, new Failures());
    expect(await reader.read(ELSEWHERE, 0)).toBeUndefined();
    expect(await reader.hasChildren(ELSEWHERE)).toBe(false);
  });
});

describe('of any server', () => {
  test('a continuation alone, in answer to a search for one entry, is a referral', async () => {
    const server = await fake(({ tag, id }, socket) => {
      if (tag !== Tag.search) return false;
      return socket.write(Buffer.concat([reference(id), searchDone(id)]));
    });
    const directory = await openKnown(server);
    const error = await failure(all(directory.search(base(ELSEWHERE))));
    expect(error).toMatchObject({ result: 10, urls: ['ldap://elsewhere.example.com/'] });
    // Nothing but a continuation from a container that is one itself: to go on would be to take everybody for deleted.
    expect(await failure(all(directory.search(everything)))).toMatchObject({ result: 10 });
  });

  test('what a server names is one line of printable characters, and not too much of it', () => {
    const urls = (text: string) => {
      const value = Buffer.from(text);
      const url = Buffer.concat([Buffer.from([0x04, 0x82, value.length >> 8, value.length & 0xff]), value]);
      const all = Buffer.concat(Array.from({ length: 30 }, () => url));
      const header = Buffer.from([0x73, 0x83, all.length >> 16, (all.length >> 8) & 0xff, all.length & 0xff]);
      const bytes = Buffer.concat([header, all]);
      return readReference(new BerCursor(bytes, 0, bytes.length));
    };
    expect(urls('ldap://a/b\n\u0007fake line ')).toEqual(Array(20).fill('ldap://a/b fake line '));
    expect(urls('x'.repeat(2_000))[0]).toHaveLength(501);
    expect(() => readReference(new BerCursor(Buffer.from([0x73, 5, 4, 9, 0x61]), 0, 5))).toThrow('longer than');
  });

  test.each([
    ['ldap://host:389/OU=A%2CB,dc=x??sub', 'ou=a,b,dc=x'],
    ['ldaps://[::1]/dc=x', 'dc=x'],
    ['ldap://host', ''],
    ['ldap://host/%zz', '%zz'],
    ['http://host/dc=x', ''],
  ])('the DN of %s', (url, dn) => expect(dnOfUrl(url)).toBe(dn));

  test('contexts that Active Directory keeps for itself are nobody’s loss', async () => {
    const server = await fake(({ tag, id }, socket) => {
      if (tag !== Tag.search) return false;
      return socket.write(
        Buffer.concat([reference(id, 'ldap://DomainDnsZones.x/DC=DomainDnsZones,DC=x'), searchDone(id)]),
      );
    });
    const known = {
      description: { ...openMemoryDirectory({}).description, product: 'ad' },
      schema: { attributeTypes: [], objectClasses: [] },
    };
    const directory = await openKnown(server, { known });
    const notices: SearchNotice[] = [];
    await all(directory.search({ ...everything, sizeLimit: 5 }, { notice: (notice) => notices.push(notice) }));
    expect(notices).toEqual([]);
  });

  test('a run names each server once, and not without end', () => {
    const notices = new SearchNotices();
    expect(notices.notes).toEqual([]);
    notices.take({ kind: 'reference', urls: ['ldap://a/'] });
    notices.take({ kind: 'reference', urls: ['ldap://a/'] });
    expect(notices.notes).toEqual([expect.stringMatching(/2 times for parts of the tree.*: ldap:\/\/a\/\. Referrals/)]);
    for (let i = 0; i < 1_000; i++) notices.take({ kind: 'reference', urls: [`ldap://host${i}/`] });
    expect(notices.notes[0]).toContain('1002 times');
    expect(notices.notes[0]).toContain('ldap://host8/ and others');
    expect(notices.notes[0]?.length).toBeLessThan(1_000);
  });
});
