/** What the words of a server add to its result code, and what docs/errors.md says of all of them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { LdapError, PasswordRefused, ResultCode } from '../../src/directory/error';
import { passwordError } from '../../src/directory/password';
import { understood } from '../../src/directory/resultWords';
import { toScimError } from '../../src/mapping/error';
import { ScimError } from '../../src/scim/error';

const DN = 'uid=zed,ou=people,dc=example,dc=com';

function answered(error: LdapError): ScimError {
  const answer = toScimError(error);
  if (!(answer instanceof ScimError)) throw new Error('no ScimError');
  return answer;
}

describe('words of a server say what its code does not', () => {
  const told = (operation: string, result: number, diagnostic: string) =>
    answered(understood(new LdapError(result, operation, DN, diagnostic)));

  test.each([
    ['OpenLDAP', 'add', 19, 'some attributes not unique', 'another entry has a value already that must be unique'],
    ['389 DS', 'modify', 19, 'Another entry with the same attribute value already exists (attribute: "uid")', 'uid: '],
    ['OpenDJ', 'add', 19, 'A unique attribute conflict was detected for attribute mail: value a@b exists', 'mail: '],
    ['Samba', 'add', 19, "0000202F: samldb: userPrincipalName 'x@y' is already in use ", 'userPrincipalName: '],
    ['Samba', 'modify', 68, "00002071: samldb: samAccountName 'x' already in use!", 'samAccountName: another entry'],
    ['AD', 'modify', 19, '000021C8: AtrErr: DSID-03200E8F, #1:\n0: 000021C8: …', 'another entry has a value already'],
  ])('a value that is taken is 409: %s, %s', (_product, operation, result, words, detail) => {
    const { status, scimType, message } = told(operation, result, words);
    expect([status, scimType]).toEqual([409, 'uniqueness']);
    expect(message).toContain(detail);
  });

  test.each([
    ['OpenLDAP', 17, 'noSuchAttr: attribute type undefined', 'noSuchAttr'],
    ['OpenLDAP', 21, 'seeAlso: value #0 invalid per syntax', 'seeAlso'],
    ['OpenLDAP', 65, "attribute 'dc' not allowed", 'dc'],
    ['OpenLDAP', 65, "object class 'inetOrgPerson' requires attribute 'sn'", 'sn'],
    ['OpenLDAP', 19, 'preferredLanguage: multiple values provided', 'preferredLanguage'],
    ['389 DS', 65, 'missing attribute "sn" required by object class "person"\n', 'sn'],
    ['389 DS', 65, 'single-valued attribute "preferredLanguage" has multiple values\n', 'preferredLanguage'],
    ['Samba', 16, "0000200A: objectclass_attrs: attribute 'noSuchAttr' on entry 'CN=…' was not found", 'noSuchAttr'],
    ['Samba', 21, "0000200B: objectclass_attrs: attribute 'uidNumber' on entry 'cn=…' contains …", 'uidNumber'],
    ['AD', 21, '00000057: LdapErr: … problem 1005 (CONSTRAINT_ATT_TYPE), data 0, Att 3 (cn):len 200', 'cn'],
    ['ApacheDS', 65, 'OBJECT_CLASS_VIOLATION: failed for …: ERR_279 Required attributes [sn(2.5.4.4)] not found', 'sn'],
  ])('the attribute is named: %s, %i: %s', (_product, result, words, attribute) => {
    const { status, scimType, message } = told('modify', result, words);
    expect([status, scimType]).toEqual([400, 'invalidValue']);
    expect(message.startsWith(`${attribute}: The directory refuses the values`)).toBe(true);
  });

  test.each([
    [
      'Samba',
      'modifyDN',
      80,
      '00002095: objectclass: Cannot rename cn=…, parent does not exist!',
      400,
      'container above',
    ],
    ['ApacheDS', 'modifyDN', 1, 'OPERATIONS_ERROR: …: ERR_256_NO_SUCH_OBJECT Entry ou=…', 400, 'container above'],
    [
      'ApacheDS',
      'modify',
      80,
      'OTHER: …: ERR_13735_ELEMENT_FOR_OID_DOES_NOT_EXIST OBJECT_CLASS',
      400,
      'refuses the values',
    ],
    ['Samba', 'search', 1, '00002020: Operation unavailable without authentication', 503, "connector's own account"],
    ['OpenLDAP', 'modify', 8, 'modifications require authentication', 503, "connector's own account"],
    ['eDirectory', 'modify', 80, 'NDS error: no access (-672)', 403, 'give the account the right to write'],
    ['eDirectory', 'modify', 80, 'NDS error: ds locked (-663)', 503, 'not available at the moment'],
    ['eDirectory', 'delete', 80, 'NDS error: partition busy (-654)', 503, 'not available at the moment'],
    ['eDirectory', 'modify', 80, 'NDS error: unheard of (-999)', 502, 'does not expect'],
  ])('%s, %s, %i: %s', (_product, operation, result, words, status, detail) => {
    const answer = told(operation, result, words);
    expect([answer.status, answer.message]).toEqual([status, expect.stringContaining(detail)]);
  });

  test('the right to write one attribute is named', () => {
    const { message } = told('modify', 50, "Insufficient 'write' privilege to the 'title' attribute of entry '…'.");
    expect(message).toContain('give the account the right to write title of that entry');
  });

  test('what the server has really said is kept for the log, and a bind is left alone', () => {
    const read = understood(new LdapError(80, 'modifyDN', DN, 'parent does not exist'));
    expect([read.result, read.diagnostic]).toEqual([32, 'result code 80: parent does not exist']);
    const bind = new LdapError(1, 'bind', DN, 'Operation unavailable without authentication');
    expect(understood(bind)).toBe(bind);
  });

  test.each([
    ['Samba', 68, 'Attribute member already exists for target GUID 1', 20],
    ['AD', 68, '00000562: UpdErr: DSID-031A11E2, problem 6005 (ENTRY_EXISTS), data 0', 20],
    ['Samba', 53, "Attribute member doesn't exist for target GUID 1", 16],
    ['Samba', 53, 'Attribute member already deleted for target GUID 1', 16],
    ['AD', 53, '00000561: SvcErr: DSID-031A120C, problem 5003 (WILL_NOT_PERFORM), data 0', 16],
    ['AD', 53, '0000001F: SvcErr: DSID-031A12D2, problem 5003 (WILL_NOT_PERFORM), data 0', 53],
  ])('a member that is there, or is not, is told as a value: %s, %i: %s', (_product, result, words, means) => {
    expect(understood(new LdapError(result, 'modify', DN, words)).result).toBe(means);
    expect(
      understood(new LdapError(68, 'modify', DN, 'Attribute member already exists for target GUID 1')).result,
    ).toBe(20);
  });

  test('a value that is taken is no refused password', () => {
    const error = understood(new LdapError(19, 'add', DN, 'some attributes not unique'));
    expect(passwordError(error, undefined)).toBe(error);
  });

  test('no words of a request get into a detail, however they look', () => {
    fc.assert(
      fc.property(fc.constantFrom(19, 21, 50, 65, 68, 80), fc.string(), (result, secret) => {
        const { message } = told('modify', result, `attribute '${secret}' not allowed`);
        if (!/^[A-Za-z][A-Za-z0-9.;-]{0,80}$/.test(secret)) expect(message.startsWith(`${secret}: `)).toBe(false);
      }),
    );
  });
});

describe('docs/errors.md', () => {
  const text = readFileSync(join(__dirname, '../../docs/errors.md'), 'utf8');
  const rows = text
    .slice(text.indexOf('## From the directory'), text.indexOf('## From the host'))
    .split('\n')
    .flatMap((line) => {
      const [, results, status, scimType] = /^\| (.+?) \| (\d{3})(?:, `.*?`)? \| (\w*) ?\|/.exec(line) ?? [];
      if (results === undefined) return [];
      const retryAfter = /`Retry-After: (\d+)`/.exec(line)?.[1];
      const codes = [...results.matchAll(/\((\d+)\)/g)].map(([, code]) => Number(code));
      const operations = /on add and rename/.test(results)
        ? ['add', 'modifyDN']
        : /on search/.test(results)
          ? ['search']
          : ['modify'];
      return codes.flatMap((code) =>
        operations.map((operation) => ({ code, operation, status, scimType, retryAfter })),
      );
    });

  test('says of every result code what a client is told', () => {
    expect(rows.length).toBeGreaterThan(35);
    for (const { code, operation, status, scimType, retryAfter } of rows) {
      const answer = answered(new LdapError(code, operation, DN, ''));
      const password = answered(new PasswordRefused(new LdapError(code, operation, DN, ''), 'quality'));
      const told = [answer, password].map((one) => [
        String(one.status),
        one.scimType ?? '',
        (one.headers as Record<string, string> | undefined)?.['Retry-After'],
      ]);
      expect(told).toContainEqual([status, scimType, retryAfter]);
    }
  });

  test('has every result code that is no surprise', () => {
    const listed = new Set(rows.map(({ code }) => code));
    for (const code of Object.values(ResultCode).filter((one) => !listed.has(one)))
      expect([code, answered(new LdapError(code, 'modify', DN, '')).status]).toEqual([code, 502]);
  });
});
