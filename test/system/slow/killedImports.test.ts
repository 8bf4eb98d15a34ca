/**
 * OpenLDAP: one connector begins with a full import each time, the others go on with delta imports alone, by its access
 * log, content synchronization and time stamps. Change logs and update sequence numbers are in test/directories.
 */
import { people } from '../../support/connectorFiles';
import { runKilledImports, settle, standardWorld } from '../../support/killedImports';
import { describeOnSlapd, type System, startSystem } from '../../support/system';

const ROUNDS = 50;
const RESIDENTS = 150;
const suffix = 'dc=example,dc=com';

const world = standardWorld(suffix);

describeOnSlapd('a host that is killed', () => {
  let system: System;
  afterEach(() => system?.stop());

  test(`${ROUNDS} times, at any moment of imports and exports`, async () => {
    const runProfiles = { fullImport: { pageSize: 10 }, deltaImport: { interval: 1 } };
    // A full import that is due once a year is due at no start: those begin with a delta import.
    const following = (method: string) => ({
      runProfiles,
      properties: { autosyncTimer: '0 3 1 1 *' },
      global: { deltaImport: { method } },
    });
    // By time stamps nobody sees that somebody has gone, so that many go at once in the end.
    const anew = (method: string) => ({
      ...following(method),
      runProfiles: { ...runProfiles, fullImport: { pageSize: 10, accidentLimit: '100%' } },
      properties: { autosyncTimer: 0 },
    });
    system = await startSystem({
      connectors: (slapd) => ({
        full: people(slapd, {}, { runProfiles }),
        accessLog: people(slapd, {}, following('accessLog')),
        syncRepl: people(slapd, {}, following('syncRepl')),
        timeStamp: people(slapd, {}, following('timeStamp')),
      }),
      prepare: (look) => settle(look, world, RESIDENTS),
    });
    const { host, look, slapd } = system;
    await runKilledImports({
      rounds: ROUNDS,
      residents: RESIDENTS,
      connectors: { full: 'anew', accessLog: 'deltas', syncRepl: 'deltas', timeStamp: 'blindly' },
      host,
      look,
      world,
      readAnew: (connector) => host.writeConnector(connector, people(slapd, {}, anew(connector))),
    });
  }, 900_000);
});
