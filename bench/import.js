#!/usr/bin/env node
/** npm run bench:import: the connector space and its imports with many entries; see README.md beside this file. */

const { execFileSync, spawn } = require('node:child_process');
const { once } = require('node:events');
const { existsSync, mkdirSync, readFileSync, rmSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join, resolve } = require('node:path');
const { setTimeout: sleep } = require('node:timers/promises');
const { parseArgs } = require('node:util');
const { Administration } = require('./administration');
const { Mixture, ldapmodify, modifications } = require('./importDelta');
const { startLargeDirectory } = require('./importDirectory');
const { measureLookUps } = require('./importLookUps');
const { watchMemory } = require('./processes');
const { CONTAINER, residentKey } = require('./person');
const { ScimConnection, requestText } = require('./scimConnection');
const { fixed, quantile, table } = require('./statistics');
const { cpuMs, freePort, imported, startHost } = require('./surroundings');

const PARTS = ['second', 'delta', 'restart', 'lookups'];

const HELP = `npm run bench:import -- [options]
  --entries N        people in the directory (100000)
  --folder DIR       where slapd keeps them, also for the next run, and the host its stores (a temporary folder)
  --main FILE        the host's main file (dist/main.js)
  --changes N        changes before each delta import (1000)
  --parts a,b        after the first full import, some of: ${PARTS.join(', ')} (all)
  --cpu-prof DIR     a profile of the host's process
  --json             results as JSON`;

