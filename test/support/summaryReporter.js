/**
 * Ends a run of jest with one line, `N passed, N failed`, and `, N skipped` where there are such. With TEST_SUMMARY the
 * line goes to that file instead, so that `.ci/run` can add up several runs. With TEST_AGAIN the files in which something
 * failed are listed there, and left out of the line: whoever asks for the list runs them again, and counts them then.
 */

const { appendFileSync, writeSync } = require('node:fs');

class SummaryReporter {
  onRunComplete(_contexts, results) {
    const { TEST_SUMMARY, TEST_AGAIN } = process.env;
    const again = TEST_AGAIN ? results.testResults.filter(hasFailed) : [];
    for (const { testFilePath } of again) appendFileSync(TEST_AGAIN, `${testFilePath}\n`);
    const counted = results.testResults.filter((file) => !again.includes(file));
    const sum = (count) => counted.reduce((total, file) => total + count(file), 0);
    // A file that could not be run at all has no tests that could fail; it counts as one.
    const failed = sum((file) => file.numFailingTests + (file.testExecError ? 1 : 0));
    const skipped = sum((file) => file.numPendingTests + file.numTodoTests);
    const passed = sum((file) => file.numPassingTests);
    const line = `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`;
    if (TEST_SUMMARY) appendFileSync(TEST_SUMMARY, line);
    // Jest's own summary is still to come, and this is to be the last line.
    else process.once('exit', () => writeSync(1, line));
  }
}

function hasFailed(file) {
  return file.numFailingTests > 0 || file.testExecError !== undefined;
}

module.exports = SummaryReporter;
