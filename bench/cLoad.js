/** The same work by a C program on libldap, compiled when it is needed; a machine without compiler or headers goes without. */

const { execFileSync, spawn } = require('node:child_process');
const { join } = require('node:path');
const { createInterface } = require('node:readline');
const { CONTAINER, ELSEWHERE } = require('./person');

/** Compiles the program into a folder. Answers its path, or why there is none. */
function compileCLoad(folder) {
  const program = join(folder, 'ldapLoad');
  try {
    const cc = process.env.CC ?? 'cc';
    execFileSync(cc, ['-O2', '-o', program, join(__dirname, 'ldapLoad.c'), '-lldap', '-llber'], { stdio: 'pipe' });
    return { program };
  } catch (error) {
    const why = error.code === 'ENOENT' ? 'there is no C compiler' : String(error.stderr ?? error.message).trim();
    return { reason: `libldap is left out: ${why.split('\n')[0]} (Debian: apt-get install gcc libc6-dev libldap-dev)` };
  }
}

/** Starts it. `options`: url, userName, password, people. Its slices are those of `load.js`. */
function openCLoad(program, { url, userName, password, people }) {
  const child = spawn(program, [url, userName, CONTAINER, ELSEWHERE, String(people)], {
    env: { ...process.env, LDAP_PASSWORD: password },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    slice: async ({ operation, inFlight, ms }) => {
      child.stdin.write(`${operation.split(' ')[0]} ${inFlight} ${ms}\n`);
      const { value, done } = await lines.next();
      if (done) throw new Error('The load generator (libldap) has ended');
      const [, failed, elapsedMs, ...latencies] = value.split(' ').map(Number);
      const fault = failed > 0 ? 'a request by libldap was refused' : undefined;
      return { latencies, failed, fault, elapsedMs };
    },
    stop: () => child.stdin.end(),
  };
}

module.exports = { compileCLoad, openCLoad };
