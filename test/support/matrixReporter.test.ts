import { matrix } from './matrixReporter';

const passed = (ancestorTitles: readonly string[], title: string) => ({ ancestorTitles, title, status: 'passed' });

test('a matrix has a line per case and a column per product', () => {
  const file = (name: string, testResults: readonly ReturnType<typeof passed>[]) => ({
    testFilePath: name,
    testResults,
  });
  const text = matrix({
    testResults: [
      file('/x/test/directories/b.test.ts', [
        passed(['B', 'B as a directory', 'add'], 'one'),
        passed(['B', 'B as a directory', 'add'], 'two'),
        { ...passed(['B', 'over SCIM'], 'rename'), status: 'failed' },
      ]),
      file('/x/test/directories/deeper/a.test.ts', [
        passed(['A', 'A as a directory', 'add'], 'one'),
        { ...passed(['A', 'A as a directory', 'add'], 'two'), status: 'pending' },
        passed(['A'], 'is detected'),
      ]),
      file('/x/test/conformance/memory.test.ts', [passed(['M as a directory', 'add'], 'one')]),
      file('/x/test/space/c.test.ts', [passed(['C'], 'nothing to do with it')]),
    ],
  });
  expect(text.split('\n').map((line) => line.trimEnd())).toEqual([
    'Product × case',
    '                                 1         2     3',
    'conformance: add   1 ok, 1 skipped      2 ok  1 ok',
    'is detected                   1 ok         -     -',
    'over SCIM: rename                -  1 FAILED     -',
    '',
    '  1  A',
    '  2  B',
    '  3  M',
    '',
  ]);
});

test('a run without servers has none', () => {
  expect(matrix({ testResults: [] })).toBe('');
});
