/** Exports that a directory refuses, sent again when it no longer does. */
import { command } from './administrator';
import { connectivity, people } from './connectorFiles';
import { secret } from './hostProcess';
import { CORE_USER } from './scimClient';
import { type System, startSystem } from './system';

const PEOPLE = 'ou=people,dc=example,dc=com';

const files = (system: Pick<System, 'slapd'>['slapd'], mayWrite: boolean) => {
  const reader = {
    ...connectivity(system),
    userName: system.readerDN,
    password: `file:${system.folder}/reader.password`,
  };
  const more = { properties: { autosyncTimer: 0 }, ...(mayWrite ? {} : { connectivity: reader }) };
  const flow = { deprovisioning: { disableFlow: { action: 'setAttribute', values: { employeeType: 'Left' } } } };
  return {
    hr: people(system, { ...flow, password: { initial: 'random' } }, more),
    given: people(system, flow, more),
  };
};

/** A host whose connectors `hr` (random first passwords) and `given` use an account that may write nothing, and `count` people. */
export function startRefused(count: number): Promise<System> {
  return startSystem({
    connectors: (slapd) => files(slapd, false),
    args: ['--admin-port', '0'],
    prepare: async (look) => {
      const add = async (number: number) => {
        const uid = `f${number}`;
        await look.add(`uid=${uid},${PEOPLE}`, { objectClass: 'inetOrgPerson', uid, cn: uid, sn: uid, title: 'old' });
      };
      for (let start = 0; start < count; start += 100)
        await Promise.all(Array.from({ length: Math.min(100, count - start) }, (_, index) => add(start + index)));
    },
  });
}

/** Gives the connectors an account that may write. */
export async function allowWrites(system: System): Promise<void> {
  for (const [name, file] of Object.entries(files(system.slapd, true))) system.host.writeConnector(name, file);
  await system.host.restart();
}

/** Patches all `count` people, and creates a tenth as many: all are refused, and sent again when the account may write. */
export async function refusedAndResent(system: System, count: number): Promise<void> {
  const { host, look } = system;
  const client = host.client('hr');
  const patched = await Promise.all(
    Array.from({ length: count }, async (_, number) => {
      const { body } = await client.get(`/Users?filter=${encodeURIComponent(`userName eq "f${number}"`)}`);
      const [{ id } = { id: '' }] = body.Resources as unknown as { id: string }[];
      const operations = [
        { op: 'replace', path: 'title', value: `new ${number}` },
        { op: 'replace', path: 'name.givenName', value: 'Given' },
        ...(number % 10 === 1 ? [{ op: 'replace', path: 'active', value: false }] : []),
      ];
      return (await client.patch(`/Users/${id}`, ...operations)).status;
    }),
  );
  expect(new Set(patched)).toEqual(new Set([403]));
  const creates = Math.ceil(count / 10);
  const created = await Promise.all(
    Array.from({ length: creates }, async (_, number) => {
      const password = number === 0 ? { password: secret('not-kept') } : {};
      const user = {
        schemas: [CORE_USER],
        userName: `n${number}`,
        name: { familyName: 'New' },
        externalId: `x${number}`,
      };
      return (await client.post('/Users', { ...user, ...password })).status;
    }),
  );
  expect(new Set(created)).toEqual(new Set([403]));
  const open = async () => {
    const { stdout } = await command(host, [
      'changes',
      'list',
      '--open',
      '--limit',
      '0',
      '--json',
      '--connector',
      'hr',
    ]);
    return stdout.split('\n').filter((line) => line !== '').length;
  };
  expect(await open()).toBe(count + creates);
  const still = await command(host, ['changes', 'resend', 'hr'], true);
  expect([still.code, still.stdout]).toEqual([1, expect.stringContaining(`${count + creates} failed`)]);
  expect(await open()).toBe(count + creates);

  // Newer changes from outside: one title is another now, one is as asked already, one entry is gone.
  await look.set(`uid=f0,${PEOPLE}`, 'title', ['newer']);
  await look.set(`uid=f2,${PEOPLE}`, 'title', ['new 2']);
  await look.remove(`uid=f3,${PEOPLE}`);
  await allowWrites(system);
  const sent = await command(host, ['changes', 'resend', 'hr'], true);
  expect([sent.code, sent.stderr]).toEqual([0, '']);
  expect(sent.stdout).toContain('title changed since and kept');
  expect(sent.stdout).toContain(`hr: `);
  expect(await open()).toBe(0);

  const found = new Map((await look.find('(uid=f*)', PEOPLE)).map(({ values }) => [values.uid?.[0], values]));
  expect(found.size).toBe(count - 1);
  for (const [uid, values] of found) {
    const number = Number(uid?.slice(1));
    expect([uid, values.title, values.givenName, values.employeeType]).toEqual([
      uid,
      [number === 0 ? 'newer' : `new ${number}`],
      ['Given'],
      number % 10 === 1 ? ['Left'] : undefined,
    ]);
  }
  const made = await look.find('(uid=n*)', PEOPLE);
  expect(made).toHaveLength(creates);
  for (const { values } of made) expect(values.userPassword).toHaveLength(1);
  const byExternalId = await host.client('hr').get(`/Users?filter=${encodeURIComponent('externalId eq "x1"')}`);
  expect(byExternalId.body.totalResults).toBe(creates > 1 ? 1 : 0);
}
