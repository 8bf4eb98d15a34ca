/** Filters as text: parse ∘ print is the identity, precedence, and no text that fails in any other way than with invalidFilter. */
import fc from 'fast-check';
import { type Filter, formatFilter, parseFilter } from '../../src/scim/filter';
import { matcher } from '../../src/scim/filterEvaluate';
import { barbara, found } from './filtered';
import { ecma, enterprise, userType } from './resourceTypes';

describe('filters as text', () => {
  /** Whatever a string may hold, and above all what means something to filters, to LDAP and to JSON. */
  const string = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.string({ unit: 'binary' }),
    fc.constantFrom(
      '',
      ' ',
      '"',
      '\\',
      '\\"',
      '\\u0041',
      ') or (',
      '] and [',
      '*',
      '\0',
      '\n',
      'null',
      'true',
      '1',
      '2026-01-31',
    ),
  );
  const literal = fc.oneof(
    { weight: 4, arbitrary: string.map((value) => JSON.stringify(value)) },
    fc.oneof(fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }), fc.bigInt()).map(String),
    fc.constantFrom('true', 'FALSE', 'null', 'bare', '007', '1e400', '-0'),
  );
  const equal = fc.constantFrom('eq', 'ne', 'Eq', 'NE');
  const partial = fc.constantFrom('co', 'sw', 'ew');
  const order = fc.constantFrom('gt', 'ge', 'lt', 'LE');
  const texts = [
    'userName',
    'TITLE',
    'name.familyName',
    'emails',
    'emails.type',
    'urn:ietf:params:scim:schemas:core:2.0:User:displayName',
    `${enterprise}:employeeNumber`,
    `${enterprise}:manager.value`,
    `${ecma}:sn`,
    `${ecma.toUpperCase()}:SURNAME`,
    `${ecma}:-dn-`,
    `${ecma}:1.2.840.113556.1.4.1`,
    'longName',
    'unknown',
    'unknown.part',
    'urn:some:other:2.0:Thing:a.b',
  ];
  const words = (...parts: fc.Arbitrary<string>[]) => fc.tuple(...parts).map((each) => each.join(' '));
  const comparison = (...names: string[]) =>
    fc.oneof(
      words(
        fc.constantFrom(...names),
        fc.oneof(equal, partial, order),
        string.map((value) => JSON.stringify(value)),
      ),
      words(fc.constantFrom(...names), equal, literal),
      words(fc.constantFrom(...names), fc.constantFrom('pr', 'PR')),
    );
  const typed = fc.oneof(
    words(
      fc.constantFrom('uidNumber', 'accountExpires'),
      fc.oneof(equal, order),
      literal.filter((text) => text !== 'null'),
    ),
    words(fc.constantFrom('active', 'emails.primary'), equal, literal),
    words(
      fc.constant('meta.lastModified'),
      fc.oneof(equal, order),
      fc.date({ noInvalidDate: true, min: new Date(0), max: new Date(4e12) }).map((date) => `"${date.toISOString()}"`),
    ),
    words(fc.constant('userCertificate;binary'), fc.oneof(equal, partial), fc.constant('"QUJD"')),
  );
  const nested = (leaf: fc.Arbitrary<string>) =>
    fc.letrec<{ filter: string }>((tie) => ({
      filter: fc.oneof(
        { maxDepth: 3, depthIdentifier: 'inside' },
        leaf,
        fc.tuple(tie('filter'), fc.constantFrom('and', 'or'), tie('filter')).map(([a, op, b]) => `(${a}) ${op} (${b})`),
        fc.tuple(tie('filter'), fc.constantFrom('and', 'OR'), leaf).map(([a, op, b]) => `(${a}) ${op} ${b}`),
        tie('filter').map((inner) => `not (${inner})`),
      ),
    })).filter;
  const valuePath = fc.oneof(
    nested(comparison('type', 'VALUE', 'display', 'nothing')).map((inside) => `emails[${inside}]`),
    words(
      nested(comparison('type', 'value')).map((inside) => `emails[ ${inside} ].value`),
      equal,
      literal,
    ),
    nested(comparison('value')).map((inside) => `${ecma}:objectClass[${inside}]`),
    nested(comparison('value')).map((inside) => `unknown[${inside}]`),
  );
  const leaf = fc.oneof(comparison(...texts), typed, valuePath);
  const { filter } = fc.letrec<{ filter: string }>((tie) => ({
    filter: fc.oneof(
      { maxDepth: 4, depthIdentifier: 'filter' },
      leaf,
      fc
        .tuple(tie('filter'), fc.constantFrom('and', 'or', 'AND'), tie('filter'))
        .map(([a, op, b]) => `(${a}) ${op} (${b})`),
      tie('filter').map((inner) => `not (${inner})`),
      tie('filter').map((inner) => `( ${inner} )`),
    ),
  }));

  /** How a name was spelled, and what its canonical name says anyway. */
  const beside = new Set(['spelled', 'alias', 'definition', 'subDefinition']);
  const bare = (value: unknown): unknown =>
    JSON.parse(JSON.stringify(value, (key, inner) => (beside.has(key) ? undefined : inner)));

  it('parses back to the same tree', () => {
    fc.assert(
      fc.property(filter, (text) => {
        const tree: Filter = parseFilter(text, userType);
        const again = parseFilter(formatFilter(tree), userType);
        expect(bare(again)).toEqual(bare(tree));
        expect(matcher(again)(barbara)).toBe(matcher(tree)(barbara));
      }),
      { numRuns: 500 },
    );
  });

  it('binds "and" more tightly than "or", and neither is changed by parentheses around a part', () => {
    const known = fc.oneof(comparison('userName', 'title', 'emails.type', `${ecma}:sn`), typed);
    const joined = fc.array(fc.tuple(fc.constantFrom('and', 'or'), known), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(joined, fc.boolean(), (parts, parentheses) => {
        const text = parts.map(([word, part], i) => `${i === 0 ? '' : ` ${word} `}${parentheses ? `(${part})` : part}`);
        const groups: boolean[][] = [];
        for (const [i, [word, part]] of parts.entries()) {
          if (i === 0 || word === 'or') groups.push([]);
          groups.at(-1)?.push(found(part));
        }
        expect(found(text.join(''))).toBe(groups.some((group) => group.every(Boolean)));
        expect(found(`not (${text.join('')})`)).toBe(!groups.some((group) => group.every(Boolean)));
      }),
      { numRuns: 200 },
    );
  });

  it('never fails otherwise than with invalidFilter', () => {
    const soup = fc.array(
      fc.oneof(
        fc.constantFrom('title', 'eq', '"a"', '(', ')', '[', ']', 'and', 'not', 'pr', '"', '\\', '.value'),
        fc.string(),
      ),
    );
    fc.assert(
      fc.property(soup, (parts) => {
        try {
          matcher(parseFilter(parts.join(' '), userType))(barbara);
        } catch (error) {
          expect(error).toMatchObject({ status: 400, scimType: 'invalidFilter' });
        }
      }),
      { numRuns: 500 },
    );
  });
});
