/**
 * Loaded into a host under test (`node --require`): requests say by a header after how many of their answers the process
 * ends as by SIGKILL. That is the moment at which the last one has been handed to the system, and nothing that was put off
 * until afterwards has been done.
 */
const { ServerResponse } = require('node:http');

let answered = 0;
const { end } = ServerResponse.prototype;

ServerResponse.prototype.end = function endOf(...content) {
  const last = Number(this.req?.headers['test-ends-after'] ?? 0);
  if (last > 0)
    this.once('finish', () => {
      answered += 1;
      if (answered >= last) process.kill(process.pid, 'SIGKILL');
    });
  return end.apply(this, content);
};
