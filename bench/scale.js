/** What grows with the directory: start-up, the full import, how the host answers meanwhile, and deep pages of lists. */

const { setTimeout: sleep } = require('node:timers/promises');
const { cpuMs, imported, startDirectory, startHost } = require('./surroundings');
const { ScimConnection, requestText } = require('./scimConnection');
const { fixed, quantile, table } = require('./statistics');

const CONNECTORS = { live: 0 };

async function measureScale({ people, main, nodeOptions, folder }, report) {
  const directory = await startDirectory(people, folder);
  const release = [() => directory.stop()];
  try {
    const facts = [];
    // The first import builds the space; the second one, after a restart, also compares it with the one before.
    for (const [name, keep] of [
      ['first start', false],
      ['restart', true],
    ]) {
      const host = await startHost(directory, CONNECTORS, { main, nodeOptions, keep });
      release.push(() => host.stop());
      const import_ = await duringImport(host);
      facts.push([`${name}: start to listening`, `${fixed(host.startedMs, 0)} ms`]);
      facts.push([`${name}: full import`, `${import_.seen} entries, ${fixed(import_.perSecond, 0)}/s`]);
      facts.push([`${name}: GET /healthz without load, p50 / p99`, latencyText(await healthz(host, 1_000))]);
      facts.push([`${name}: GET /healthz during import, p50 / p99 / longest`, latencyText(import_.latencies, true)]);
      if (keep) facts.push(...(await lists(host, people)));
      release.pop();
      await host.stop();
      report(`${name} measured`);
    }
    return facts;
  } finally {
    for (const each of release.reverse()) await each();
  }
}

/** Asks for /healthz again and again until the import has ended. */
async function duringImport(host) {
  const connection = await ScimConnection.open(host.port);
  const latencies = [];
  let ended;
  const end = imported(host, 1).then(([line]) => {
    ended = line;
  });
  while (ended === undefined) latencies.push(await timed(connection, 'GET', undefined, '/healthz', host));
  await end;
  connection.close();
  return { latencies, seen: ended.seen, perSecond: (ended.seen * 1000) / ended.durationMs };
}

async function healthz(host, ms) {
  const connection = await ScimConnection.open(host.port);
  const latencies = [];
  for (const start = performance.now(); performance.now() - start < ms; )
    latencies.push(await timed(connection, 'GET', undefined, '/healthz', host));
  connection.close();
  return latencies;
}

async function lists(host, people) {
  const connection = await ScimConnection.open(host.port);
  const facts = [];
  const inOrder = [];
  const before = cpuMs(host.pid);
  for (let start = 1; start <= people; start += 100)
    inOrder.push(await timed(connection, 'GET', 'live', `/Users?startIndex=${start}&count=100`, host, 0));
  const cpu = (cpuMs(host.pid) - before) / inOrder.length;
  facts.push(['pages of 100 in order, p50 / p99 / longest', `${latencyText(inOrder, true)}, ${fixed(cpu, 1)} ms CPU`]);
  const deep = [];
  for (let index = 0; index < 100; index += 1) {
    const start = 1 + ((index * 7919 * 13) % Math.max(1, people - 100));
    deep.push(await timed(connection, 'GET', 'live', `/Users?startIndex=${start}&count=100`, host, 0));
  }
  facts.push(['pages of 100 anywhere, p50 / p99 / longest', latencyText(deep, true)]);
  connection.close();
  return facts;
}

async function timed(connection, method, connector, path, host, pauseMs = 1) {
  const before = performance.now();
  const { status, body } = await connection.send(requestText(method, connector, path, host.token));
  const elapsed = performance.now() - before;
  if (status !== 200) throw new Error(`${status}: ${body}`);
  if (pauseMs > 0) await sleep(pauseMs);
  return elapsed;
}

function latencyText(latencies, longest = false) {
  const sorted = [...latencies].sort((a, b) => a - b);
  const parts = [quantile(sorted, 0.5), quantile(sorted, 0.99), ...(longest ? [sorted.at(-1)] : [])];
  return `${parts.map((part) => fixed(part, 1)).join(' / ')} ms`;
}

function tableOfScale(facts) {
  return table(['measurement', 'result'], facts);
}

module.exports = { measureScale, tableOfScale };
