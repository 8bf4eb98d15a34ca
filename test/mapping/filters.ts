/** Entries and filters that meet: the same few values, in the spellings that directories and clients have for them. */
import fc from 'fast-check';
import { DN } from '../../src/directory/dn';
import { Entry, type Value } from '../../src/directory/entry';

const texts = ['ada', 'Ada', 'ADA L', ' a  b ', 'x*y', '(a)', 'b\\c', 'n\u0000l', 'é', '1', '+1 23', '-', 'a,b="c"'];
const text = fc.constantFrom(...texts);
const moments = ['20260101000000Z', '202601010000Z', '20260101010000+0100', '20250101000000.5Z', '000001010000Z'];
const counts = ['0', '7', '007', '-3', '9007199254740993', '18446744073709551616'];
const octets = [Buffer.from('ada'), Buffer.from([0, 255])];
const some = <T>(value: fc.Arbitrary<T>) => fc.array(value, { minLength: 1, maxLength: 2 });

/** Entries, and what the state store keeps of them. */
export const entries = fc
  .record(
    {
      uid: some(text),
      cn: some(text),
      sn: some(text),
      displayName: text.map((one) => [one]),
      title: some(text),
      mail: some(fc.constantFrom('a@b', 'A@B', 'c@d')),
      telephoneNumber: some(fc.constantFrom('+1 23', '+123', '1-2')),
      l: some(text),
      manager: some(fc.constantFrom('uid=ada,dc=x', 'UID=Ada, dc=x', 'cn=unknown,dc=x')),
      employeeNumber: text.map((one) => [one]),
      flag: fc.constantFrom('TRUE', 'FALSE').map((one) => [one]),
      moment: some(fc.constantFrom(...moments)),
      count: some(fc.constantFrom(...counts)),
      octets: some(fc.constantFrom(...octets)),
      exact: some(text),
      ruleless: some(text),
      constructor: some(text),
    } satisfies Record<string, fc.Arbitrary<readonly Value[]>>,
    { requiredKeys: [] },
  )
  .chain((attributes) =>
    fc
      .record({
        dn: fc.constantFrom('uid=ada,dc=x', 'cn=Ada,dc=x', 'cn=\\28a\\29,dc=x', 'UID=ADA+cn=1,dc=x'),
        emails: fc.option(
          some(
            fc.record(
              {
                value: fc.constantFrom('a@b', 'home@x', 'C@D'),
                type: fc.constantFrom('work', 'Work', 'home'),
                display: text,
              },
              { requiredKeys: ['value'] },
            ),
          ),
          { nil: undefined },
        ),
        externalId: fc.option(text, { nil: undefined }),
      })
      .map(({ dn, emails, externalId }) => {
        const name = DN.parse(dn);
        const named = (name.rdn?.parts ?? []).map(({ type, value }) => ({ name: type, values: [value] }));
        const own = Object.entries(attributes).map(([attribute, values]) => ({
          name: attribute,
          values: values as Value[],
        }));
        const stored = {
          ...(emails && { emails: { elements: emails } }),
          ...(externalId !== undefined && { externalId }),
        };
        // An entry has the values of its name; some have no uid.
        const classes = { name: 'objectClass', values: ['inetOrgPerson', 'oddities'] };
        return { entry: new Entry(name, [classes, ...own, ...named]), stored };
      }),
  );

const quoted = fc
  .constantFrom(
    ...texts,
    'a@b',
    'A@B',
    'home@x',
    'work',
    'WORK',
    'ada',
    'uid=ada,dc=x',
    'cn=Ada,dc=x',
    'id1',
    '2026-01-01T00:00:00Z',
    '9007199254740993',
  )
  .map((one) => JSON.stringify(one));
const literal = fc.oneof(
  { weight: 6, arbitrary: quoted },
  fc.constantFrom('7', '0', '-3', 'true', 'false', 'null', '1.5', '9007199254740993'),
);
const anyOperator = ['eq', 'ne', 'co', 'sw', 'ew', 'gt', 'ge', 'lt', 'le'];

const comparison = (of: readonly string[]) =>
  fc.oneof(
    {
      weight: 5,
      arbitrary: fc
        .tuple(fc.constantFrom(...of), fc.constantFrom('eq', ...anyOperator), literal)
        .map((parts) => parts.join(' ')),
    },
    fc.constantFrom(...of).map((path) => `${path} pr`),
  );
const part = comparison(['value', 'type', 'display', 'primary']);
const inner = fc.oneof(
  { weight: 3, arbitrary: part },
  fc.tuple(part, fc.constantFrom('and', 'or'), part, fc.constantFrom('and', 'or'), part).map((all) => all.join(' ')),
  fc.tuple(part, part).map(([a, b]) => `not (${a} or ${b})`),
);
/** Filters of a user, by the grammar of RFC 7644 §3.4.2.2; not all of them compare what can be compared. */
export const filters = (urn: string) => {
  const paths = [
    'id',
    'externalId',
    'userName',
    'name.familyName',
    'name.formatted',
    'displayName',
    'title',
    'emails',
    'emails.value',
    'emails.type',
    'phoneNumbers.value',
    'addresses.locality',
    'active',
    'nosuch',
    'meta.lastModified',
    'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value',
    'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber',
    ...[
      '-dn-',
      'uid',
      'cn',
      'commonName',
      'mail',
      'telephoneNumber',
      'manager',
      'flag',
      'moment',
      'count',
      'octets',
      'exact',
      'ruleless',
      'constructor',
      'nosuch',
    ].map((name) => `${urn}:${name}`),
  ];
  return fc.letrec<{ filter: string }>((tie) => ({
    filter: fc.oneof(
      { maxDepth: 3 },
      { weight: 5, arbitrary: comparison(paths) },
      {
        weight: 1,
        arbitrary: fc
          .tuple(fc.constantFrom('emails', 'phoneNumbers', `${urn}:manager`), inner)
          .map(([path, one]) => `${path}[${one}]`),
      },
      {
        weight: 1,
        arbitrary: fc
          .tuple(fc.constantFrom('emails[type eq "work"]', 'emails[type eq "home"]'), literal)
          .map(([path, one]) => `${path}.value eq ${one}`),
      },
      fc.array(tie('filter'), { minLength: 2, maxLength: 3 }).map((parts) => `(${parts.join(' and ')})`),
      fc.array(tie('filter'), { minLength: 2, maxLength: 3 }).map((parts) => `(${parts.join(' or ')})`),
      tie('filter').map((one) => `not (${one})`),
    ),
  })).filter;
};