const { values } = parseArgs({
  options: {
    entries: { type: 'string', default: '100000' },
    folder: { type: 'string', default: join(tmpdir(), 'bench-import') },
    main: { type: 'string', default: join(__dirname, '../dist/main.js') },
    changes: { type: 'string', default: '1000' },
    parts: { type: 'string', default: PARTS.join(',') },
    'cpu-prof': { type: 'string' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

/** Hits in the connector space count for ever, so a look-up asks nothing of the directory. */
const CONNECTOR = 'space';
const CONNECTORS = { [CONNECTOR]: 1_000_000_000 };
const LOOK_UPS = 3_000;
const WAIT_MS = 3_600_000;

async function ldapsearch(directory) {
  const { url, connector } = directory;
  const args = ['-LLL', '-x', '-H', url, '-D', connector.dn, '-y', connector.passwordFile];
  const search = ['-E', 'pr=500/noprompt', '-b', CONTAINER, '(objectClass=inetOrgPerson)', '*', 'entryUUID'];
  const started = performance.now();
  const child = spawn('ldapsearch', [...args, ...search], { stdio: 'ignore' });
  let cpu = 0;
  const timer = setInterval(() => {
    cpu = Math.max(cpu, cpuMs(child.pid) ?? 0);
  }, 50);
  const [code] = await once(child, 'exit');
  clearInterval(timer);
  if (code !== 0) throw new Error(`ldapsearch ended with ${code}`);
  return { ms: performance.now() - started, cpu };
}

class Bench {
  facts = {};

  constructor(directory, entries, report) {
    this.directory = directory;
    this.entries = entries;
    this.report = report;
    this.probe = join(directory.workFolder, 'event-loop.jsonl');
  }

  fact(name, value) {
    this.facts[name] = value;
    this.report(`${name}: ${value}`);
  }

  async start(keep) {
    rmSync(this.probe, { force: true });
    const nodeOptions = ['--require', join(__dirname, 'eventLoopProbe.js')];
    const adminPort = await freePort();
    const host = await startHost(this.directory, CONNECTORS, {
      main: resolve(values.main),
      nodeOptions: values['cpu-prof']
        ? [...nodeOptions, '--cpu-prof', `--cpu-prof-dir=${values['cpu-prof']}`]
        : nodeOptions,
      keep,
      args: ['--admin-port', String(adminPort)],
      env: { EVENT_LOOP_PROBE: this.probe },
    });
    return { ...host, admin: new Administration(host, adminPort, CONNECTOR) };
  }

  /** The longest time for which the event loop did not come round since a moment, and the processor time used in it. */
  longestGap(since) {
    if (!existsSync(this.probe)) return 'none over 10 ms';
    const gaps = readFileSync(this.probe, 'utf8')
      .split('\n')
      .flatMap((text) => (text === '' ? [] : [JSON.parse(text)]))
      .filter(({ at }) => at >= since)
      .sort((a, b) => b.gap - a.gap);
    if (gaps.length === 0) return 'none over 10 ms';
    const busiest = gaps.toSorted((a, b) => Math.min(b.gap, b.cpuMs) - Math.min(a.gap, a.cpuMs))[0];
    const text = ({ gap, cpuMs: cpu }) => `${fixed(gap, 0)} ms (${fixed(cpu, 0)} ms CPU)`;
    return `${text(gaps[0])}; by CPU ${text(busiest)}`;
  }

  async firstImport() {
    const before = await ldapsearch(this.directory);
    this.fact('ldapsearch', searchText(before, this.entries));
    const host = await this.start(false);
    const since = Date.now();
    const watch = watchMemory(host.pid);
    const [line] = await imported(host, 1, WAIT_MS);
    const peak = watch.stop();
    if (line.outcome !== 'success') throw new Error(JSON.stringify(line));
    const after = await ldapsearch(this.directory);
    this.fact('ldapsearch again', searchText(after, this.entries));
    this.fact(
      'full import',
      `${fixed(line.durationMs / 1000, 2)} s, ${fixed((line.seen * 1000) / line.durationMs, 0)}/s`,
    );
    this.fact('full import / ldapsearch', fixed((2 * line.durationMs) / (before.ms + after.ms), 2));
    this.fact('full import: CPU of its process', `${fixed(peak.cpuMs / 1000, 1)} s`);
    this.fact('full import: peak memory', memoryText(peak));
    this.fact('full import: longest gap of the event loop', this.longestGap(since));
    return host;
  }

  /** Look-ups without and with a full import beside them. */
  async secondImport(host) {
    await this.lookUps(host, 500, () => false);
    const idle = await this.lookUps(host, LOOK_UPS, () => false);
    this.fact('look-up, idle: p50 / p99 / longest', latencyText(idle));
    const since = Date.now();
    const before = cpuMs(host.pid);
    const watch = watchMemory(host.pid);
    const run = await host.admin.begin('fullImport');
    let ended = false;
    const end = host.admin.ended(run).then((record) => {
      ended = true;
      return record;
    });
    const busy = await this.lookUps(host, Number.POSITIVE_INFINITY, () => ended);
    const record = await end;
    const peak = watch.stop();
    this.fact('second full import', `${fixed(record.durationMs / 1000, 2)} s, ${record.outcome}`);
    this.fact('look-up, importing: p50 / p99 / longest', latencyText(busy));
    this.fact('look-up p99, importing / idle', fixed(p99(busy) / p99(idle), 2));
    this.fact('second full import: peak memory', memoryText(peak));
    this.fact('second full import: longest gap of the event loop', this.longestGap(since));
    this.fact('second full import: CPU of the host', `${fixed((cpuMs(host.pid) - before) / 1000, 1)} s`);
  }

  /** Modifications alone, and with adds, renames and deletes of people whom others name. */
  async delta(host) {
    const changes = Number(values.changes);
    const mixture = new Mixture(this.entries, changes);
    await ldapmodify(this.directory, modifications(this.entries, changes));
    await this.deltaRun(host, `delta import of ${changes} modifications`);
    await ldapmodify(this.directory, mixture.before());
    await this.deltaRun(host);
    await ldapmodify(this.directory, mixture.changes());
    await this.deltaRun(host, `delta import of ${changes} changes of all kinds`);
    await ldapmodify(this.directory, mixture.after());
    await this.deltaRun(host);
  }

  async deltaRun(host, name) {
    const since = Date.now();
    const before = cpuMs(host.pid);
    const { durationMs, counts } = await host.admin.run('deltaImport');
    if (name === undefined) return;
    const cpu = `${fixed(cpuMs(host.pid) - before, 0)} ms CPU of the host`;
    this.fact(name, `${fixed(durationMs, 0)} ms, ${cpu}, ${JSON.stringify(counts)}`);
    this.fact(`${name}: longest gap of the event loop`, this.longestGap(since));
  }

  async restart(host) {
    await host.stop();
    const started = performance.now();
    const again = await this.start(true);
    while ((await this.lookUp(again.port, again.token, 0).catch(() => undefined)) === undefined) await sleep(5);
    this.fact(
      'restart: start of the process to the first look-up',
      `${fixed(performance.now() - started, 0)} ms, ${fixed(cpuMs(again.pid), 0)} ms CPU`,
    );
    await again.stop();
  }

  async lookUps(host, count, isOver) {
    const connection = await ScimConnection.open(host.port);
    const latencies = [];
    for (let index = 0; index < count && !isOver(); index += 1) {
      const started = performance.now();
      await lookUp(connection, host.token, (index * 7_919) % this.entries);
      latencies.push(performance.now() - started);
      await sleep(1);
    }
    connection.close();
    return latencies.sort((a, b) => a - b);
  }

  async lookUp(port, token, index) {
    const connection = await ScimConnection.open(port);
    try {
      await lookUp(connection, token, index);
      return true;
    } finally {
      connection.close();
    }
  }
}

async function lookUp(connection, token, index) {
  const filter = encodeURIComponent(`emails.value eq "${residentKey(index)}@example.com"`);
  const { status, body } = await connection.send(requestText('GET', CONNECTOR, `/Users?filter=${filter}`, token));
  if (status !== 200 || !body.includes('"totalResults":1')) throw new Error(`${status}: ${body.slice(0, 300)}`);
}

const p99 = (sorted) => quantile(sorted, 0.99);

function latencyText(sorted) {
  const parts = [quantile(sorted, 0.5), p99(sorted), sorted.at(-1)].map((one) => fixed(one, 2));
  return `${parts.join(' / ')} ms (${sorted.length})`;
}

function searchText({ ms, cpu }, entries) {
  return `${fixed(ms / 1000, 2)} s, ${fixed((entries * 1000) / ms, 0)}/s, ${fixed(cpu / 1000, 1)} s CPU`;
}

function memoryText({ rss, pss, host, children }) {
  return `${fixed(pss, 0)} MiB; with shared pages counted twice ${fixed(rss, 0)} (host ${fixed(host, 0)}, import ${fixed(children, 0)})`;
}

async function main() {
  if (values.help) {
    console.log(HELP);
    return;
  }
  const report = (text) => process.stderr.write(`${text}\n`);
  const entries = Number(values.entries);
  mkdirSync(values.folder, { recursive: true });
  execFileSync('ldapsearch', ['-VV'], { stdio: 'ignore' });
  const directory = await startLargeDirectory(entries, resolve(values.folder), report);
  const bench = new Bench(directory, entries, report);
  let host;
  try {
    host = await bench.firstImport();
    const parts = new Set(values.parts.split(','));
    if (parts.has('second')) await bench.secondImport(host);
    if (parts.has('delta')) await bench.delta(host);
    if (parts.has('restart')) await bench.restart(host);
    await host.stop();
    if (parts.has('lookups')) {
      const facts = await measureLookUps(resolve(values.main), join(host.folder, 'state'), CONNECTOR, entries);
      for (const [name, value] of facts) bench.fact(name, value);
    }
  } finally {
    await host?.stop();
    await directory.stop();
  }
  if (values.json) console.log(JSON.stringify({ entries, ...bench.facts }));
  else console.log(`\n${table([`${entries} entries`, 'result'], Object.entries(bench.facts))}`);
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(1));
main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
