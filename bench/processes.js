/** What processes hold and use, from /proc. */

const { readdirSync, readFileSync } = require('node:fs');
const { cpuMs } = require('./surroundings');

/** The pids of a process and of those that it has started. */
function family(pid) {
  const found = [pid];
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const parent = Number(readFileSync(`/proc/${name}/stat`, 'utf8').split(') ')[1].split(' ')[1]);
      if (parent === pid) found.push(...family(Number(name)));
    } catch {
      // It has ended meanwhile.
    }
  }
  return found;
}

/** MiB that a process holds: `rss` with pages that others hold too, `pss` with its share of those. */
function memory(pid) {
  try {
    const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
    const of = (name) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(text)?.[1] ?? 0) / 1024;
    return { rss: of('Rss'), pss: of('Pss') };
  } catch {
    return { rss: 0, pss: 0 };
  }
}

/** Samples a process and its children; `stop` answers the peaks of the sums, and what the children used of the processor. */
function watchMemory(pid, everyMs = 200) {
  const peak = { rss: 0, pss: 0, host: 0, children: 0, cpuMs: 0 };
  const timer = setInterval(() => {
    const pids = family(pid);
    const [host, ...children] = pids.map(memory);
    peak.cpuMs = Math.max(
      peak.cpuMs,
      pids.slice(1).reduce((total, child) => total + (cpuMs(child) ?? 0), 0),
    );
    const sum = (of) => [host, ...children].reduce((total, one) => total + of(one), 0);
    peak.rss = Math.max(
      peak.rss,
      sum(({ rss }) => rss),
    );
    peak.pss = Math.max(
      peak.pss,
      sum(({ pss }) => pss),
    );
    peak.host = Math.max(peak.host, host.rss);
    peak.children = Math.max(
      peak.children,
      children.reduce((total, { rss }) => total + rss, 0),
    );
  }, everyMs);
  return {
    stop: () => {
      clearInterval(timer);
      return peak;
    },
  };
}

module.exports = { watchMemory };
