/**
 * The worst moment for a connection to break: OpenLDAP has done what it was asked and its answer never arrives. What
 * the client is told then must be true, and repeating the request must lead to where it wanted to be.
 */
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { connectivity, people } from '../support/connectorFiles';
import { eventually } from '../support/hostProcess';
import { type Answer, CORE_USER, ECMA_USER, type ScimClient } from '../support/scimClient';
import { describeOnSlapd, type System, startSystem, startTimeout } from '../support/system';

const PEOPLE = 'ou=people,dc=example,dc=com';
const Tag = { modify: 0x66, add: 0x68, delete: 0x4a, modifyDN: 0x6c };

/** Stands between host and server, and loses the answer to the next request of a kind together with the connection. */
class LosingProxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #losing: number | undefined;
  lost = 0;

  private constructor(target: number) {
    this.#server = createServer((client) => {
      const upstream = connect(target, '127.0.0.1');
      let losing = false;
      for (const socket of [client, upstream]) {
        this.#sockets.add(socket);
        socket
          .on('error', () => {})
          .on('close', () => {
            this.#sockets.delete(socket);
            client.destroy();
            upstream.destroy();
          });
      }
      client.on('data', (piece) => {
        losing ||= this.#losing !== undefined && operationsIn(piece).includes(this.#losing);
        upstream.write(piece);
      });
      upstream.on('data', (piece) => {
        if (!losing) return client.write(piece);
        this.#losing = undefined;
        this.lost += 1;
        return client.destroy();
      });
    });
  }

  static async start(target: number): Promise<LosingProxy> {
    const proxy = new LosingProxy(target);
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', () => resolve()));
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  loseNext(tag: number): void {
    this.#losing = tag;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** Tags of the operations in a piece that holds whole LDAP messages (RFC 4511 §4.1.1). */
function operationsIn(piece: Buffer): number[] {
  const tags: number[] = [];
  for (let at = 0; at + 2 < piece.length; ) {
    const short = (piece[at + 1] ?? 0) < 0x80;
    const octets = short ? 0 : (piece[at + 1] ?? 0) & 0x7f;
    const length = short ? (piece[at + 1] ?? 0) : piece.readUIntBE(at + 2, octets);
    const message = at + 2 + octets;
    tags.push(piece[message + 2 + (piece[message + 1] ?? 0)] ?? 0);
    at = message + length;
  }
  return tags;
}

let system: System;
let proxy: LosingProxy;

const user = (userName: string) => ({ schemas: [CORE_USER], userName, name: { familyName: 'Lost' } });
const client = (): ScimClient => system.host.client('lossy');
const entryOf = async (uid: string) => (await system.look.find(`(uid=${uid})`))[0];

/**
 * A request whose answer from OpenLDAP is lost. The host may find out what became of it, and then its own answer is the
 * true one; else it is a 503 that can be repeated. Either way it finds back by itself.
 */
async function losing(tag: number, send: () => Promise<Answer>): Promise<Answer> {
  const before = proxy.lost;
  proxy.loseNext(tag);
  const answer = await send();
  if (answer.status >= 300)
    expect([answer.status, answer.headers['retry-after']]).toEqual([503, expect.stringMatching(/^\d+$/)]);
  expect(proxy.lost).toBe(before + 1);
  await eventually(async () =>
    expect((await client().get('/Users?filter=userName%20eq%20%22nobody%22')).status).toBe(200),
  );
  return answer;
}

describeOnSlapd.each([
  ['entryUUID', {}],
  ['dn', { anchor: 'dn' }],
])('an answer that never arrives, anchor %s', (_anchor, objectType) => {
  beforeAll(async () => {
    system = await startSystem({
      connectors: (slapd) => ({
        lossy: people(slapd, objectType, { connectivity: connectivity(slapd, { port: proxy.port }) }),
      }),
      prepare: async (_look, slapd) => {
        proxy = await LosingProxy.start(slapd.port);
      },
    });
  }, startTimeout);
  afterAll(async () => {
    await system?.stop();
    await proxy?.close();
  });

  test('of a create: the repetition is the same user, a later one is a conflict', async () => {
    const first = await losing(Tag.add, () => client().post('/Users', user('add')));
    const entry = await entryOf('add');
    expect(entry?.dn).toBe(`uid=add,${PEOPLE}`);
    const other = await client().post('/Users', { ...user('add'), title: 'Somebody else' });
    expect([other.status, other.body.scimType]).toEqual([409, 'uniqueness']);
    const again = await client().post('/Users', user('add'));
    expect([first.status, again.status]).toEqual(first.status === 201 ? [201, 409] : [503, 201]);
    expect((first.status === 201 ? first : again).body.userName).toBe('add');
    expect(await system.look.find('(uid=add)')).toEqual([entry]);
    expect((await client().post('/Users', user('add'))).status).toBe(409);
  });

  test('of a create, and then the host itself is gone: the repetition is still the same user', async () => {
    const first = await losing(Tag.add, () => client().post('/Users', user('add-restart')));
    await system.host.restart('SIGKILL');
    const again = await client().post('/Users', user('add-restart'));
    // A success is forgotten beside other work: the process may have ended before it was.
    expect(first.status === 201 ? [201, 409] : [201]).toContain(again.status);
    expect(await system.look.find('(uid=add-restart)')).toHaveLength(1);
  });

  test('of a change: the repetition changes nothing more', async () => {
    const { id } = (await client().post('/Users', user('change'))).body;
    const change = [
      { op: 'add', path: 'title', value: 'Once' },
      { op: 'replace', path: 'name.familyName', value: 'Found' },
    ];
    await losing(Tag.modify, () => client().patch(`/Users/${id}`, ...change));
    expect((await client().get(`/Users/${id}`)).body).toMatchObject({ title: 'Once', name: { familyName: 'Found' } });
    expect((await client().patch(`/Users/${id}`, ...change)).body).toMatchObject({ id, title: 'Once' });
    expect((await entryOf('change'))?.values).toMatchObject({ title: ['Once'], sn: ['Found'] });
  });

  test('of a rename: the repetition finishes what was begun, under the same id', async () => {
    const { id } = (await client().post('/Users', user('rename'))).body;
    const path = `${ECMA_USER}:-dn-`;
    const change = [
      { op: 'replace', path, value: `uid=rename-done,${PEOPLE}` },
      { op: 'add', path: 'title', value: 'After' },
    ];
    await losing(Tag.modifyDN, () => client().patch(`/Users/${id}`, ...change));
    const again = await client().patch(`/Users/${id}`, ...change);
    expect([again.status, again.body.id, again.body.userName]).toEqual([200, id, 'rename-done']);
    expect((await entryOf('rename-done'))?.values).toMatchObject({ title: ['After'] });
    expect((await client().find('userName eq "rename-done"')).map((one) => one.id)).toEqual([id]);
  });

  test('of a delete: the user is gone', async () => {
    const { id } = (await client().post('/Users', user('delete'))).body;
    await losing(Tag.delete, () => client().delete(`/Users/${id}`));
    expect(await entryOf('delete')).toBeUndefined();
    expect((await client().get(`/Users/${id}`)).status).toBe(404);
    expect([204, 404]).toContain((await client().delete(`/Users/${id}`)).status);
    expect(await client().find('userName eq "delete"')).toEqual([]);
  });
});
