/** Somebody to hold filters against. */
import { parseFilter } from '../../src/scim/filter';
import { matcher } from '../../src/scim/filterEvaluate';
import type { Resource } from '../../src/scim/resource';
import { ecma, enterprise, userType } from './resourceTypes';

export const barbara: Resource = {
  id: 'a1',
  externalId: 'bj',
  userName: 'Barbara@example.org',
  name: { familyName: 'O\'Malley "B"', givenName: 'Barbara' },
  title: 'Tour guide',
  active: true,
  emails: [
    { type: 'work', value: 'Barbara@work.example', primary: true },
    { type: 'home', value: 'babs@home.example' },
  ],
  meta: { resourceType: 'User', lastModified: '2026-05-13T04:42:34Z', version: 'W/"1"' },
  [enterprise]: { employeeNumber: '007', manager: { value: 'M1' } },
  [ecma]: {
    '-dn-': 'cn=Barbara,ou=x\\, y,dc=example',
    objectClass: ['top', 'inetOrgPerson'],
    sn: 'Malley',
    uidNumber: 1001,
    accountExpires: '9223372036854775807',
    'msDS-UserAccountDisabled': false,
    'userCertificate;binary': ['QUJD'],
    '1.2.840.113556.1.4.1': 'long',
  },
};

/** Whether a filter finds her, or somebody else. */
export function found(text: string, resource = barbara): boolean {
  return matcher(parseFilter(text, userType))(resource);
}
