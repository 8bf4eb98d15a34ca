/** The table of operations: the host beside bare ldapts, a C program on libldap, and an empty endpoint of the same host, slice by slice. */

const { imported, cpuMs, startDirectory, startHost } = require('./surroundings');
const { compileCLoad, openCLoad } = require('./cLoad');
const { openLoad } = require('./load');
const { halves, keepTo } = require('./processors');
const { fixed, median, ratio, summary, table } = require('./statistics');

const OPERATIONS = ['create', 'look-up (live)', 'look-up (space)', 'read (live)', 'read (space)', 'patch', 'delete'];
const SIDES = ['host', 'bare', 'libldap', 'empty'];
const ROUNDS = 4;
/** A server runs for weeks: what its compiler needs to know the code is no part of what a request costs. */
const WARM_UP_MS = { host: 10_000, bare: 1_000, libldap: 100, empty: 1_000 };
/** Hits in the space of the connector `fresh` count all the time, those of `live` never. */
const CONNECTORS = { live: 0, fresh: 86_400 };

/** Runs all cells; `seconds` for each of them. Answers rows as data. */
async function measureOperations(
  { seconds, people, inFlight, operations = OPERATIONS, sides = SIDES, main, nodeOptions, folder, apart = false },
  report,
) {
  const processors = apart ? halves() : undefined;
  if (processors) keepTo(process.pid, processors.others);
  const directory = await startDirectory(people, folder);
  if (processors) keepTo(directory.pid, processors.directory);
  const release = [() => directory.stop()];
  try {
    const host = await startHost(directory, CONNECTORS, { main, nodeOptions });
    release.push(() => host.stop());
    await imported(host, Object.keys(CONNECTORS).length);
    const scim = await openLoad('scim', { port: host.port, token: host.token, people });
    release.push(() => scim.stop());
    const { dn: userName, password } = directory.connector;
    const ldap = await openLoad('ldap', { url: directory.url, userName, password, people });
    release.push(() => ldap.stop());
    const all = {
      host: (operation) => ({ load: scim, operation }),
      bare: (operation) => ({ load: ldap, operation }),
      empty: () => ({ load: scim, operation: 'empty' }),
    };
    if (sides.includes('libldap')) {
      const { program, reason } = compileCLoad(directory.workFolder);
      if (program === undefined) report(reason);
      else {
        const clib = openCLoad(program, { url: directory.url, userName, password, people });
        release.push(() => clib.stop());
        all.libldap = (operation) => ({ load: clib, operation });
      }
    }
    const contenders = Object.fromEntries(sides.flatMap((name) => (all[name] ? [[name, all[name]]] : [])));
    const slice = async ({ load, operation }, lanes, ms) => {
      const before = [cpuMs(host.pid), cpuMs(directory.pid)];
      const result = await load.slice({ operation, inFlight: lanes, ms });
      if (result.fault !== undefined) report(`${operation}: ${result.failed} failed, the last one: ${result.fault}`);
      const since = (pid, start) => (start === undefined ? Number.NaN : cpuMs(pid) - start);
      return { ...result, cpuMs: since(host.pid, before[0]), directoryCpuMs: since(directory.pid, before[1]) };
    };
    for (const operation of operations.filter((one) => one !== 'delete'))
      for (const [name, pick] of Object.entries(contenders)) await slice(pick(operation), 8, WARM_UP_MS[name]);
    const rows = [];
    for (const lanes of inFlight) {
      const slices = new Map(
        operations.map((operation) => [operation, { host: [], bare: [], libldap: [], empty: [] }]),
      );
      for (let round = 0; round < ROUNDS; round += 1)
        for (const operation of operations)
          for (const [name, pick] of Object.entries(contenders))
            slices.get(operation)[name].push(await slice(pick(operation), lanes, (seconds * 1000) / ROUNDS));
      for (const operation of operations) {
        rows.push(rowOf(operation, lanes, slices.get(operation)));
        report(line(rows.at(-1)));
      }
    }
    return rows;
  } finally {
    for (const each of release.reverse()) await each();
  }
}

function rowOf(operation, inFlight, { host, bare, libldap, empty }) {
  const sides = { host: summary(host), bare: summary(bare), libldap: summary(libldap), empty: summary(empty) };
  return {
    operation,
    inFlight,
    ...sides,
    hostToBare: ratio(host, bare),
    hostToLibldap: ratio(host, libldap),
    hostToEmpty: ratio(host, empty),
    addedP50Ms: median(host.map((one, index) => middle(one) - middle(bare[index]))),
  };
}

function middle(slice) {
  return median(slice?.latencies ?? []);
}

function line({ operation, inFlight, host, hostToBare }) {
  return `${operation} at ${inFlight}: ${fixed(host.perSecond, 0)}/s, ${fixed(hostToBare, 2)} of bare`;
}

/** The rows as text. */
function tableOfOperations(rows) {
  const head = ['operation', 'in flight'];
  for (const side of SIDES) head.push(`${side}/s`, 'p50 ms', 'p99 ms');
  head.push(
    'host/bare',
    'host/libldap',
    'host/empty',
    '+p50 ms',
    'host CPU ms',
    'client CPU ms',
    'slapd CPU ms',
    'bare: slapd',
  );
  return table(
    head,
    rows.map((row) => [
      row.operation,
      row.inFlight,
      ...SIDES.flatMap((side) => [fixed(row[side].perSecond, 0), fixed(row[side].p50, 2), fixed(row[side].p99, 2)]),
      fixed(row.hostToBare, 2),
      fixed(row.hostToLibldap, 2),
      fixed(row.hostToEmpty, 2),
      fixed(row.addedP50Ms, 2),
      fixed(row.host.cpuMsPerOperation, 2),
      fixed(row.host.clientCpuMsPerOperation, 2),
      fixed(row.host.directoryCpuMsPerOperation, 2),
      fixed(row.bare.directoryCpuMsPerOperation, 2),
    ]),
  );
}

module.exports = { measureOperations, tableOfOperations, OPERATIONS, SIDES };
