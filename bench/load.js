/**
 * A process that makes load, so that neither side pays for the other's client: `fork(load.js)`, then one message per
 * slice of work and one answer each.
 */

const { fork } = require('node:child_process');

const GIVE_UP_AFTER = 20;

/** Keeps `inFlight` operations going for `ms`, at most `count` of them. */
async function slice(load, { operation, inFlight, ms, count = 1_000_000 }) {
  await load.connect(inFlight);
  const latencies = [];
  let [begun, failed, fault] = [0, 0, undefined];
  const most = operation === 'delete' ? Math.min(count, load.left) : count;
  const start = performance.now();
  const cpu = process.cpuUsage();
  const lane = async (number) => {
    while (begun < most && performance.now() - start < ms && failed < GIVE_UP_AFTER) {
      begun += 1;
      const before = performance.now();
      try {
        await load.run(operation, number);
        latencies.push(performance.now() - before);
      } catch (error) {
        failed += 1;
        fault = String(error.message ?? error);
      }
    }
  };
  await Promise.all(Array.from({ length: inFlight }, (_, number) => lane(number)));
  const { user, system } = process.cpuUsage(cpu);
  return { latencies, failed, fault, elapsedMs: performance.now() - start, clientCpuMs: (user + system) / 1000 };
}

/** Opens a load in a process of its own: `kind` is `scim` or `ldap`. */
async function openLoad(kind, options) {
  const child = fork(__filename, [], { serialization: 'advanced' });
  let waiting;
  child.on('message', ({ result, error }) =>
    error === undefined ? waiting.resolve(result) : waiting.reject(new Error(error)),
  );
  child.on('exit', () => waiting?.reject(new Error(`The load generator (${kind}) has ended`)));
  const ask = (message) =>
    new Promise((resolve, reject) => {
      waiting = { resolve, reject };
      child.send(message);
    });
  await ask({ open: kind, options });
  return { slice: (work) => ask({ work }), stop: () => child.disconnect() };
}

async function answer(message, state) {
  if (message.open === undefined) return slice(state.load, message.work);
  const { ScimLoad } = require('./scimLoad');
  const { LdapLoad } = require('./ldapLoad');
  state.load = await (message.open === 'scim' ? ScimLoad : LdapLoad).open(message.options);
  return undefined;
}

if (require.main === module) {
  const state = {};
  process.on('message', (message) => {
    answer(message, state).then(
      (result) => process.send({ result }),
      (error) => process.send({ error: error.stack }),
    );
  });
  process.on('disconnect', () => process.exit(0));
}

module.exports = { openLoad };
