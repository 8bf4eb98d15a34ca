/** `docs/conformance.md` says which test proves what: every test that it names is there, and every section has one. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const text = readFileSync(join(__dirname, '../docs/conformance.md'), 'utf8');

interface Row {
  readonly rfc: string;
  readonly section: string;
  readonly proof: string;
}

/** The rows of the tables with proofs. */
function rows(): Row[] {
  const parts = text.split(/^## /m).filter((part) => /^RFC \d+/.test(part));
  return parts.flatMap((part) => {
    const rfc = /^RFC (\d+)/.exec(part)?.[1] ?? '';
    return [...part.matchAll(/^\| ([\d.]+) \|.*\| ([^|]+) \|$/gm)].map(([, section = '', proof = '']) => ({
      rfc,
      section,
      proof,
    }));
  });
}

describe('the table of conformance', () => {
  test.each(rows().map(({ rfc, section, proof }) => [rfc, section, proof]))(
    'RFC %s §%s: %s',
    (_rfc, _section, proof) => {
      const [, file, title = ''] = /^`([\w/]+)` › (.+)$/.exec(proof) ?? [];
      const source = readFileSync(join(__dirname, `${file}.test.ts`), 'utf8');
      const quoted = ["'", '"', '`'].map((quote) => `${quote}${title}${quote}`);
      expect(
        quoted.some((literal) => source.includes(literal)) ? '' : `test/${file}.test.ts has no test "${title}"`,
      ).toBe('');
    },
  );

  test('has a proof for every section', () => {
    const protocol = ['3.1', '3.2', '3.3', '3.3.1', '3.4.1', '3.4.2', '3.4.3', '3.5', '3.5.1', '3.5.2', '3.6', '3.7'];
    protocol.push(
      ...['1', '2', '3', '4', '5'].map((part) => `3.4.2.${part}`),
      ...['1', '2', '3'].map((part) => `3.5.2.${part}`),
    );
    protocol.push(
      ...['1', '2', '3', '4'].map((part) => `3.7.${part}`),
      '3.8',
      '3.9',
      '3.10',
      '3.11',
      '3.12',
      '3.13',
      '3.14',
    );
    const schema = ['2.1', '2.2', ...[1, 2, 3, 4, 5, 6, 7, 8].map((part) => `2.3.${part}`), '2.4', '2.5', '3', '3.1'];
    schema.push('3.2', '3.3', '4.1', '4.1.1', '4.1.2', '4.2', '4.3', '5', '6', '7');
    for (const [rfc, sections] of [
      ['7644', protocol],
      ['7643', schema],
    ] as const) {
      const proved = new Set(rows().flatMap((row) => (row.rfc === rfc ? row.section : [])));
      expect(sections.filter((section) => !proved.has(section))).toEqual([]);
    }
  });
});
