/** What a client is told of the result codes and words with which real servers have answered. */
import { LdapError, PasswordRefused } from '../../src/directory/error';
import { passwordError } from '../../src/directory/password';
import { toScimError } from '../../src/mapping/error';
import { ScimError } from '../../src/scim/error';

const DN = 'uid=zed,ou=people,dc=example,dc=com';

function answered(error: LdapError): ScimError {
  const answer = toScimError(error);
  if (!(answer instanceof ScimError)) throw new Error('no ScimError');
  return answer;
}

describe('a right that the account lacks is named', () => {
  test.each([
    ['OpenLDAP', 'add', 'no write access to parent', 'to add entries in that container'],
    ['OpenLDAP', 'delete', 'no write access to parent', 'to delete entries in that container'],
    ['OpenLDAP', 'modify', 'Insufficient access', 'to write the attributes of that entry'],
    ['389 DS', 'add', "Insufficient 'add' privilege to add the entry 'cn=Zed,…'.", 'to add entries in that container'],
    ['389 DS', 'modify', "Insufficient 'write' privilege to the 'description' attribute", 'to write the attributes'],
    ['Samba', 'modify', '00002098: Object … has no write property access', 'to write the attributes of that entry'],
    ['Samba', 'modifyDN', 'acl: unable to get access', 'to rename entries there'],
    ['ApacheDS', 'delete', 'INSUFFICIENT_ACCESS_RIGHTS: failed for MessageType : DEL_REQUEST', 'to delete entries'],
    ['any', 'extended', '', 'to reset passwords there'],
    ['any', 'search', '', 'to read and search there'],
    ['any', 'compare', '', 'to write there'],
  ])('%s, %s', (_product, operation, diagnostic, right) => {
    const answer = answered(new LdapError(50, operation, DN, diagnostic));
    expect([answer.status, answer.scimType]).toEqual([403, undefined]);
    expect(answer.message).toContain(`at "${DN}": give the account the right ${right}`);
    if (diagnostic) expect(answer.message).not.toContain(diagnostic);
  });
});

test('a name that is too long for OpenLDAP is told from what nobody expects', () => {
  const long = (length: number) => `uid=${'ü'.repeat(length / 2)}\\,x,${DN}`;
  for (const [operation, dn, diagnostic, status] of [
    ['add', long(240), '', 400],
    ['add', long(200), '', 502],
    ['add', `uid=x,ou=${'y'.repeat(300)}`, '', 502],
    ['modifyDN', DN, 'DN index add failed', 400],
    ['modifyDN', long(240), '', 502],
    ['modify', long(240), '', 502],
  ] as const) {
    const answer = answered(new LdapError(80, operation, dn, diagnostic));
    expect([operation, dn.length, answer.status]).toEqual([operation, dn.length, status]);
    if (status === 400)
      expect([answer.scimType, answer.detail]).toEqual(['invalidValue', expect.stringMatching(/too long/)]);
  }
});

describe('a password policy is quoted by its reason', () => {
  test.each([
    ['Samba', 19, 'the password was already used (in history)!', 'it has been used before'],
    ['Samba', 19, 'the password was already used (previous password)!', 'it has been used before'],
    ['Samba', 19, 'password is too young to change!', 'too short a time ago'],
    ['Samba', 19, 'the password is too short. It should be equal or longer than 7 characters!', 'it is too short'],
    ['Samba', 19, 'the password does not meet the complexity criteria!', 'it is not complex enough'],
    ['AD', 53, '0000052D: SvcErr: DSID-031A120C, problem 5003 (WILL_NOT_PERFORM)', 'too short, too simple or has been'],
    ['eDirectory', 19, 'NDS error: duplicate password (-215)', 'it has been used before'],
    ['eDirectory', 80, 'NDS error: password too short (-216)', 'it is too short'],
    ['eDirectory', 53, 'NMAS error: password life minimum (-16018)', 'too short a time ago'],
    ['eDirectory', 80, 'NMAS error: password exclude list (-16019)', 'it is not complex enough'],
    ['OpenDJ', 19, 'The provided new password was found in the password history for the user', 'used before'],
    ['OpenDJ', 19, 'The provided password is shorter than the minimum required length of 8', 'it is too short'],
    ['OpenDJ', 19, 'The provided password value was rejected by a password validator: …', 'it is not complex enough'],
    ['389 DS', 19, 'password in history', 'it has been used before'],
    ['389 DS', 19, 'within password minimum age', 'too short a time ago'],
    ['389 DS', 19, 'invalid password syntax - password must be at least 8 characters long', 'it is too short'],
    ['389 DS', 19, 'invalid password syntax - password must contain at least 1 digit characters', 'complex enough'],
    ['OpenLDAP', 19, 'Password is in history of old passwords', 'it has been used before'],
    ['OpenLDAP', 19, 'Password is too young to change', 'too short a time ago'],
    ['OpenLDAP', 19, 'Password fails quality checking policy', 'it is not complex enough'],
    ['OpenLDAP', 53, 'Must supply old password to be changed as well as new one', 'the old one would have to be given'],
    ['ApacheDS', 19, 'invalid reuse of password present in password history', 'it has been used before'],
    ['ApacheDS', 19, 'password is too young to update', 'too short a time ago'],
    ['ApacheDS', 19, 'Password should have a minimum of 5 characters', 'it is too short'],
  ])('%s, %i: %s', (product, result, words, reason) => {
    const diagnostic =
      product === 'Samba' ? `0000052D: Constraint violation - check_password_restrictions: ${words}` : words;
    const error = passwordError(new LdapError(result, 'modify', DN, diagnostic), undefined);
    expect(error).toBeInstanceOf(PasswordRefused);
    const answer = answered(error);
    expect([answer.status, answer.scimType]).toEqual([400, 'invalidValue']);
    expect(answer.message).toContain(reason);
    expect(answer.message).toMatch(/^password: /);
  });

  test('words of something else are not taken for it', () => {
    const of = (result: number, diagnostic: string) =>
      passwordError(new LdapError(result, 'modify', DN, diagnostic), undefined);
    expect(of(19, 'preferredLanguage: multiple values provided')).toMatchObject({ reason: 'unknown' });
    expect(of(50, 'password is too short')).not.toBeInstanceOf(PasswordRefused);
  });
});

test.each([
  [51, 'not available at the moment'],
  [52, 'not available at the moment'],
  [3, 'time limit'],
  [11, 'administrative limit'],
  ['timeout', 'not available at the moment'],
] as const)('%s is passing: 503, and when to come again', (result, words) => {
  const answer = answered(new LdapError(result, 'modify', DN, 'whatever the server says'));
  expect([answer.status, answer.headers]).toEqual([503, { 'Retry-After': '5' }]);
  expect(answer.message).toContain(words);
});
