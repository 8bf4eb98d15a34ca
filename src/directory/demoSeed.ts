/** The entries of the embedded directory: a small company of invented people, made to show what real names are like. */
import { type AttributeTypeAndValue, type DN, RDN } from './dn';
import { Entry, type Value } from './entry';
import { LdapError, ResultCode } from './error';

interface Person {
  readonly uid: string;
  readonly givenName: string;
  readonly sn: string;
  /** Where the name is not the given name and the surname. */
  readonly cn?: string;
  readonly title: string;
  readonly telephoneNumber: string;
  readonly manager?: string;
  readonly unit?: 'former';
}

/** Managers stand before those whom they manage. */
const PEOPLE: readonly Person[] = [
  { uid: 'amina', givenName: 'Amina', sn: 'Okafor', title: 'Managing Director', telephoneNumber: '+1 555 0101' },
  {
    uid: 'jorge',
    givenName: 'Jörg',
    sn: 'Weiß',
    title: 'Head of IT',
    telephoneNumber: '+49 30 5550102',
    manager: 'amina',
  },
  {
    uid: 'chloe',
    givenName: 'Chloë',
    sn: "D'Angelo",
    title: 'Head of Sales',
    telephoneNumber: '+1 555 0103',
    manager: 'amina',
  },
  {
    uid: 'mlk',
    givenName: 'Martin',
    sn: 'Kingsley',
    cn: 'Kingsley, Martin Jr.',
    title: 'Counsel',
    telephoneNumber: '+1 555 0104',
    manager: 'amina',
  },
  {
    uid: 'xiaoming',
    givenName: '小明',
    sn: '王',
    cn: '王小明',
    title: 'Network Engineer',
    telephoneNumber: '+86 10 5550 0105',
    manager: 'jorge',
  },
  {
    uid: 'zofia',
    givenName: 'Zofia',
    sn: 'Wójcik',
    title: 'Systems Engineer',
    telephoneNumber: '+48 22 555 01 06',
    manager: 'jorge',
  },
  {
    uid: 'siobhan',
    givenName: 'Siobhán',
    sn: 'Ní Bhriain',
    title: 'Support Engineer',
    telephoneNumber: '+353 1 555 0107',
    manager: 'jorge',
  },
  {
    uid: 'dmitri',
    givenName: 'Дмитрий',
    sn: 'Соколов',
    title: 'Database Engineer',
    telephoneNumber: '+7 495 555 01 08',
    manager: 'jorge',
  },
  {
    uid: 'lakshmi',
    givenName: 'Lakshmi',
    sn: 'Venkataraman',
    title: 'Account Manager',
    telephoneNumber: '+91 80 5550 0109',
    manager: 'chloe',
  },
  {
    uid: 'nguyen',
    givenName: 'Thị Hạnh',
    sn: 'Nguyễn',
    cn: 'Nguyễn Thị Hạnh',
    title: 'Account Manager',
    telephoneNumber: '+84 24 5550 110',
    manager: 'chloe',
  },
  {
    uid: 'joao',
    givenName: 'João',
    sn: 'Magalhães',
    title: 'Sales Assistant',
    telephoneNumber: '+351 21 555 0111',
    manager: 'chloe',
  },
  {
    uid: 'yasmin',
    givenName: 'Yasmin',
    sn: 'al-Rashid',
    title: 'Accountant',
    telephoneNumber: '+971 4 555 0112',
    manager: 'amina',
  },
  {
    uid: 'oyvind',
    givenName: 'Øyvind',
    sn: 'Ås',
    title: 'Sales Assistant',
    telephoneNumber: '+47 55 55 01 13',
    unit: 'former',
  },
];

const GROUPS: readonly { readonly cn: string; readonly description: string; readonly members: readonly string[] }[] = [
  { cn: 'Engineering', description: 'Everyone in IT', members: ['jorge', 'xiaoming', 'zofia', 'siobhan', 'dmitri'] },
  { cn: 'Sales', description: 'Everyone in sales', members: ['chloe', 'lakshmi', 'nguyen', 'joao'] },
  { cn: 'Managers', description: 'Heads of department, and counsel', members: ['amina', 'jorge', 'chloe', 'mlk'] },
];

/** Suffix, `ou=people`, `ou=groups`, `ou=former`, and who and what is in them; parents before children. */
export function demoEntries(suffix: DN): Entry[] {
  const unit = (ou: string): DN => suffix.child(new RDN([{ type: 'ou', value: ou }]));
  const named = new Map(
    PEOPLE.map(({ uid, unit: ou = 'people' }) => [uid, unit(ou).child(new RDN([{ type: 'uid', value: uid }]))]),
  );
  const nameOf = (uid: string): string => String(named.get(uid));
  return [
    suffixEntry(suffix),
    ...['people', 'groups', 'former'].map((ou) => new Entry(unit(ou), { objectClass: 'organizationalUnit', ou })),
    ...PEOPLE.map((person, index) => {
      const { uid, givenName, sn, cn = `${givenName} ${sn}`, title, telephoneNumber, manager } = person;
      return new Entry(named.get(uid) ?? suffix, {
        objectClass: 'inetOrgPerson',
        uid,
        cn,
        givenName,
        sn,
        displayName: cn,
        title,
        mail: `${uid}@example.com`,
        employeeNumber: String(1001 + index),
        telephoneNumber,
        manager: manager === undefined ? [] : [nameOf(manager)],
      });
    }),
    ...GROUPS.map(({ cn, description, members }) => {
      const dn = unit('groups').child(new RDN([{ type: 'cn', value: cn }]));
      return new Entry(dn, { objectClass: 'groupOfNames', cn, description, member: members.map(nameOf) });
    }),
  ];
}

type Attributes = Readonly<Record<string, Value | readonly Value[]>>;

const SUFFIX_ATTRIBUTES: ReadonlyMap<string, (value: Value) => Attributes> = new Map([
  ['dc', (dc: Value): Attributes => ({ objectClass: ['organization', 'dcObject'], dc, o: dc })],
  ['o', (o: Value): Attributes => ({ objectClass: 'organization', o })],
  ['ou', (ou: Value): Attributes => ({ objectClass: 'organizationalUnit', ou })],
  ['c', (c: Value): Attributes => ({ objectClass: 'country', c })],
]);

/** The entry of a naming context, of the class that its RDN calls for. Throws `LdapError` (64) when there is none. */
export function suffixEntry(suffix: DN): Entry {
  const [part, second]: readonly AttributeTypeAndValue[] = suffix.rdn?.parts ?? [];
  const attributes = part && !second ? SUFFIX_ATTRIBUTES.get(part.type.toLowerCase())?.(part.value) : undefined;
  if (!attributes) {
    const diagnostic = 'the suffix must begin with one value of dc, o, ou or c, as in dc=example,dc=com';
    throw new LdapError(ResultCode.namingViolation, 'add', suffix.toString(), diagnostic, false);
  }
  return new Entry(suffix, attributes);
}
