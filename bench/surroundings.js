/** What is measured: a slapd that brings every write to the disk, and the host as its users start it. */

const { execFileSync, spawn } = require('node:child_process');
const { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } = require('node:fs');
const net = require('node:net');
const { tmpdir } = require('node:os');
const { join } = require('node:path');
const { setTimeout: sleep } = require('node:timers/promises');
const { startOpenLdap, stopOpenLdap } = require('../scripts/directories/openldap');
const { findSlapd } = require('../scripts/directories/slapdBinaries');
const { SUFFIX, CONTAINER, ELSEWHERE, attributesOf, dnOf, residentKey } = require('./person');

const TOKEN = 'benchmark-token-0123456789';

function freePort() {
  return new Promise((resolve) => {
    const server = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

function ldif(count) {
  const entries = [];
  for (let index = 0; index < count; index += 1) {
    const key = residentKey(index);
    const lines = Object.entries(attributesOf(key)).map(([name, value]) => `${name}: ${value}`);
    for (const container of [CONTAINER, ELSEWHERE]) entries.push(`dn: ${dnOf(key, container)}\n${lines.join('\n')}\n`);
  }
  return entries.join('\n');
}

/** A directory with so many people, as many out of sight (and `moreLdif`), in a temporary folder of its own; `more`: further options of the server. */
async function startDirectory(people, parent = tmpdir(), { moreLdif = '', ...more } = {}) {
  const folder = mkdtempSync(join(parent, 'bench-'));
  const slapd = join(folder, 'slapd');
  const ports = { port: await freePort(), tlsPort: await freePort() };
  const options = { ...more, ...ports, folder: slapd, suffix: SUFFIX, sync: true };
  await startOpenLdap(options);
  await stopOpenLdap(slapd);
  const file = join(folder, 'people.ldif');
  writeFileSync(file, `${ldif(people)}\n${moreLdif}`);
  const { slapadd, env } = findSlapd();
  execFileSync(slapadd, ['-q', '-f', join(slapd, 'slapd.conf'), '-b', SUFFIX, '-l', file], { env, stdio: 'pipe' });
  const server = await startOpenLdap(options);
  // slapd is nobody's child: without this it would outlive a benchmark that is broken off.
  const breakOff = () => {
    process.kill(server.pid, 'SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  };
  process.once('exit', breakOff);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(1));
  return {
    ...server,
    workFolder: folder,
    people,
    stop: async () => {
      process.removeListener('exit', breakOff);
      await stopOpenLdap(slapd);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function connectorFile(directory, { maxAge, objectType, moreTypes = [] }) {
  return JSON.stringify({
    properties: { secretToken: TOKEN, autosyncTimer: 0 },
    connectivity: {
      host: directory.host,
      port: directory.port,
      binding: 'Basic',
      userName: directory.connector.dn,
      password: `file:${directory.connector.passwordFile}`,
    },
    global: { matching: { maxAge } },
    // Only those that a benchmark asks for.
    runProfiles: { deltaImport: { interval: 86_400 } },
    partitions: [{ dn: SUFFIX, containers: [CONTAINER] }],
    objectTypes: [
      {
        resourceType: 'User',
        targetObject: 'inetOrgPerson',
        matchingAttributes: ['mail', 'employeeNumber'],
        container: CONTAINER,
        ...objectType,
      },
      ...moreTypes,
    ],
  });
}

/** CPU milliseconds that a process has used; undefined where there is no /proc. */
function cpuMs(pid) {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
    return (Number(fields[11]) + Number(fields[12])) * 10;
  } catch {
    return undefined;
  }
}

/**
 * Starts the host. Connectors: name → seconds for which a hit in the connector space counts, or these as `maxAge` with
 * more of the object type, and further ones as `moreTypes`. `startedMs` is the time
 * from the start of the process to a listening port.
 */
async function startHost(directory, connectors, { main, nodeOptions = [], keep = false, args = [], env = {} } = {}) {
  const folder = join(directory.workFolder, 'host');
  if (!keep) rmSync(folder, { recursive: true, force: true });
  const at = (name) => join(folder, name);
  for (const name of ['connectors', 'certs', 'state']) mkdirSync(at(name), { recursive: true, mode: 0o700 });
  for (const [name, given] of Object.entries(connectors)) {
    const settings = typeof given === 'number' ? { maxAge: given } : given;
    writeFileSync(at(`connectors/${name}.json`), connectorFile(directory, settings), { mode: 0o600 });
  }
  const port = await freePort();
  const log = at('log.jsonl');
  const output = openSync(log, 'w', 0o600);
  const folders = ['--connectors', at('connectors'), '--certs', at('certs'), '--state', at('state')];
  const listener = ['--port', String(port), '--address', '127.0.0.1', '--host-name', 'localhost'];
  const started = performance.now();
  const child = spawn(
    process.execPath,
    [...nodeOptions, main, 'serve', ...folders, ...listener, '--log-format', 'json', ...args],
    {
      stdio: ['ignore', output, output],
      env: { ...process.env, ...env },
    },
  );
  closeSync(output);
  const ended = new Promise((resolve) => child.once('exit', resolve));
  process.once('exit', () => child.kill('SIGKILL'));
  while (!(await accepts(port))) {
    if (child.exitCode !== null) throw new Error(`The host has ended at once:\n${readFileSync(log, 'utf8')}`);
    await sleep(2);
  }
  return {
    folder,
    port,
    pid: child.pid,
    token: TOKEN,
    startedMs: performance.now() - started,
    log: () => readLog(log),
    logSize: () => readFileSync(log).length,
    stop: async () => {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

function accepts(port) {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1');
    const end = (answer) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => end(true)).once('error', () => end(false));
  });
}

function readLog(file) {
  return readFileSync(file, 'utf8')
    .split('\n')
    .flatMap((line) => (line.startsWith('{') ? [JSON.parse(line)] : []));
}

/** Waits until each connector has ended its first full import; answers the log lines that say so. */
async function imported(host, count, waitMs = 300_000) {
  for (const deadline = performance.now() + waitMs; ; await sleep(50)) {
    const lines = host.log().filter(({ message }) => message === 'fullImport ended');
    if (lines.length >= count) return lines;
    if (performance.now() > deadline) throw new Error('The full import has not ended in time');
  }
}

module.exports = { freePort, startDirectory, startHost, imported, cpuMs };
