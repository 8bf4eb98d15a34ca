import { DN } from '../../src/directory/dn';
import { Entry } from '../../src/directory/entry';
import { type LdifChange, ldifOf } from '../../src/directory/ldif';

const dn = DN.parse('uid=ada,ou=people,dc=example,dc=com');
const written = (...changes: LdifChange[]) => ldifOf(changes, (name) => name === 'userPassword');

test('an add, with base64 where a value is not safe, and no password', () => {
  const entry = new Entry(dn, {
    sn: 'Lovelace',
    cn: 'Adä',
    description: [' leading', 'trailing ', ':colon', '<url', 'two\nlines', ''],
    jpegPhoto: Buffer.from([0, 1, 255]),
    userPassword: 'S3cret',
  });
  expect(written({ type: 'add', entry })).toBe(
    [
      'version: 1',
      '',
      'dn: uid=ada,ou=people,dc=example,dc=com',
      'changetype: add',
      'sn: Lovelace',
      'cn:: QWTDpA==',
      'description:: IGxlYWRpbmc=',
      'description:: dHJhaWxpbmcg',
      'description:: OmNvbG9u',
      'description:: PHVybA==',
      'description:: dHdvCmxpbmVz',
      'description:',
      'jpegPhoto:: AAH/',
      '# userPassword: [secret]',
      '',
    ].join('\n'),
  );
});

test('a rename, a modify and a delete; long lines are folded', () => {
  const long = 'x'.repeat(200);
  const text = written(
    { type: 'modrdn', dn, newDN: DN.parse('uid=eve,ou=former,dc=example,dc=com'), deleteOldRdn: true },
    {
      type: 'modify',
      dn,
      modifications: [
        { operation: 'replace', attribute: 'title', values: [long] },
        { operation: 'delete', attribute: 'mail', values: [] },
      ],
    },
    { type: 'delete', dn },
  );
  expect(text).toContain(
    'changetype: modrdn\nnewrdn: uid=eve\ndeleteoldrdn: 1\nnewsuperior: ou=former,dc=example,dc=com\n\n',
  );
  expect(text).toContain('\n-\ndelete: mail\n-\n\ndn: ');
  expect(text.endsWith('changetype: delete\n')).toBe(true);
  for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(76);
  expect(text.replaceAll('\n ', '')).toContain(`title: ${long}\n`);
});
