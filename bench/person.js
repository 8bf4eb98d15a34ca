/** The people of the benchmark, the same in both protocols. */

const SUFFIX = 'dc=example,dc=com';
const CONTAINER = `ou=people,${SUFFIX}`;
/** Out of the connector's sight: what the others change there does not make the host's copy of its own people old. */
const ELSEWHERE = `ou=former,${SUFFIX}`;
const CORE = 'urn:ietf:params:scim:schemas:core:2.0:User';
const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';

/** A person by its key; two keys are two people. */
function person(key) {
  return {
    uid: key,
    givenName: 'Given',
    sn: `Family ${key}`,
    displayName: `Given Family ${key}`,
    mail: `${key}@example.com`,
    title: 'Engineer',
    employeeNumber: key,
    departmentNumber: 'Research',
  };
}

const dnOf = (key, container = CONTAINER) => `uid=${key},${container}`;

/** What the host makes of {@link resourceOf}. */
function attributesOf(key) {
  const { uid, ...rest } = person(key);
  return { objectClass: 'inetOrgPerson', uid, cn: rest.displayName, ...rest };
}

function resourceOf(key) {
  const { uid, givenName, sn, displayName, mail, title, employeeNumber, departmentNumber } = person(key);
  return {
    schemas: [CORE, ENTERPRISE],
    externalId: `external-${key}`,
    userName: uid,
    name: { givenName, familyName: sn },
    displayName,
    title,
    emails: [{ type: 'work', value: mail, primary: true }],
    [ENTERPRISE]: { employeeNumber, department: departmentNumber },
  };
}

/** Keys of the people that are there before the measurement. */
const residentKey = (index) => `resident${String(index).padStart(7, '0')}`;

module.exports = { SUFFIX, CONTAINER, ELSEWHERE, dnOf, attributesOf, resourceOf, residentKey };
