/** What every private server of ours has: a folder, two ports, three accounts with passwords, and one process. */

const { spawn } = require('node:child_process');
const { randomBytes } = require('node:crypto');
const { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } = require('node:fs');
const net = require('node:net');
const { join, resolve } = require('node:path');
const { setTimeout: sleep } = require('node:timers/promises');
const { Client } = require('ldapts');
const { makeCertificates } = require('./slapdConfig');

const READY = 'instance.json';
const PID = 'server.pid';
const SETPRIV = '/usr/bin/setpriv';
const ACCOUNTS = ['admin', 'connector', 'reader'];

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

/** Throws an error that names the variables to set, when something listens on one of these ports. */
async function expectFree(...ports) {
  for (const port of ports) {
    if (await accepts(port))
      throw new Error(`Port ${port} of 127.0.0.1 is in use by another process; set PORT and TLSPORT to free ones.`);
  }
}

/** New passwords for the three accounts, each in a file of its own that only its owner reads. */
function makePasswords(folder) {
  const passwords = Object.fromEntries(ACCOUNTS.map((name) => [name, `${randomBytes(18).toString('base64url')}.aA1`]));
  for (const name of ACCOUNTS) keepPassword(folder, name, passwords[name]);
  return passwords;
}

function keepPassword(folder, name, password) {
  writeFileSync(join(folder, `${name}.password`), password, { mode: 0o600 });
}

/** The instance of a folder as its starter left it, or undefined. It is written last, so a half-made one is none. */
function readInstance(folder) {
  const file = join(folder, READY);
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
}

function writeInstance(folder, facts) {
  writeFileSync(join(folder, READY), JSON.stringify(facts));
}

/** Empties a folder but for the certificates and makes it anew. */
function prepare(folder, ...parts) {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  for (const part of [READY, ...parts]) rmSync(join(folder, part), { recursive: true, force: true });
  for (const part of parts) mkdirSync(join(folder, part), { recursive: true, mode: 0o700 });
}

