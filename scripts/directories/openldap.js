/**
 * A private OpenLDAP server in a folder of its own, on high ports of 127.0.0.1, without root and without touching any
 * slapd of the machine. `npm run directories:up` and the tests start it through this one file.
 */

const { execFileSync, spawn } = require('node:child_process');
const { randomBytes } = require('node:crypto');
const { cpSync, existsSync, mkdirSync, openSync, closeSync, readFileSync, rmSync, writeFileSync } = require('node:fs');
const net = require('node:net');
const { join, resolve } = require('node:path');
const { setTimeout: sleep } = require('node:timers/promises');
const { findSlapd } = require('./slapdBinaries');
const { baseLdif, makeCertificates, slapdConf } = require('./slapdConfig');

const READY = 'instance.json';
const SETPRIV = '/usr/bin/setpriv';
const ACCOUNTS = ['admin', 'connector', 'reader'];

/** Makes database, configuration, certificates and passwords, all or nothing: the instance file is written last. */
function create(folder, options) {
  const binaries = findSlapd(join(folder, 'slapd'));
  const databases = ['db', 'accesslog', ...(options.emulated?.changeLog ? ['changelog'] : [])];
  for (const part of [...databases, READY]) rmSync(join(folder, part), { recursive: true, force: true });
  for (const part of databases) mkdirSync(join(folder, part), { recursive: true, mode: 0o700 });
  if (options.certificates) cpSync(options.certificates, join(folder, 'tls'), { recursive: true });
  else if (!existsSync(join(folder, 'tls/server.pem'))) makeCertificates(join(folder, 'tls'));

  const passwords = Object.fromEntries(ACCOUNTS.map((name) => [name, randomBytes(18).toString('base64url')]));
  for (const name of ACCOUNTS) writeFileSync(join(folder, `${name}.password`), passwords[name], { mode: 0o600 });
  const settings = { ...options, folder, binaries, passwords };
  writeFileSync(join(folder, 'slapd.conf'), slapdConf(settings), { mode: 0o600 });
  writeFileSync(join(folder, 'base.ldif'), baseLdif(settings), { mode: 0o600 });
  try {
    const slapadd = ['-q', '-f', join(folder, 'slapd.conf'), '-b', options.suffix, '-l', join(folder, 'base.ldif')];
    execFileSync(binaries.slapadd, slapadd, { env: binaries.env, stdio: ['ignore', 'ignore', 'pipe'] });
  } catch (error) {
    throw new Error(`slapadd could not load ${join(folder, 'base.ldif')}: ${error.stderr ?? error.message}`);
  }
  const { port, tlsPort, suffix } = options;
  writeFileSync(join(folder, READY), JSON.stringify({ port, tlsPort, suffix }));
}

/** The pid of the slapd that runs out of this folder, or undefined. A pid that now belongs to another process is not it. */
function runningPid(folder) {
  try {
    const pid = Number(readFileSync(join(folder, 'slapd.pid'), 'utf8'));
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    return command.includes(join(folder, 'slapd.conf')) ? pid : undefined;
  } catch {
    return undefined;
  }
}

function accepts(port) {
  return new Promise((done) => {
    const socket = net.connect(port, '127.0.0.1');
    const end = (answer) => {
      socket.destroy();
      done(answer);
    };
    socket.once('connect', () => end(true)).once('error', () => end(false));
  });
}

function describe(folder) {
  const { port, tlsPort, suffix } = JSON.parse(readFileSync(join(folder, READY), 'utf8'));
  const account = (name) => ({
    dn: `cn=${name},${suffix}`,
    password: readFileSync(join(folder, `${name}.password`), 'utf8'),
    passwordFile: join(folder, `${name}.password`),
  });
  return {
    folder,
    host: '127.0.0.1',
    port,
    tlsPort,
    suffix,
    pid: runningPid(folder),
    url: `ldap://127.0.0.1:${port}`,
    ldapsUrl: `ldaps://127.0.0.1:${tlsPort}`,
    ldapiUrl: `ldapi://${join(folder, 'ldapi')}`,
    caFile: join(folder, 'tls/ca.pem'),
    clientCertificate: { file: join(folder, 'tls/connector.pem'), keyFile: join(folder, 'tls/connector.key') },
    admin: account('admin'),
    connector: account('connector'),
    reader: account('reader'),
  };
}

/**
 * Starts the server of this folder and answers when it listens; makes it first when the folder holds none.
 * A server that runs already is described and left as it is.
 */
async function startOpenLdap(options) {
  const folder = resolve(options.folder);
  const settings = { suffix: 'dc=example,dc=com', port: 3389, tlsPort: 3390, ...options };
  if (runningPid(folder) !== undefined) return describe(folder);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (!existsSync(join(folder, READY))) create(folder, settings);
  const { port, tlsPort } = describe(folder);
  for (const wanted of [port, tlsPort]) {
    if (await accepts(wanted))
      throw new Error(`Port ${wanted} of 127.0.0.1 is in use by another process; set PORT and TLSPORT to free ones.`);
  }

  const { slapd, env } = findSlapd(join(folder, 'slapd'));
  const log = openSync(join(folder, 'slapd.log'), 'a', 0o600);
  // -d 0 keeps slapd in the foreground, so that its pid is the one we were given.
  const args = [
    '-d',
    '0',
    '-f',
    join(folder, 'slapd.conf'),
    '-h',
    `ldap://127.0.0.1:${port} ldaps://127.0.0.1:${tlsPort} ldapi://${encodeURIComponent(join(folder, 'ldapi'))}`,
  ];
  // Linux ends it with the process that started it, however that one ends; exec keeps the pid.
  const tied = options.untilParentEnds && existsSync(SETPRIV);
  const command = tied ? [SETPRIV, '--pdeathsig=KILL', slapd, ...args] : [slapd, ...args];
  const child = spawn(command[0], command.slice(1), { env, stdio: ['ignore', log, log], detached: true });
  closeSync(log);
  child.unref();
  let ended;
  child.once('exit', (code, signal) => {
    ended = `slapd ended at once (${signal ?? code}); see ${join(folder, 'slapd.log')}`;
  });
  child.once('error', (error) => {
    ended = `slapd could not be started: ${error.message}`;
  });
  for (const deadline = Date.now() + 15_000; !(await accepts(port)); await sleep(5)) {
    if (ended === undefined && Date.now() > deadline)
      ended = `slapd does not listen after 15 s; see ${join(folder, 'slapd.log')}`;
    if (ended !== undefined) throw new Error(ended);
  }
  return { ...describe(folder), pid: child.pid };
}

/** Ends the server of this folder, and only that one. False when it did not run. */
async function stopOpenLdap(folder) {
  const pid = runningPid(resolve(folder));
  if (pid === undefined) return false;
  process.kill(pid, 'SIGTERM');
  for (const deadline = Date.now() + 10_000; runningPid(resolve(folder)) === pid; await sleep(10)) {
    if (Date.now() > deadline) throw new Error(`slapd (pid ${pid}) did not end within 10 s of SIGTERM`);
  }
  return true;
}

module.exports = { startOpenLdap, stopOpenLdap };
