/** An LDAP server that says exactly what a test tells it to, and a proxy that shows what went over the wire. */
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { BerWriter } from 'ldapts';
import { BerCursor, MessageFramer } from '../../src/directory/ber';

export const Tag = {
  bind: 0x60,
  unbind: 0x42,
  search: 0x63,
  add: 0x68,
  abandon: 0x50,
  extended: 0x77,
} as const;

/** A request as it arrived; `text` is its bytes as Latin-1, to look for names and values in. */
export interface Request {
  readonly id: number;
  readonly tag: number;
  readonly text: string;
}

export interface FakeLdap {
  readonly host: string;
  readonly port: number;
  /** Every request so far, in order, over all connections. */
  readonly requests: readonly Request[];
  /** Connections accepted so far. */
  readonly connections: number;
  /** Connections that stand at present. */
  readonly open: number;
  /** Closes every connection without a word. */
  cut(): void;
  close(): Promise<void>;
}

/** What a whole message asks for. */
export function requestOf(buffer: Buffer, start = 0, end = buffer.length): Request {
  const cursor = new BerCursor(buffer, start, end);
  cursor.enter(0x30);
  return { id: cursor.integer(), tag: cursor.tag, text: buffer.toString('latin1', start, end) };
}

/** Binds succeed unless `answer` says otherwise: it returns true for what it has dealt with. */
export async function startFakeLdap(answer: (request: Request, socket: Socket) => boolean): Promise<FakeLdap> {
  const requests: Request[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    track(sockets, socket);
    const framer = new MessageFramer();
    socket.on('data', (bytes) => {
      framer.push(bytes, (buffer, start, end) => {
        const request = requestOf(buffer, start, end);
        requests.push(request);
        if (!answer(request, socket) && request.tag === Tag.bind) socket.write(result(request.id, 0x61));
      });
    });
  });
  const port = await listen(server);
  return {
    host: '127.0.0.1',
    port,
    requests,
    get connections() {
      return connections;
    },
    get open() {
      return sockets.size;
    },
    cut: () => {
      for (const socket of sockets) socket.end();
    },
    close: () => closeAll(server, sockets),
  };
}

/** LDAPResult with the tag of its operation; with `cookie` also a paged results control. */
export function result(id: number, tag: number, code = 0, diagnostic = '', cookie?: string): Buffer {
  return message(id, (writer) => {
    writer.startSequence(tag);
    writer.writeEnumeration(code);
    writer.writeString('');
    writer.writeString(diagnostic);
    writer.endSequence();
    if (cookie === undefined) return;
    const value = new BerWriter();
    value.startSequence();
    value.writeInt(0);
    value.writeString(cookie);
    value.endSequence();
    writer.startSequence(0xa0);
    writer.startSequence();
    writer.writeString('1.2.840.113556.1.4.319');
    writer.writeBuffer(value.buffer, 0x04);
    writer.endSequence();
    writer.endSequence();
  });
}

export const searchDone = (id: number, cookie?: string): Buffer => result(id, 0x65, 0, '', cookie);

/** A search continuation, which is no entry and no end. */
export function reference(id: number, url = 'ldap://elsewhere.example.com/'): Buffer {
  return message(id, (writer) => {
    writer.startSequence(0x73);
    writer.writeString(url);
    writer.endSequence();
  });
}

export function searchEntry(id: number, dn: string, attributes: Record<string, readonly (string | Buffer)[]>): Buffer {
  return message(id, (writer) => {
    writer.startSequence(0x64);
    writer.writeString(dn);
    writer.startSequence();
    for (const [name, values] of Object.entries(attributes)) {
      writer.startSequence();
      writer.writeString(name);
      writer.startSequence(0x31);
      for (const value of values) writer.writeBuffer(Buffer.from(value as string), 0x04);
      writer.endSequence();
      writer.endSequence();
    }
    writer.endSequence();
    writer.endSequence();
  });
}

function message(id: number, write: (writer: BerWriter) => void): Buffer {
  const writer = new BerWriter();
  writer.startSequence();
  writer.writeInt(id);
  write(writer);
  writer.endSequence();
  return Buffer.from(writer.buffer);
}

export interface Proxy {
  readonly port: number;
  /** What clients sent so far, per connection. */
  readonly sent: readonly Buffer[];
  /** Connections at present. */
  readonly open: number;
  /** Whether new connections are closed at once. */
  refuse(yes: boolean): void;
  /** Cuts every connection, as a firewall does. */
  cut(): void;
  close(): Promise<void>;
}

/** Forwards to a port of 127.0.0.1; `onSent` sees each piece from the client before it is forwarded, and may refuse it by false. */
export async function startProxy(target: number, onSent: (piece: Buffer) => boolean = () => true): Promise<Proxy> {
  const sent: Buffer[] = [];
  const sockets = new Set<Socket>();
  let refusing = false;
  const server = createServer((client) => {
    if (refusing) return void client.on('error', () => {}).destroy();
    const upstream = connect(target, '127.0.0.1');
    const place = sent.push(Buffer.alloc(0)) - 1;
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      track(sockets, from);
      from.on('close', () => to.destroy());
    }
    client.on('data', (piece) => {
      sent[place] = Buffer.concat([sent[place] ?? Buffer.alloc(0), piece]);
      if (onSent(piece)) upstream.write(piece);
    });
    upstream.on('data', (piece) => client.write(piece));
  });
  const port = await listen(server);
  return {
    port,
    sent,
    get open() {
      return sockets.size / 2;
    },
    refuse: (yes) => {
      refusing = yes;
    },
    cut: () => {
      for (const socket of sockets) socket.destroy();
    },
    close: () => closeAll(server, sockets),
  };
}

function track(sockets: Set<Socket>, socket: Socket): void {
  sockets.add(socket);
  socket.on('error', () => {}).on('close', () => sockets.delete(socket));
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}

function closeAll(server: Server, sockets: Set<Socket>): Promise<void> {
  for (const socket of sockets) socket.destroy();
  return new Promise((resolve) => server.close(() => resolve()));
}
