/** The other sources of an OpenLDAP against the tests that every source must pass. */
import { runChangeSourceTests } from '../changeSource';
import { openSlapd } from '../followedServer';

for (const method of ['syncRepl', 'timeStamp'] as const)
  runChangeSourceTests(`OpenLDAP by ${method}`, () => openSlapd(method));
