import { createHash, pbkdf2Sync, randomBytes } from 'node:crypto';
import { randomPassword } from '../../src/connector/randomPassword';
import { DN } from '../../src/directory/dn';
import { Entry } from '../../src/directory/entry';
import { isLdapError, LdapError, PasswordRefused, ResultCode } from '../../src/directory/error';
import { openLdapDirectory } from '../../src/directory/ldapDirectory';
import { passwordError, quotedPassword } from '../../src/directory/password';
import { hashOf } from '../../src/directory/passwordHash';
import { startFakeLdap, Tag } from '../support/fakeLdap';

const dn = DN.parse('cn=a,dc=example,dc=com');

describe('Active Directory', () => {
  test('takes a password in quotes as UTF-16LE', () => {
    expect(quotedPassword('Ä1').toString('hex')).toBe('2200c40031002200');
    expect(quotedPassword(Buffer.from('as it is'))).toEqual(Buffer.from('as it is'));
  });

  test('is not sent one over a connection that everybody can read', async () => {
    const server = await startFakeLdap(() => false);
    const description = {
      product: 'ad',
      namingContexts: [],
      supportedControls: [],
      supportedExtensions: [],
      supportedFeatures: [],
      saslMechanisms: [],
      proposedAnchor: 'objectGUID',
      passwordAttribute: 'unicodePwd',
    };
    const directory = await openLdapDirectory({
      hosts: [server],
      binding: 'Anonymous',
      connectionTimeoutMs: 60_000,
      operationTimeoutMs: 60_000,
      pageSize: 10,
      known: { description, schema: { attributeTypes: [], objectClasses: [] } },
    });
    try {
      for (const write of [
        directory.add(new Entry(dn, { cn: 'a', unicodePwd: 'hidden' })),
        directory.setPassword(dn, 'hidden'),
      ]) {
        const error: unknown = await write.catch((failure) => failure);
        expect(isLdapError(error, ResultCode.confidentialityRequired) && !error.sent).toBe(true);
        expect(JSON.stringify(error) + String(error)).not.toContain('hidden');
      }
      expect(server.requests.filter(({ tag }) => tag !== Tag.bind)).toEqual([]);
    } finally {
      await directory.close();
      await server.close();
    }
  });

  test('says that a password is too simple in its diagnostic only', () => {
    const refused = new LdapError(53, 'modify', dn.toString(), '0000052D: SvcErr: DSID-031A120C, problem 5003');
    expect(passwordError(refused, undefined)).toMatchObject({ reason: 'rules', result: 53 });
    const other = new LdapError(53, 'modify', dn.toString(), '00002035: SvcErr');
    expect(passwordError(other, undefined)).toBe(other);
    expect(passwordError(new LdapError(19, 'add', '', ''), undefined)).toBeInstanceOf(PasswordRefused);
  });
});

describe('hashes', () => {
  test.each([
    ['SSHA', 'sha1', 20],
    ['SSHA256', 'sha256', 32],
    ['SSHA512', 'sha512', 64],
  ] as const)('%s', async (scheme, algorithm, length) => {
    const text = await hashOf('Pässword', scheme, randomBytes);
    const octets = Buffer.from(text.slice(scheme.length + 2), 'base64');
    const salt = octets.subarray(length);
    expect([text.startsWith(`{${scheme}}`), salt.length]).toEqual([true, 16]);
    expect(createHash(algorithm).update('Pässword').update(salt).digest()).toEqual(octets.subarray(0, length));
    expect(await hashOf('Pässword', scheme, randomBytes)).not.toBe(text);
  });

  test('PBKDF2-SHA256', async () => {
    const text = await hashOf('Pässword', 'PBKDF2-SHA256', randomBytes);
    const [, iterations, salt = '', key = ''] = /^\{PBKDF2-SHA256\}(\d+)\$(.+)\$(.+)$/.exec(text) ?? [];
    const octets = (adapted: string) => Buffer.from(adapted.replaceAll('.', '+'), 'base64');
    expect(pbkdf2Sync('Pässword', octets(salt), Number(iterations), 32, 'sha256')).toEqual(octets(key));
  });
});

describe('random passwords', () => {
  test('have every kind of character, and are never the same', () => {
    const made = Array.from({ length: 500 }, () => randomPassword(8, undefined, randomBytes));
    expect(new Set(made).size).toBe(500);
    for (const kind of [/[A-Z]/, /[a-z]/, /[2-9]/, /[^A-Za-z0-9]/])
      expect(made.every((password) => kind.test(password))).toBe(true);
    expect(made.every(({ length }) => length === 8)).toBe(true);
  });

  test('are drawn evenly from the characters of the file, also where 65536 is no multiple of their number', () => {
    const counts = new Map<string, number>();
    for (const character of randomPassword(60_000, 'abcdefghijkl', randomBytes))
      counts.set(character, (counts.get(character) ?? 0) + 1);
    expect(counts.size).toBe(12);
    for (const count of counts.values()) expect(Math.abs(count - 5_000)).toBeLessThan(500);
    // The first two octets would stand for a number beyond the last whole multiple: they are drawn again.
    const drawn = [Uint8Array.of(0xff, 0xff), Uint8Array.of(0, 11)];
    expect(randomPassword(1, 'abcdefghijkl', () => drawn.shift() ?? Uint8Array.of(0, 0))).toBe('l');
  });
});
