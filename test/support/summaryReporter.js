/**
 * Ends a run of jest with one line, `N passed, N failed`, and `, N skipped` where there are such. With TEST_SUMMARY the
 * line goes to that file instead, so that `.ci/run` can add up several runs.
 */

const { appendFileSync, writeSync } = require('node:fs');

class SummaryReporter {
  onRunComplete(_contexts, results) {
    // A file that could not be run at all has no tests that could fail; it counts as one.
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    const skipped = results.numPendingTests + results.numTodoTests;
    const line = `${results.numPassedTests} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`;
    if (process.env.TEST_SUMMARY) appendFileSync(process.env.TEST_SUMMARY, line);
    // Jest's own summary is still to come, and this is to be the last line.
    else process.once('exit', () => writeSync(1, line));
  }
}

module.exports = SummaryReporter;