/** The pid of the process that was started for this folder. A pid that now belongs to another process is not it. */
function runningPid(folder) {
  try {
    const pid = Number(readFileSync(join(folder, PID), 'utf8'));
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(folder) ? pid : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Starts `command`, whose arguments name the folder, with its output in `server.log`. `untilParentEnds`: Linux ends it
 * with the process that started it, however that one ends.
 * @returns what ended it, as text, or undefined while it runs
 */
function launch(folder, command, { untilParentEnds = false, descriptors = [] }) {
  const log = openSync(join(folder, 'server.log'), 'a', 0o600);
  const tied = untilParentEnds && existsSync(SETPRIV);
  const [program, ...args] = tied ? [SETPRIV, '--pdeathsig=KILL', ...command] : command;
  const stdio = ['ignore', log, log, ...descriptors];
  const child = spawn(program, args, { cwd: folder, stdio, detached: true });
  closeSync(log);
  child.unref();
  if (child.pid !== undefined) writeFileSync(join(folder, PID), String(child.pid));
  let ended;
  child.once('exit', (code, signal) => {
    ended = `it ended (${signal ?? code})`;
  });
  child.once('error', (error) => {
    ended = error.message;
  });
  return () => ended;
}

/** Waits until a search of the root DSE shows `suffix` among the naming contexts. */
async function untilServed({ folder, name, port, suffix, ended, seconds }) {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const served = await serves(port, suffix);
    if (served) return;
    const reason = ended() ?? (Date.now() > deadline ? `it does not answer after ${seconds} s` : undefined);
    if (reason !== undefined) throw new Error(`${name} did not start: ${reason}; see ${join(folder, 'server.log')}`);
    await sleep(50);
  }
}

async function serves(port, suffix) {
  const client = new Client({ url: `ldap://127.0.0.1:${port}`, connectTimeout: 2_000, timeout: 5_000 });
  try {
    const { searchEntries } = await client.search('', { scope: 'base', attributes: ['namingContexts'] });
    const contexts = [searchEntries[0]?.namingContexts ?? []].flat();
    return contexts.some((context) => String(context).toLowerCase() === suffix.toLowerCase());
  } catch {
    return false;
  } finally {
    await client.unbind().catch(() => {});
  }
}

/** A bound client for the first entries; it is closed when `work` has ended. */
async function asAdmin({ url, dn, password, ca }, work) {
  // Our own certificate names localhost; the URL says 127.0.0.1, which it names too.
  const client = new Client({ url, connectTimeout: 10_000, timeout: 60_000, ...(ca ? { tlsOptions: { ca } } : {}) });
  try {
    await client.bind(dn, password);
    return await work(client);
  } finally {
    await client.unbind().catch(() => {});
  }
}

/**
 * Starts the server of a folder and answers when it serves; makes it first when the folder holds none. One that runs
 * already is described and left as it is. What a server needs is its recipe:
 * - `name`, `seconds` to wait for it, `defaults` of `port`, `tlsPort` and `suffix`
 * - `expect()` throws where it cannot be started
 * - `make(settings)` writes its files; `fill(settings)` adds the first entries once it serves
 * - `command(settings)` the program and its arguments, which name the folder
 * - `accounts(suffix)` DNs of admin, connector and reader
 * - `morePorts` optional: names of further ports, each one above the one before
 * - `listen(settings)` optional: descriptors that the command inherits from the fourth on, and how to close ours
 */
async function startServer(recipe, options) {
  const folder = resolve(options.folder);
  const known = readInstance(folder);
  if (known && runningPid(folder) !== undefined) return describe(folder);
  recipe.expect();
  if (known) {
    await run(recipe, { ...options, ...morePorts(recipe, known), ...known, folder });
    return describe(folder);
  }
  prepare(folder, ...recipe.parts);
  if (!existsSync(join(folder, 'tls/server.pem'))) makeCertificates(join(folder, 'tls'));
  const chosen = { ...recipe.defaults, ...options };
  const more = morePorts(recipe, chosen);
  const settings = { ...chosen, ...more, folder, passwords: makePasswords(folder) };
  recipe.make(settings);
  await run(recipe, settings);
  try {
    await recipe.fill(settings);
  } catch (error) {
    await stopServer(folder);
    throw error;
  }
  const { port, tlsPort, suffix } = settings;
  writeInstance(folder, { port, tlsPort, ...more, suffix, accounts: recipe.accounts(suffix) });
  return describe(folder);
}

/** The further ports of a server, by name. */
function morePorts({ morePorts: names = [] }, settings) {
  return Object.fromEntries(names.map((name, index) => [name, settings[name] ?? settings.tlsPort + 1 + index]));
}

async function run(recipe, settings) {
  const { folder, port, tlsPort, suffix, untilParentEnds } = settings;
  await expectFree(port, tlsPort, ...(recipe.morePorts ?? []).map((name) => settings[name]));
  const inherited = await recipe.listen?.(settings);
  const ended = launch(folder, recipe.command(settings), { untilParentEnds, descriptors: inherited?.descriptors });
  inherited?.close();
  await untilServed({ folder, name: recipe.name, port, suffix, ended, seconds: recipe.seconds });
}

/** Ends the server of this folder, and only that one. False when it did not run. */
async function stopServer(within) {
  const folder = resolve(within);
  const pid = runningPid(folder);
  if (pid === undefined) return false;
  process.kill(pid, 'SIGTERM');
  // A process that ends has no command line any more and may still hold its ports.
  const port = readInstance(folder)?.port;
  const lives = async () => runningPid(folder) === pid || (port !== undefined && (await accepts(port)));
  for (const deadline = Date.now() + 30_000; await lives(); await sleep(20)) {
    if (Date.now() > deadline) throw new Error(`The server (pid ${pid}) did not end within 30 s of SIGTERM`);
  }
  return true;
}

/** The instance as its users see it. */
function describe(folder) {
  const { accounts, ...facts } = readInstance(folder);
  const { port, tlsPort } = facts;
  const account = (name) => ({
    dn: accounts[name],
    password: readFileSync(join(folder, `${name}.password`), 'utf8'),
    passwordFile: join(folder, `${name}.password`),
  });
  return {
    ...facts,
    folder,
    host: '127.0.0.1',
    pid: runningPid(folder),
    url: `ldap://127.0.0.1:${port}`,
    ldapsUrl: `ldaps://127.0.0.1:${tlsPort}`,
    caFile: join(folder, 'tls/ca.pem'),
    clientCertificate: { file: join(folder, 'tls/connector.pem'), keyFile: join(folder, 'tls/connector.key') },
    admin: account('admin'),
    connector: account('connector'),
    reader: account('reader'),
  };
}

/** Throws an error with the line that installs what is missing. `needed`: paths of files. */
function expectInstalled(name, needed, packages) {
  const missing = needed.filter((path) => !existsSync(path));
  if (missing.length === 0) return;
  throw new Error(`${name} cannot be started here: ${missing.join(', ')} ${missing.length > 1 ? 'are' : 'is'} missing.
  Debian 12:  apt-get install -y --no-install-recommends ${packages.join(' ')}
  Elsewhere this script has no ${name} to start; give the host the LDAP URL of a server of your own.`);
}

function expectRoot(name, why) {
  if (process.getuid?.() !== 0) throw new Error(`${name} is started by root only: ${why}.`);
}

module.exports = { asAdmin, expectInstalled, expectRoot, keepPassword, startServer, stopServer };
