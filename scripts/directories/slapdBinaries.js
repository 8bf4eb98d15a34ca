/**
 * Where slapd is on this machine: installed by Debian's package, or unpacked from it into a folder of ours, which needs
 * neither root nor an installation.
 */

const { execFileSync } = require('node:child_process');
const { existsSync, mkdirSync, readdirSync, rmSync } = require('node:fs');
const { join } = require('node:path');

const PACKAGES = ['slapd', 'libldap-2.5-0', 'libsasl2-2', 'libsasl2-modules-db', 'libltdl7', 'libwrap0', 'libargon2-1'];

const HOW_TO_GET_IT = `slapd was not found in /usr/sbin, and Debian's packages could not be fetched to unpack them.
  Debian, Ubuntu:  apt-get install -y --no-install-recommends slapd   (or run apt-get update, then this command again)
  Elsewhere (macOS, Windows, other distributions) this script has no slapd to start. Give the host the LDAP URL
  of a directory of your own instead; the embedded demo directory needs none at all.`;

/** @returns the binaries below a root folder (`''`: the installed ones), or undefined when they are not there. */
function binariesBelow(root) {
  const slapd = join(root, '/usr/sbin/slapd');
  const schema = join(root, '/etc/ldap/schema');
  const modules = join(root, '/usr/lib/ldap');
  if (![slapd, join(schema, 'core.schema'), join(modules, 'back_mdb.so')].every((path) => existsSync(path)))
    return undefined;
  const libraries = root === '' || !existsSync(join(root, 'usr/lib')) ? [] : libraryFolders(join(root, 'usr/lib'));
  const env = libraries.length === 0 ? process.env : { ...process.env, LD_LIBRARY_PATH: libraries.join(':') };
  return { slapd, slapadd: join(root, '/usr/sbin/slapadd'), schema, modules, env };
}

function libraryFolders(folder) {
  const triplets = readdirSync(folder).filter((name) => name.includes('-linux-'));
  return [...triplets.map((name) => join(folder, name)), folder];
}

/** Fetches and unpacks Debian's packages below `root`; false when there is no apt or it cannot reach its mirror. */
function unpack(root) {
  const debs = join(root, 'debs');
  mkdirSync(debs, { recursive: true });
  try {
    execFileSync('apt-get', ['download', ...PACKAGES], { cwd: debs, stdio: 'ignore' });
    for (const name of readdirSync(debs)) execFileSync('dpkg', ['-x', join(debs, name), root], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  } finally {
    rmSync(debs, { recursive: true, force: true });
  }
}

/**
 * The installed slapd, else one unpacked below `unpackInto`. Throws an error that says how to get one.
 * @param {string} [unpackInto] absent: only an installed slapd counts
 */
function findSlapd(unpackInto) {
  const installed = binariesBelow('');
  if (installed) return installed;
  if (unpackInto !== undefined) {
    const unpacked = binariesBelow(unpackInto) ?? (unpack(unpackInto) ? binariesBelow(unpackInto) : undefined);
    if (unpacked) return unpacked;
  }
  throw new Error(HOW_TO_GET_IT);
}

module.exports = { findSlapd, binariesBelow, unpack };
