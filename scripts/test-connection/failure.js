// @ts-check
/** How the test of a connection ends when it does not end well. */

/** Exit codes; each has one meaning. */
const Exit = {
  ok: 0,
  failed: 1,
  usage: 2,
  notListening: 3,
  notTrusted: 4,
  tokenRefused: 5,
  noSuchConnector: 6,
  directoryUnreachable: 7,
  importRunning: 8,
  nothingInScope: 9,
  connectorDown: 10,
};

/** A sentence for the operator and the exit code that goes with it. */
class Failure extends Error {
  /**
   * @param {number} code
   * @param {string} sentence
   */
  constructor(code, sentence) {
    super(sentence);
    this.code = code;
  }
}

/** @param {unknown} error */
function messageOf(error) {
  return error instanceof Error ? error.message : String(error);
}

module.exports = { Exit, Failure, messageOf };
