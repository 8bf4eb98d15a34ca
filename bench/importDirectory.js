/** A slapd with many people of about twenty attributes, which can be kept: loading a million of them takes minutes. */

const { spawn } = require('node:child_process');
const { once } = require('node:events');
const { existsSync, mkdirSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');
const { Readable } = require('node:stream');
const { pipeline } = require('node:stream/promises');
const { startOpenLdap, stopOpenLdap } = require('../scripts/directories/openldap');
const { findSlapd } = require('../scripts/directories/slapdBinaries');
const { SUFFIX, dnOf, attributesOf, residentKey } = require('./person');
const { freePort } = require('./surroundings');

const ENTRIES_PER_CHUNK = 200;

/** A person as directories of employees have them: what {@link attributesOf} has and ten attributes more. */
function employeeOf(index) {
  const key = residentKey(index);
  const number = String(index).padStart(7, '0');
  return {
    ...attributesOf(key),
    telephoneNumber: `+49 30 ${number}`,
    mobile: `+49 170 ${number}`,
    employeeType: index % 7 === 0 ? 'Contractor' : 'Employee',
    l: ['Berlin', 'Hamburg', 'København', 'Zürich'][index % 4],
    st: 'Region',
    street: `Example Street ${index % 500}`,
    postalCode: String(10_000 + (index % 90_000)),
    roomNumber: `${index % 40}.${index % 97}`,
    preferredLanguage: 'en-GB',
    physicalDeliveryOfficeName: `Office ${index % 300}`,
    description: `Joined in ${1980 + (index % 45)}, works on project ${index % 1_000}`,
  };
}

function line(name, value) {
  return /^[\x21-\x39\x3b\x3d-\x7e][\x20-\x7e]*$/.test(value)
    ? `${name}: ${value}`
    : `${name}:: ${Buffer.from(value).toString('base64')}`;
}

function* ldif(entries) {
  let chunk = '';
  for (let index = 0; index < entries; index += 1) {
    const lines = Object.entries(employeeOf(index)).map(([name, value]) => line(name, value));
    chunk += `dn: ${dnOf(residentKey(index))}\n${lines.join('\n')}\n\n`;
    if (index % ENTRIES_PER_CHUNK !== ENTRIES_PER_CHUNK - 1) continue;
    yield chunk;
    chunk = '';
  }
  yield chunk;
}

async function load(folder, entries) {
  const { slapadd, env } = findSlapd();
  const child = spawn(slapadd, ['-q', '-f', join(folder, 'slapd.conf'), '-b', SUFFIX], {
    env,
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  const ended = once(child, 'exit');
  await pipeline(Readable.from(ldif(entries)), child.stdin);
  const [code] = await ended;
  if (code !== 0) throw new Error(`slapadd ended with ${code}`);
}

/** Starts the directory of this folder, and loads it first where it is not there in this size yet. */
async function startLargeDirectory(entries, folder, report) {
  const slapd = join(folder, `slapd-${entries}`);
  const loaded = join(slapd, 'loaded');
  const options = {
    folder: slapd,
    suffix: SUFFIX,
    port: await freePort(),
    tlsPort: await freePort(),
    sync: false,
    large: true,
  };
  if (!existsSync(loaded)) {
    mkdirSync(folder, { recursive: true });
    await startOpenLdap(options);
    await stopOpenLdap(slapd);
    const started = performance.now();
    await load(slapd, entries);
    report(`${entries} entries loaded in ${((performance.now() - started) / 1000).toFixed(0)} s`);
    writeFileSync(loaded, '');
  }
  const server = await startOpenLdap(options);
  const breakOff = () => process.kill(server.pid, 'SIGTERM');
  process.once('exit', breakOff);
  return {
    ...server,
    workFolder: folder,
    people: entries,
    stop: async () => {
      process.removeListener('exit', breakOff);
      await stopOpenLdap(slapd);
    },
  };
}

module.exports = { startLargeDirectory };
