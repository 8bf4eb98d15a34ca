/**
 * The tests mirror src/; the transform only strips types, `npm run check` is what type-checks them. Tests in a folder
 * `slow` run with `npm run test:slow`.
 */
const { availableParallelism } = require('node:os');

module.exports = {
  testEnvironment: 'node',
  // Most tests wait for a server: where there are two cores, one worker would leave one of them idle.
  maxWorkers: Math.max(2, availableParallelism() - 1),
  globalSetup: '<rootDir>/test/support/globalSetup.ts',
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/', '/slow/', '/test/directories/'],
  // Only against what hangs: a machine that is busy with something else takes many times longer than an idle one.
  testTimeout: 180_000,
  // The last line is the summary's, so it stands last.
  reporters: ['default', '<rootDir>/test/support/matrixReporter.js', '<rootDir>/test/support/summaryReporter.js'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
        module: { type: 'commonjs' },
        sourceMaps: 'inline',
      },
    ],
  },
};
