/** What the documents say is what the code does: generated pages are fresh, examples give what they say, links lead somewhere. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pages } from '../../scripts/generate-docs';
import { connectorFileSchema } from '../../src/config/connectorSchema';
import * as hostSchema from '../../src/config/hostSchema';
import { type AttributeValue, evaluate, parseExpression } from '../../src/mapping/expression';
import { functionNames } from '../../src/mapping/expressionFunctions';

const root = join(__dirname, '../..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');

test.each(Object.entries(pages(connectorFileSchema, hostSchema)))(
  'docs/%s is fresh (else: npm run docs)',
  (name, text) => {
    expect(read(`docs/${name}`)).toBe(text);
  },
);

describe('docs/expressions.md', () => {
  const page = read('docs/expressions.md');
  const attributes: Record<string, AttributeValue> = {
    userName: 'ada.lovelace@contoso.com',
    displayName: 'Ada Lovelace',
    'name.givenName': 'Ada',
    'name.familyName': 'Lovelace',
    department: 'Sales, East',
    roles: ['admin', 'reader'],
    hired: '2012-03-16',
    active: true,
  };
  const scope = {
    attribute: (name: string) => attributes[name],
    now: () => new Date('2021-07-02T15:33:38Z'),
    random: (length: number) => new Uint8Array(length),
  };
  const examples = [...page.matchAll(/^\| `([A-Z].*?\))` \| (.*) \|$/gm)].map(
    ([, call = '', gives = '']) => [call, gives] as const,
  );

  test.each(examples)('%s gives %s', (call, gives) => {
    const result = evaluate(parseExpression(call), scope);
    expect(words(result.kind === 'ignore' ? undefined : result.value)).toBe(gives);
  });

  test('names every function', () => {
    expect(functionNames.filter((name) => !page.includes(`${name}(`))).toEqual([]);
    expect(examples.length).toBeGreaterThan(40);
  });
});

/** A result as the page writes it. */
function words(value: unknown): string {
  if (value === undefined) return 'left as it is';
  if (value === null) return 'nothing';
  return [value]
    .flat()
    .map((item) => `\`${String(item)}\``)
    .join(' and ');
}

describe('links', () => {
  const documents = ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md', 'certs/README.md'].concat(
    readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.md'))
      .map((name) => `docs/${name}`),
  );

  test.each(documents)('%s leads somewhere', (document) => {
    const links = [...read(document).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
    const local = links.filter((target) => !/^https?:/.test(target));
    const lost = local.filter((target) => {
      const [file = '', anchor] = target.split('#');
      const path = file === '' ? join(root, document) : join(root, dirname(document), file);
      if (!existsSync(path)) return true;
      return anchor !== undefined && path.endsWith('.md') && !anchorsOf(readFileSync(path, 'utf8')).has(anchor);
    });
    expect(lost).toEqual([]);
  });
});

/** The anchors that a page's headings have, as GitHub makes them. */
function anchorsOf(page: string): Set<string> {
  const headings = [...page.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => heading);
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, '')
        .replace(/\s/g, '-'),
    ),
  );
}
