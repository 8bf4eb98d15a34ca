/** An identity provider that deletes 5,000 of 10,000 people: stopped at its limit, released, finished. */
import { runaway, startWithPeople } from '../../support/runaway';
import { describeOnSlapd } from '../../support/system';

describeOnSlapd('a runaway', () => {
  test('of 5,000 deletes out of 10,000', async () => {
    const system = await startWithPeople(10_000);
    try {
      await runaway(system, 10_000, 5_000);
    } finally {
      await system.stop();
    }
  }, 900_000);
});
