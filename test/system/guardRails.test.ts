/** Deletes and disables beyond a limit, on a real OpenLDAP. */
import { askAdmin, command } from '../support/administrator';
import { people } from '../support/connectorFiles';
import { runaway, startWithPeople } from '../support/runaway';
import { describeOnSlapd, type System, startTimeout } from '../support/system';

const disableFlow = { action: 'setAttribute', values: { employeeType: 'Left' } };

let system: System;
beforeAll(async () => {
  system = await startWithPeople(60);
}, startTimeout);
afterAll(() => system?.stop());

describeOnSlapd('guard rails', () => {
  test('a client that deletes everybody is stopped at the limit, over a restart, and finishes when it is released', async () => {
    await runaway(system, 60, 40);
  });

  test('disables are counted by themselves, and what the directory refuses is given back', async () => {
    const { host } = system;
    host.writeConnector('hr', {
      ...people(system.slapd, { deprovisioning: { disableFlow } }),
      guardRails: { disable: 2 },
    });
    await host.restart();
    const client = host.client('hr');
    const { body } = await client.get('/Users?count=10');
    const ids = (body.Resources as unknown as { id: string }[]).map(({ id }) => id);
    const disable = (id: string) => client.patch(`/Users/${id}`, { op: 'replace', path: 'active', value: false });
    const first = await Promise.all(ids.slice(0, 5).map(disable));
    expect(first.map(({ status }) => status).sort()).toEqual([200, 200, 403, 403, 403]);
    const bare = await askAdmin(host, '/connectors/hr/guard-rails/release', 'POST', { operation: 'paint' });
    expect(bare.status).toBe(400);
    expect((await command(host, ['changes', 'release', 'hr'], true)).stdout).toContain('disable goes on');
    expect((await Promise.all(ids.slice(5, 7).map(disable))).map(({ status }) => status)).toEqual([200, 200]);
    const refused = await command(host, [
      'changes',
      'list',
      '--outcome',
      'refused',
      '--operation',
      'disable',
      '--json',
    ]);
    expect(refused.stdout.trim().split('\n')).toHaveLength(3);
  });

  test('without a host to ask, release says what to do', async () => {
    const { host } = system;
    const nowhere = await command(host, ['changes', 'release', 'hr']);
    expect([nowhere.code, nowhere.stderr]).toEqual([1, expect.stringContaining('--admin-port')]);
    const closed = await command(host, ['changes', 'release', 'hr', '--admin-port', '1']);
    expect([closed.code, closed.stderr]).toEqual([1, expect.stringContaining('ECONNREFUSED')]);
    const unknown = await command(host, ['changes', 'release', 'nobody'], true);
    expect([unknown.code, unknown.stderr]).toEqual([1, expect.stringContaining('no such connector')]);
  });
});
