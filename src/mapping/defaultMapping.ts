/** What an object type maps when its file says nothing: the attributes that every identity provider sends, where the classes have a place for them. */

/** Candidates in order of preference: the first one that the object classes allow is taken. */
export interface DefaultLink {
  readonly source: string;
  readonly targets: readonly string[];
}

const enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';

const user: readonly DefaultLink[] = [
  { source: 'userName', targets: ['uid', 'userPrincipalName', 'sAMAccountName'] },
  { source: 'name.formatted', targets: ['cn'] },
  { source: 'name.familyName', targets: ['sn'] },
  { source: 'name.givenName', targets: ['givenName'] },
  { source: 'displayName', targets: ['displayName'] },
  { source: 'title', targets: ['title'] },
  { source: 'userType', targets: ['employeeType'] },
  { source: 'preferredLanguage', targets: ['preferredLanguage'] },
  { source: 'emails[type eq "work"].value', targets: ['mail'] },
  { source: 'phoneNumbers[type eq "work"].value', targets: ['telephoneNumber'] },
  { source: 'phoneNumbers[type eq "mobile"].value', targets: ['mobile'] },
  { source: 'phoneNumbers[type eq "home"].value', targets: ['homePhone'] },
  { source: 'phoneNumbers[type eq "fax"].value', targets: ['facsimileTelephoneNumber'] },
  { source: 'phoneNumbers[type eq "pager"].value', targets: ['pager'] },
  { source: 'addresses[type eq "work"].streetAddress', targets: ['street', 'streetAddress'] },
  { source: 'addresses[type eq "work"].locality', targets: ['l'] },
  { source: 'addresses[type eq "work"].region', targets: ['st'] },
  { source: 'addresses[type eq "work"].postalCode', targets: ['postalCode'] },
  { source: 'addresses[type eq "work"].country', targets: ['c'] },
  { source: `${enterprise}:employeeNumber`, targets: ['employeeNumber', 'employeeID'] },
  { source: `${enterprise}:department`, targets: ['departmentNumber', 'department'] },
  { source: `${enterprise}:organization`, targets: ['o', 'company'] },
  { source: `${enterprise}:division`, targets: ['division'] },
  { source: `${enterprise}:manager.value`, targets: ['manager'] },
];

const group: readonly DefaultLink[] = [
  { source: 'displayName', targets: ['cn'] },
  { source: 'members.value', targets: ['member', 'uniqueMember', 'memberUid'] },
];

/** Of a type that the administrator has named. */
const own: readonly DefaultLink[] = [{ source: 'displayName', targets: ['cn', 'displayName'] }];

/** The default two-way links of a resource type; `memberAttribute` where a file names the one that holds a group's members. */
export function defaultLinks(resourceType: string, memberAttribute?: string): readonly DefaultLink[] {
  if (resourceType === 'User') return user;
  if (resourceType !== 'Group') return own;
  if (memberAttribute === undefined) return group;
  return group.map((link) => (link.source === 'members.value' ? { ...link, targets: [memberAttribute] } : link));
}

/** A one-way default: fills an attribute of a new entry that nothing else filled. */
export interface DefaultFlow {
  readonly target: string;
  readonly expression: string;
  /** Only where the object classes demand the attribute. */
  readonly ifMandatory?: true;
}

/** RFC 7643 demands nothing of a user but a `userName`, and a directory more. `cn` is mandatory for every person and is no attribute that every identity provider sends. */
export function defaultFlows(resourceType: string): readonly DefaultFlow[] {
  if (resourceType !== 'User') return [];
  return [
    {
      target: 'cn',
      expression:
        'IIF(IsPresent([displayName]), [displayName], IIF(IsPresent([name.givenName]), Join(" ", [name.givenName], [name.familyName]), IIF(IsPresent([name.familyName]), [name.familyName], [userName])))',
    },
    { target: 'sn', expression: 'IIF(IsPresent([displayName]), [displayName], [userName])', ifMandatory: true },
  ];
}

/**
 * Names that expressions pasted from an identity provider use for what SCIM calls otherwise (Entra ID's user
 * attributes). They are looked up only where neither the schema nor the directory knows the name.
 */
export const sourceAliases: Readonly<Record<string, string>> = {
  userprincipalname: 'userName',
  mailnickname: 'userName',
  surname: 'name.familyName',
  givenname: 'name.givenName',
  mail: 'emails[type eq "work"].value',
  jobtitle: 'title',
  telephonenumber: 'phoneNumbers[type eq "work"].value',
  mobile: 'phoneNumbers[type eq "mobile"].value',
  employeeid: `${enterprise}:employeeNumber`,
  department: `${enterprise}:department`,
  companyname: `${enterprise}:organization`,
  city: 'addresses[type eq "work"].locality',
  state: 'addresses[type eq "work"].region',
  postalcode: 'addresses[type eq "work"].postalCode',
  country: 'addresses[type eq "work"].country',
  streetaddress: 'addresses[type eq "work"].streetAddress',
  objectid: 'externalId',
};
