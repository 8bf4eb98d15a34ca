/** Failed exports sent again, on a real OpenLDAP. */
import { askAdmin, command } from '../../support/administrator';
import { people } from '../../support/connectorFiles';
import { eventually, secret } from '../../support/hostProcess';
import { allowWrites, refusedAndResent, startRefused } from '../../support/refusedExports';
import { CORE_USER } from '../../support/scimClient';
import { describeOnSlapd, type System, startTimeout } from '../../support/system';

const PEOPLE = 'ou=people,dc=example,dc=com';
const COUNT = 30;

let system: System;
beforeAll(async () => {
  system = await startRefused(COUNT);
}, startTimeout);
afterAll(() => system?.stop());

const open = async (connector: string) => {
  const { stdout } = await command(system.host, ['changes', 'list', '--open', '--json', '--connector', connector]);
  const lines = stdout.split('\n').filter((line) => line !== '');
  return lines.map((line) => JSON.parse(line) as { number: number; operation: string; id?: string });
};

describeOnSlapd('failed exports', () => {
  test('a password that was given is not kept: that create is refused, and says why; a delete and a rename are sent', async () => {
    const client = system.host.client('given');
    const user = { schemas: [CORE_USER], userName: 'g1', name: { familyName: 'Given' } };
    expect((await client.post('/Users', { ...user, password: secret('given') })).status).toBe(403);
    expect((await client.post('/Users', { ...user, userName: 'g2' })).status).toBe(403);
    const idOf = async (userName: string) => {
      const { body } = await client.get(`/Users?filter=${encodeURIComponent(`userName eq "${userName}"`)}`);
      return (body.Resources as unknown as { id: string }[])[0]?.id;
    };
    expect((await client.delete(`/Users/${await idOf('alice')}`)).status).toBe(403);
    expect((await client.delete(`/Users/${await idOf('bruno')}`)).status).toBe(403);
    const dmitri = await idOf('dmitri');
    const patch = (path: string, value: string) => client.patch(`/Users/${dmitri}`, { op: 'replace', path, value });
    expect((await patch('title', 'first')).status).toBe(403);
    expect((await patch('title', 'second')).status).toBe(403);
    expect((await patch('password', secret('lost'))).status).toBe(403);
    expect((await open('given')).map(({ operation }) => operation)).toEqual([
      'password',
      'modify',
      'delete',
      'delete',
      'create',
      'create',
    ]);
    await system.look.set(`uid=bruno,${PEOPLE}`, 'title', ['still needed']);
    await allowWrites(system);
    const sent = await command(system.host, ['changes', 'resend', 'given'], true);
    expect([sent.code, sent.stderr]).toEqual([1, '']);
    expect(sent.stdout).toContain('password.initial of the connector file is "fromRequest"');
    expect(sent.stdout).toContain('the entry has been changed since');
    expect(sent.stdout).toContain('given: ');
    expect(await system.look.at(`uid=alice,${PEOPLE}`)).toBeUndefined();
    expect(await system.look.at(`uid=bruno,${PEOPLE}`)).toMatchObject({ title: ['still needed'] });
    expect(await system.look.at(`uid=dmitri,${PEOPLE}`)).toMatchObject({ title: ['second'] });
    expect(await system.look.find('(uid=g2)')).toHaveLength(1);
    expect(await system.look.find('(uid=g1)')).toHaveLength(0);

    const again = system.host.client('given');
    expect((await again.post('/Users', { ...user, password: secret('given') })).status).toBe(201);
    expect((await again.delete(`/Users/${await idOfAnew('bruno')}`)).status).toBe(204);
    await eventually(async () => {
      expect((await open('given')).map(({ operation }) => operation)).toEqual(['password']);
    });

    async function idOfAnew(userName: string) {
      const { body } = await again.get(`/Users?filter=${encodeURIComponent(`userName eq "${userName}"`)}`);
      return (body.Resources as unknown as { id: string }[])[0]?.id;
    }
  });

  test('with the gate nothing more is written until the failures are seen to', async () => {
    const { host, slapd } = system;
    const [failure] = await open('given');
    host.writeConnector('given', people(slapd, {}, { changeLog: { gate: true } }));
    await host.restart();
    const client = host.client('given');
    const user = { schemas: [CORE_USER], userName: 'g3', name: { familyName: 'Given' } };
    const held = await client.post('/Users', user);
    expect([held.status, held.body.detail]).toEqual([503, expect.stringContaining('changes resend given')]);
    expect((await client.patch(`/Users/${failure?.id}`, { op: 'replace', path: 'title', value: 'no' })).status).toBe(
      503,
    );
    const wrong = await askAdmin(host, '/connectors/given/changes/resend', 'POST', { numbers: ['x'] });
    expect(wrong.status).toBe(400);
    const dropped = await command(host, ['changes', 'drop', 'given', String(failure?.number)], true);
    expect([dropped.code, dropped.stderr]).toEqual([0, '']);
    expect((await client.post('/Users', user)).status).toBe(201);
  });

  test('more than one request takes are sent once each, also when they fail again', async () => {
    const many = await startRefused(0);
    try {
      const client = many.host.client('hr');
      const create = (number: number) =>
        client.post('/Users', { schemas: [CORE_USER], userName: `m${number}`, name: { familyName: 'Many' } });
      await Promise.all(Array.from({ length: 250 }, (_, number) => create(number)));
      const sent = await command(many.host, ['changes', 'resend', 'hr'], true);
      expect(sent.stdout).toContain('hr: 250 failed');
    } finally {
      await many.stop();
    }
  }, 60_000);

  test('all that a directory has refused is written when it no longer refuses, and newer changes are kept', async () => {
    const fresh = await startRefused(COUNT);
    try {
      await refusedAndResent(fresh, COUNT);
    } finally {
      await fresh.stop();
    }
  }, 60_000);
});
