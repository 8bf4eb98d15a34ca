/** What a group of very many members costs everybody else: the longest piece of work that each kind of request is done in. */

const { existsSync, readFileSync, rmSync } = require('node:fs');
const { join } = require('node:path');
const { setTimeout: sleep } = require('node:timers/promises');
const { Attribute, Change, Client } = require('ldapts');
const { Administration } = require('./administration');
const { CONTAINER } = require('./person');
const { watchMemory } = require('./processes');
const { ScimConnection, requestText } = require('./scimConnection');
const { fixed, median, table } = require('./statistics');
const { cpuMs, freePort, imported, startDirectory, startHost } = require('./surroundings');

const GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group';
const PATCH = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
const PAGE = 1_000;

const memberDN = (index) => `uid=member${index},${CONTAINER}`;

function peopleLdif(count) {
  return Array.from(
    { length: count },
    (_, index) =>
      `dn: ${memberDN(index)}\nobjectClass: inetOrgPerson\nuid: member${index}\ncn: Member ${index}\nsn: Member\n`,
  ).join('\n');
}

/**
 * Makes, reads, changes and imports a group of so many members, each of whom has an entry. Everything is done once before
 * it is measured, as by a host that has been running for a while.
 */
async function measureLargeGroup({ members, rounds = 3, main, nodeOptions, folder }, report) {
  const directory = await startDirectory(0, folder, {
    moreLdif: peopleLdif(members + 1),
    // Which groups somebody is in would be 100,000 writes of slapd; without an order each value is looked for among all.
    memberOf: false,
    directives: ['sortvals member'],
  });
  const release = [() => directory.stop()];
  try {
    const group = { resourceType: 'Group', targetObject: 'groupOfNames', container: CONTAINER };
    const probe = join(directory.workFolder, 'event-loop.jsonl');
    const adminPort = await freePort();
    const settings = { maxAge: 86_400, moreTypes: [group] };
    const host = await startHost(
      directory,
      { groups: settings, live: { ...settings, maxAge: 0 } },
      {
        main,
        nodeOptions: ['--require', join(__dirname, 'eventLoopProbe.js'), ...nodeOptions],
        args: ['--max-body', '50', '--request-timeout', '600', '--admin-port', String(adminPort)],
        env: { EVENT_LOOP_PROBE: probe },
      },
    );
    release.push(() => host.stop());
    await imported(host, 2, 900_000);
    report(`${members} members imported`);
    const scim = await ScimConnection.open(host.port);
    release.push(async () => scim.close());
    const client = new Client({ url: directory.url });
    await client.bind(directory.connector.dn, directory.connector.password);
    release.push(() => client.unbind());
    const bench = new LargeGroup({ host, scim, client, probe, adminPort });
    await bench.learn(members);
    for (let round = -1; round < rounds; round += 1) await bench.round(round);
    return bench.rows();
  } finally {
    for (const each of release.reverse()) await each();
  }
}

class LargeGroup {
  /** By kind of work, in the order in which they come. */
  #kinds = new Map();

  constructor({ host, scim, client, probe, adminPort }) {
    Object.assign(this, { host, scim, client, probe });
    this.admin = new Administration(host, adminPort, 'groups');
  }

  /** The ids of all people. */
  async learn(members) {
    const ids = [];
    while (ids.length <= members) {
      const page = await this.#send('GET', `/Users?startIndex=${ids.length + 1}&count=${PAGE}&attributes=id`);
      ids.push(...page.Resources.map(({ id }) => id));
    }
    this.values = ids.slice(0, members).map((value) => ({ value }));
    this.other = { value: ids[members] };
  }

