/**
 * Ends a run over several directory servers with a matrix of product × case: the tests of test/directories by the group
 * that they stand in. With TEST_MATRIX it goes to that file as well.
 */

const { writeFileSync, writeSync } = require('node:fs');

const HERE = /[\\/]test[\\/](directories[\\/]|conformance[\\/](memory|openldap)\.test)/;

/** What stands alone at the top of a file is the conformance suite of a directory. */
const ALONE = / as a directory$/;

/** By product and by case: how many tests passed, failed and were skipped. */
function count(results) {
  const products = new Map();
  for (const { testFilePath, testResults } of results.testResults) {
    if (!HERE.test(testFilePath)) continue;
    for (const { ancestorTitles, title, status } of testResults) {
      const [top, ...below] = ancestorTitles;
      if (top === undefined) continue;
      const [product, groups] = ALONE.test(top) ? [top.replace(ALONE, ''), ancestorTitles] : [top, below];
      const name = caseOf(product, groups, title);
      const cases = products.get(product) ?? new Map();
      const counts = cases.get(name) ?? { passed: 0, failed: 0, skipped: 0 };
      counts[status === 'passed' || status === 'failed' ? status : 'skipped'] += 1;
      products.set(product, cases.set(name, counts));
    }
  }
  return products;
}

/** The conformance suite is one case per group of it, what stands beside it one case per test. */
function caseOf(product, [first, second], title) {
  if (first === `${product} as a directory`) return `conformance: ${second ?? title}`;
  return first === undefined ? title : `${first}: ${first === 'over SCIM' ? title : 'all'}`;
}

function cell(counts) {
  if (counts === undefined) return '-';
  const { passed, failed, skipped } = counts;
  if (failed > 0) return `${failed} FAILED`;
  return skipped > 0 ? `${passed} ok, ${skipped} skipped` : `${passed} ok`;
}

/** The matrix as text: a line per case, a column per product, under numbers that a list below explains. */
function matrix(results) {
  const products = [...count(results)].sort(([a], [b]) => (a < b ? -1 : 1));
  if (products.length === 0) return '';
  const cases = [...new Set(products.flatMap(([, counted]) => [...counted.keys()]))].sort();
  const width = Math.max(...cases.map((name) => name.length));
  const columns = products.map(([, counted], index) => {
    const cells = cases.map((name) => cell(counted.get(name)));
    const wide = Math.max(String(index + 1).length, ...cells.map((text) => text.length));
    return [`${index + 1}`, ...cells].map((text) => text.padStart(wide));
  });
  const rows = ['', ...cases].map((name, row) =>
    [name.padEnd(width), ...columns.map((column) => column[row])].join('  '),
  );
  const legend = products.map(([product], index) => `${String(index + 1).padStart(3)}  ${product}`);
  return ['Product × case', ...rows, '', ...legend, ''].join('\n');
}

class MatrixReporter {
  onRunComplete(_contexts, results) {
    const text = matrix(results);
    if (text === '') return;
    const { TEST_MATRIX } = process.env;
    if (TEST_MATRIX) writeFileSync(TEST_MATRIX, text);
    // Below the summary of jest, which is still to come.
    process.once('exit', () => writeSync(1, `\n${text}`));
  }
}

module.exports = MatrixReporter;
module.exports.matrix = matrix;
