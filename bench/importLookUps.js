/** How fast the connector space answers in process: no HTTP, no SCIM, one key at a time. */

const { dirname, join } = require('node:path');
const { dnOf, residentKey } = require('./person');
const { fixed } = require('./statistics');

const SECONDS = 2;

/** The space of a host that has stopped. Answers facts: by which key, and how many a second. */
async function measureLookUps(main, folder, name, entries) {
  const built = join(dirname(main), 'space');
  const { openState } = require(join(built, 'state'));
  const { openSpace } = require(join(built, 'connectorSpace'));
  const state = await openState(folder, name);
  const space = await openSpace({ folder, name, state });
  const index = (step) => (step * 7_919) % entries;
  const dn = (step) => dnOf(residentKey(index(step))).toLowerCase();
  const anchors = Array.from({ length: 20_000 }, (_, step) => space.byDN(dn(step))?.anchor);
  const ways = {
    anchor: (step) => space.byAnchor(anchors[step % anchors.length]),
    DN: (step) => space.byDN(dn(step)),
    'matching attribute': (step) => space.byMatch('User', 'mail', `${residentKey(index(step))}@example.com`)[0],
  };
  const facts = [];
  for (const [way, find] of Object.entries(ways)) {
    let done = 0;
    const used = process.cpuUsage();
    const started = performance.now();
    while (performance.now() - started < SECONDS * 1_000) {
      for (let i = 0; i < 100; i += 1) if (find(done + i) === undefined) throw new Error(`no entry by ${way}`);
      done += 100;
    }
    const { user, system } = process.cpuUsage(used);
    const rate = (ms) => fixed((done * 1_000) / ms, 0);
    facts.push([
      `look-ups in process by ${way}`,
      `${rate(performance.now() - started)}/s, ${rate((user + system) / 1_000)} a second of CPU`,
    ]);
  }
  await space.close();
  await state.close();
  return facts;
}

module.exports = { measureLookUps };
