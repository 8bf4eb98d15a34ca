/** Who runs on which processors (Linux, `taskset`). */

const { execFileSync } = require('node:child_process');
const { readFileSync } = require('node:fs');

/** The processors that this process may use, by number. */
function allowed() {
  const [, list] = /^Cpus_allowed_list:\s*(.+)$/m.exec(readFileSync('/proc/self/status', 'utf8'));
  return list.split(',').flatMap((range) => {
    const [first, last = first] = range.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
}

/** Keeps a process, its threads and whatever it starts from now on to these processors. */
function keepTo(pid, processors) {
  execFileSync('taskset', ['--all-tasks', '--cpu-list', '--pid', processors.join(','), String(pid)], { stdio: 'pipe' });
}

/**
 * The directory gets one half of the processors, everybody else the other, as if it were a machine of its own: `others`
 * for this process and what it starts, then `directory` for the server.
 */
function halves() {
  const processors = allowed();
  if (processors.length < 2) throw new Error('There is one processor only: the directory cannot have its own.');
  const half = Math.floor(processors.length / 2);
  return { directory: processors.slice(0, half), others: processors.slice(half) };
}

module.exports = { halves, keepTo };
