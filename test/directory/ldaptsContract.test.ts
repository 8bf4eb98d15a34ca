/**
 * What ldapConnection.ts takes for granted of ldapts beyond its public types. When the library is updated and this
 * fails, read ldapConnection.ts again before anything else.
 */

import { readFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { AddRequest, Attribute, BindRequest, Client, MessageParser, SearchRequest, UnbindRequest } from 'ldapts';
import { AssertionControl, PostReadControl } from '../../src/directory/controls';
import { EntryDecoder } from '../../src/directory/entryDecoder';
import { and, equality, type Filter, not, present } from '../../src/directory/filter';
import { WireFilter } from '../../src/directory/wireFilter';
import { result } from '../support/fakeLdap';
import '../../src/directory/ldapConnection';

let server: Server;
let port: number;
let peer: Promise<Socket>;
beforeAll(async () => {
  server = createServer();
  peer = new Promise((resolve) => server.once('connection', resolve));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = (server.address() as AddressInfo).port;
});
afterAll(async () => {
  (await peer).destroy();
  await new Promise((resolve) => server.close(resolve));
});

test('the version is the one that was read', () => {
  const entry = require.resolve('ldapts');
  const { version } = JSON.parse(readFileSync(join(dirname(entry), '../package.json'), 'utf8'));
  expect(version).toBe('8.2.0');
});

test('a client adopts a socket that stands, sends by _send, and hands every byte to its messageParser', async () => {
  const socket = await new Promise<Socket>((resolve) => {
    const opened = connect(port, '127.0.0.1', () => resolve(opened));
  });
  const client = new Client({ url: 'ldap://localhost', createConnection: (() => socket) as unknown as typeof connect });
  const internals = client as unknown as {
    messageParser: { read(bytes: Buffer, pending: unknown): void };
    messageDetailsByMessageId: Map<string, unknown>;
    _connect(): Promise<void>;
    _nextMessageId(): number;
    _send(message: unknown): Promise<{ status: number; errorMessage: string } | undefined>;
  };
  expect(internals.messageParser).toBeInstanceOf(MessageParser);
  expect(internals.messageDetailsByMessageId).toBeInstanceOf(Map);
  const original = internals.messageParser;
  const seen: Buffer[] = [];
  internals.messageParser = {
    read: (bytes) => {
      seen.push(bytes);
      original.read(bytes, internals.messageDetailsByMessageId);
    },
  };
  await internals._connect();
  expect(client.isConnected).toBe(true);
  expect([internals._nextMessageId(), internals._nextMessageId()]).toEqual([2, 3]);

  const filter = new WireFilter(present('objectClass'));
  const answer = internals._send(new SearchRequest({ messageId: 7, filter }));
  expect([...internals.messageDetailsByMessageId.keys()]).toEqual(['7']);
  (await peer).write(result(7, 0x65, 32, 'gone'));
  expect(await answer).toMatchObject({ status: 32, errorMessage: 'gone' });
  expect(Buffer.concat(seen).equals(result(7, 0x65, 32, 'gone'))).toBe(true);
  expect(internals.messageDetailsByMessageId.size).toBe(0);

  // A request that is forgotten stays silent; one that is not is rejected when the socket closes.
  const forgotten = internals._send(new SearchRequest({ messageId: 8, filter }));
  internals.messageDetailsByMessageId.delete('8');
  const lost = internals._send(new SearchRequest({ messageId: 9, filter }));
  let settled = false;
  const settle = (): void => {
    settled = true;
  };
  forgotten.then(settle, settle);
  const closed = new Promise((resolve) => socket.once('close', resolve));
  (await peer).destroy();
  await expect(lost).rejects.toThrow(/^(Connection closed|Socket error)/);
  await closed;
  expect(settled).toBe(false);
  expect(client.isConnected).toBe(false);
  expect(() => internals._send(new SearchRequest({ messageId: 10, filter }))).toThrow(
    'Socket connection not established',
  );
});

test('no value is put into text when a message is sent', () => {
  const attributes = [new Attribute({ type: 'userPassword', values: ['secret-value'] })];
  const messages = [
    new AddRequest({ messageId: 1, dn: 'cn=secret-value', attributes }),
    new BindRequest({ messageId: 1, dn: '', password: 'secret-value' }),
    new SearchRequest({
      messageId: 1,
      filter: new WireFilter({ kind: 'equality', attribute: 'cn', value: 'secret-value' }),
    }),
  ];
  for (const message of messages) expect(JSON.stringify(message)).not.toContain('secret-value');
});

test('a message that just fills the buffer of the writer is whole', () => {
  const values = Array<string>(10_240).fill('a'.repeat(100));
  for (let length = 4_040; length < 4_070; length += 1) {
    const last = `${'b'.repeat(length - 1)}!`;
    const attributes = [new Attribute({ type: 'd', values: [...values, last] })];
    const bytes = new AddRequest({ messageId: 1, dn: 'cn=x', attributes }).write();
    expect(bytes.length).toBe(5 + bytes.readUIntBE(2, 3));
    expect(bytes.at(-1)).toBe('!'.charCodeAt(0));
  }
});

test('one message after the other has the octets that the library gives it alone', () => {
  let library: typeof import('ldapts') | undefined;
  jest.isolateModules(() => {
    library = require('ldapts');
  });
  if (library === undefined) throw new Error('not loaded');
  const { AddRequest: Add, Attribute: Values, SearchRequest: Search, UnbindRequest: Unbind } = library;
  expect(Add).not.toBe(AddRequest);
  const decoder = new EntryDecoder(() => false);
  const controls = fc.subarray([
    new AssertionControl(and(present('sn'), equality('cn', Buffer.from([0, 255])))),
    new PostReadControl(Array<string>(200).fill('description'), decoder),
    new PostReadControl(['cn'], decoder),
  ]);
  const lengths = fc.constantFrom(0, 1, 200, 70_000, 1_200_000);
  const messages = fc.record({ messageId: fc.nat(), dn: fc.string(), length: lengths, controls });
  let tooDeep: Filter = present('cn');
  for (let depth = 0; depth < 300; depth += 1) tooDeep = not(tooDeep);
  fc.assert(
    fc.property(fc.array(messages, { maxLength: 5 }), (several) => {
      for (const { length, ...base } of several) {
        const values = ['ä'.repeat(length), 'b'];
        const alone = new Add({ ...base, attributes: [new Values({ type: 'sn', values })] }).write();
        const written = new AddRequest({ ...base, attributes: [new Attribute({ type: 'sn', values })] }).write();
        expect(written.equals(alone)).toBe(true);
        const filter = new WireFilter(present('cn'));
        const search = new SearchRequest({ ...base, filter }).write();
        expect(search.equals(new Search({ ...base, filter }).write())).toBe(true);
        // Nothing of it is left for the next one.
        expect(() => new SearchRequest({ ...base, filter: new WireFilter(tooDeep) }).write()).toThrow(RangeError);
        expect(new UnbindRequest(base).write().equals(new Unbind(base).write())).toBe(true);
        // What was handed out before stays as it was.
        expect(written.equals(alone)).toBe(true);
      }
    }),
    { numRuns: 50 },
  );
});
