/** The retro change log of 389 Directory Server against the tests that every source of changes must pass. */
import { existsSync } from 'node:fs';
import { runChangeSourceTests } from '../changeSource';
import { openProduct } from '../followedServer';

const name = '389 Directory Server by changeLog';

// On a build server its absence is a failure, which the start reports: no test may vanish there.
if (existsSync('/usr/sbin/ns-slapd') || process.env.CI) {
  const facts = { anchor: 'nsUniqueId', keepsReferences: true, hasMemberOf: true };
  runChangeSourceTests(name, () => openProduct('389ds', 'changeLog', facts));
} else {
  const reason = '389-ds-base is not installed (Debian: apt-get install --no-install-recommends 389-ds-base)';
  process.stderr.write(`The tests of its change log do not run here: ${reason}\n`);
  describe.skip(`${name}: ${reason}`, () => {
    test('nothing is proved without a server', () => {});
  });
}
