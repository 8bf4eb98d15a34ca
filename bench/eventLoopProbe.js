/**
 * For `node --require`: writes down when the event loop of the host did not come round in time. A gap in which the
 * process used hardly any processor time is the machine's, not the host's, so both are written.
 */

const { appendFileSync } = require('node:fs');

const INTERVAL_MS = 2;
const SHORTEST_MS = 10;
const file = process.env.EVENT_LOOP_PROBE;

// The process of an import inherits neither the environment nor this module.
if (file !== undefined) {
  let last = performance.now();
  let cpu = process.cpuUsage();
  setInterval(() => {
    const now = performance.now();
    const used = process.cpuUsage();
    const gap = now - last - INTERVAL_MS;
    if (gap > SHORTEST_MS) {
      const cpuMs = (used.user + used.system - cpu.user - cpu.system) / 1000;
      appendFileSync(file, `${JSON.stringify({ at: Date.now(), gap, cpuMs })}\n`);
    }
    last = performance.now();
    cpu = process.cpuUsage();
  }, INTERVAL_MS).unref();
}
