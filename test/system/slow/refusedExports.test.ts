/** 500 exports that a directory refuses, sent again when it no longer does. */
import { refusedAndResent, startRefused } from '../../support/refusedExports';
import { describeOnSlapd } from '../../support/system';

describeOnSlapd('exports that were refused', () => {
  test('500 are sent again', async () => {
    const system = await startRefused(500);
    try {
      await refusedAndResent(system, 500);
    } finally {
      await system.stop();
    }
  }, 300_000);
});
