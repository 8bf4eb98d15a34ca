/** A client that deletes everybody: stopped by a guard rail, released, and finished. */
import { askAdmin, command, metricsOf } from './administrator';
import { people } from './connectorFiles';
import { eventually } from './hostProcess';
import { type System, startSystem } from './system';

const PEOPLE = 'ou=people,dc=example,dc=com';

/** A host on a slapd with `count` people, whose connector `hr` may delete a tenth of its entries within an hour. */
export function startWithPeople(count: number): Promise<System> {
  return startSystem({
    connectors: (slapd) => ({
      hr: people(slapd, {}, { guardRails: { delete: '10%' }, properties: { autosyncTimer: 0 } }),
    }),
    args: ['--admin-port', '0'],
    prepare: async (look) => {
      const add = async (number: number) => {
        const uid = `r${number}`;
        const values = { objectClass: 'inetOrgPerson', uid, cn: uid, sn: uid, mail: `${uid}@example.com` };
        await look.add(`uid=${uid},${PEOPLE}`, values);
      };
      for (let start = 0; start < count; start += 100)
        await Promise.all(Array.from({ length: Math.min(100, count - start) }, (_, index) => add(start + index)));
    },
  });
}

/** Deletes `wanted` of the `count` people and shows that a tenth are gone, and after a release all of them. */
export async function runaway(system: System, count: number, wanted: number): Promise<void> {
  const { host, look } = system;
  const left = async () => (await look.find('(uid=r*)', PEOPLE)).length;
  const ids: string[] = [];
  let client = host.client('hr');
  await eventually(async () => {
    expect((await client.get('/Users?count=0')).body.totalResults).toBeGreaterThanOrEqual(count);
  });
  for (let start = 1; ids.length < count; start += 1000) {
    const { body } = await client.get(`/Users?startIndex=${start}&count=1000&attributes=userName`);
    const resources = body.Resources as unknown as { id: string; userName: string }[];
    for (const { id, userName } of resources) if (/^r\d+$/.test(userName)) ids.push(id);
    if (resources.length === 0) break;
  }
  expect(ids).toHaveLength(count);
  const entries = (await askAdmin(host, '/connectors/hr')).body.entries;
  const total = Object.values(entries as Record<string, number>).reduce((sum, one) => sum + one, 0);
  const limit = Math.floor(total / 10);

  const statuses = await deleteAll(client, ids.slice(0, wanted));
  expect([statuses.get(204), statuses.get(403)]).toEqual([limit, wanted - limit]);
  expect(await left()).toBe(count - limit);
  const refusal = await client.delete(`/Users/${ids[count - 1]}`);
  expect([refusal.status, refusal.body.detail]).toEqual([
    403,
    expect.stringContaining('connector-host changes release hr'),
  ]);
  expect(host.output).toContain('"guardRail":"delete"');
  expect(await metricsOf(host)).toContain('connector_host_guard_rail_tripped{connector="hr",operation="delete"} 1');

  await host.restart('SIGKILL');
  client = host.client('hr');
  expect((await client.delete(`/Users/${ids[count - 1]}`)).status).toBe(403);
  expect((await askAdmin(host, '/connectors/hr/guard-rails')).body.guardRails[0]).toMatchObject({
    operation: 'delete',
    state: 'tripped',
  });
  const more = String(wanted);
  const released = await command(host, ['changes', 'release', 'hr', '--operation', 'delete', '--more', more], true);
  expect([released.code, released.stderr, released.stdout]).toEqual([0, '', expect.stringContaining('delete goes on')]);
  const finished = await deleteAll(client, ids.slice(0, wanted));
  expect([finished.get(204), finished.get(404), finished.get(403)]).toEqual([wanted - limit, limit, undefined]);
  expect(await left()).toBe(count - wanted);
  expect(await metricsOf(host)).toContain('connector_host_guard_rail_tripped{connector="hr",operation="delete"} 0');
}

async function deleteAll(
  client: ReturnType<System['host']['client']>,
  ids: readonly string[],
): Promise<Map<number, number>> {
  const statuses = new Map<number, number>();
  const waiting = [...ids];
  const work = async () => {
    for (let id = waiting.shift(); id !== undefined; id = waiting.shift()) {
      const { status } = await client.delete(`/Users/${id}`);
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: 16 }, work));
  return statuses;
}
