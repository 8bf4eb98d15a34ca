/** Delta imports: what somebody else changes in the directory, and what the host needs to follow. */

const { spawn } = require('node:child_process');
const { once } = require('node:events');
const { Readable } = require('node:stream');
const { pipeline } = require('node:stream/promises');
const { attributesOf, dnOf, residentKey } = require('./person');

const LDIF_END = '\n\n';

async function ldapmodify({ url, connector }, records) {
  const args = ['-x', '-H', url, '-D', connector.dn, '-y', connector.passwordFile];
  const child = spawn('ldapmodify', args, { stdio: ['pipe', 'ignore', 'inherit'] });
  const ended = once(child, 'exit');
  await pipeline(Readable.from(records.map((lines) => lines.join('\n') + LDIF_END)), child.stdin);
  const [code] = await ended;
  if (code !== 0) throw new Error(`ldapmodify ended with ${code}`);
}

const replace = (dn, name, value) => [`dn: ${dn}`, 'changetype: modify', `replace: ${name}`, `${name}: ${value}`];
const remove = (dn) => [`dn: ${dn}`, 'changetype: delete'];
const rename = (dn, key) => [`dn: ${dn}`, 'changetype: modrdn', `newrdn: uid=${key}`, 'deleteoldrdn: 1'];
const add = (key) => [
  `dn: ${dnOf(key)}`,
  'changetype: add',
  ...Object.entries(attributesOf(key)).map(([name, value]) => `${name}: ${value}`),
];

/** Residents all over the directory. */
function spread(entries, count) {
  const step = Math.max(1, Math.floor(entries / count));
  return Array.from({ length: count }, (_, index) => dnOf(residentKey((index * step) % entries)));
}

/** So many modifications, and nothing to follow from them. */
function modifications(entries, count) {
  const at = Date.now();
  return spread(entries, count).map((dn, index) => replace(dn, 'title', `Changed ${at} ${index}`));
}

/**
 * A tenth of the changes are adds, a tenth renames and a tenth deletes, of people who are the manager of somebody else: the
 * directory changes those by itself (refint), and no log tells of it.
 */
class Mixture {
  constructor(entries, count) {
    this.entries = entries;
    this.tenth = Math.floor(count / 10);
    this.rest = count - 3 * this.tenth;
  }

  keys(kind) {
    return Array.from({ length: this.tenth }, (_, index) => `${kind}${index}`);
  }

  /** What has to be there before: people, and residents who name them. */
  before() {
    const people = [...this.keys('mover'), ...this.keys('leaver')];
    const staff = spread(this.entries, people.length);
    const managed = people.map((key, index) => replace(staff[index], 'manager', dnOf(key)));
    return [...people.map(add), ...managed];
  }

  changes() {
    return [
      ...modifications(this.entries, this.rest),
      ...this.keys('joiner').map(add),
      ...this.keys('mover').map((key) => rename(dnOf(key), `${key}-renamed`)),
      ...this.keys('leaver').map((key) => remove(dnOf(key))),
    ];
  }

  after() {
    return [...this.keys('joiner'), ...this.keys('mover').map((key) => `${key}-renamed`)].map((key) =>
      remove(dnOf(key)),
    );
  }
}

module.exports = { Mixture, ldapmodify, modifications };