  async round(number) {
    const { values, other } = this;
    const name = `large${number}`;
    const all = { schemas: [GROUP], displayName: name, members: values };
    const few = { ...all, displayName: `few${number}`, members: [other] };
    const half = values.slice(0, values.length / 2);
    const isWarm = number >= 0;
    const measure = (kind, work) => this.#measure(kind, isWarm, work);
    const patched = (id, op, value, connector) => {
      const operation = { op, path: 'members', ...(value !== undefined && { value }) };
      return this.#send('PATCH', `/Groups/${id}`, { schemas: [PATCH], Operations: [operation] }, connector);
    };
    const { id } = await measure('POST', () => this.#send('POST', '/Groups', all));
    const path = `/Groups/${id}`;
    await measure('GET', () => this.#send('GET', path));
    await measure('GET, read from the directory', () => this.#send('GET', path, undefined, 'live'));
    await measure('PUT of the same', () => this.#send('PUT', path, all));
    await measure('PUT with one less', () => this.#send('PUT', path, { ...all, members: values.slice(1) }));
    await measure('PUT with half of them', () => this.#send('PUT', path, { ...all, members: half }));
    await measure('PUT with the others too', () => this.#send('PUT', path, all));
    await measure('PATCH add one', () => patched(id, 'add', [other]));
    await measure('GET after it', () => this.#send('GET', path));
    await measure('PATCH remove one', () => patched(id, 'remove', [other]));
    await measure('PATCH remove all by value', () => patched(id, 'remove', values));
    await measure('PATCH add all', () => patched(id, 'add', values));
    await measure('GET after that', () => this.#send('GET', path));
    await measure('PATCH replace half', () => patched(id, 'replace', half));
    await measure('PATCH replace all', () => patched(id, 'replace', values));
    await measure('PATCH remove all', () => patched(id, 'remove'));
    const made = await this.#send('POST', '/Groups', few);
    await measure('PATCH add all to a small group', () => patched(made.id, 'add', values));
    await measure('full import', () => this.admin.run('fullImport'));
    const change = new Change({
      operation: 'delete',
      modification: new Attribute({ type: 'member', values: [memberDN(1)] }),
    });
    await this.client.modify(`cn=few${number},${CONTAINER}`, change);
    await measure('delta import of it', () => this.admin.run('deltaImport'));
    for (const one of [id, made.id]) await measure('DELETE', () => this.#send('DELETE', `/Groups/${one}`));
  }

  /** What came of it, one row for each kind. */
  rows() {
    return [...this.#kinds].map(([kind, runs]) => ({
      kind,
      ms: median(runs.map(({ ms }) => ms)),
      cpuMs: median(runs.map(({ cpu }) => cpu)),
      gapMs: median(runs.map(({ gap }) => gap)),
      longestGapMs: Math.max(...runs.map(({ gap }) => gap)),
      memory: Math.max(...runs.map(({ memory }) => memory)),
    }));
  }

  async #measure(kind, isWarm, work) {
    rmSync(this.probe, { force: true });
    const watch = watchMemory(this.host.pid);
    const cpu = cpuMs(this.host.pid);
    const started = performance.now();
    const result = await work();
    const ms = performance.now() - started;
    // What is done after the answer belongs to it, and so does the gap that is still open when it is sent.
    await sleep(300);
    const { host: memory } = watch.stop();
    const run = { ms, cpu: cpuMs(this.host.pid) - cpu, gap: this.#longestGap(), memory };
    if (isWarm) this.#kinds.set(kind, [...(this.#kinds.get(kind) ?? []), run]);
    return result;
  }

  /** Milliseconds of processor time between two rounds of the event loop, at most. */
  #longestGap() {
    if (!existsSync(this.probe)) return 0;
    const lines = readFileSync(this.probe, 'utf8').split('\n');
    const gaps = lines.flatMap((line) => (line === '' ? [] : [JSON.parse(line)]));
    return Math.max(0, ...gaps.map(({ gap, cpuMs: used }) => Math.min(gap, used)));
  }

  async #send(method, path, body, connector = 'groups') {
    const answer = await this.scim.send(requestText(method, connector, path, this.host.token, body));
    if (answer.status >= 300) throw new Error(`${method}: ${answer.status} ${answer.body.slice(0, 500)}`);
    return answer.body === '' ? undefined : JSON.parse(answer.body);
  }
}

/** The rows as text. */
function tableOfLargeGroup(rows) {
  return table(
    ['of so many members', 'ms', 'host CPU ms', 'longest gap, CPU ms', 'worst', 'host MiB'],
    rows.map(({ kind, ms, cpuMs: cpu, gapMs, longestGapMs, memory }) => [
      kind,
      ...[ms, cpu, gapMs, longestGapMs, memory].map((value) => fixed(value, 0)),
    ]),
  );
}

module.exports = { measureLargeGroup, tableOfLargeGroup };
