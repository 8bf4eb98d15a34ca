/** A wire between a host and its directory that breaks when a test says so. */
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { BerCursor, MessageFramer } from '../../src/directory/ber';

/** Tags of requests (RFC 4511 §4). */
export const Sent = { search: 0x63, modify: 0x66, add: 0x68, delete: 0x4a, modifyDN: 0x6c, extended: 0x77 } as const;

export interface FlakyProxy {
  readonly port: number;
  /** The directory carries out the next request of this kind, and its answer is lost with the connection; `then` runs before the loss is seen. */
  loseAnswer(tag: number, then?: () => void): Promise<void>;
  /** The next request of this kind is lost on its way, with the connection. */
  loseRequest(tag: number): Promise<void>;
  /** Closes every connection. */
  cut(): void;
  /** While true, connections are closed as soon as they are made. */
  refuse(refusing: boolean): void;
  close(): Promise<void>;
}

interface Rule {
  readonly tag: number;
  readonly forward: boolean;
  readonly then: () => void;
  readonly done: () => void;
}

/** Forwards to a port of 127.0.0.1. */
export async function startFlakyProxy(target: number): Promise<FlakyProxy> {
  const sockets = new Set<Socket>();
  const rules: Rule[] = [];
  let refusing = false;
  const track = (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
  };
  const server = createServer((client) => {
    track(client);
    if (refusing) {
      client.destroy();
      return;
    }
    const upstream = connect(target, '127.0.0.1');
    track(upstream);
    client.on('close', () => upstream.destroy());
    upstream.on('close', () => client.destroy());
    const framer = new MessageFramer();
    let met: Rule | undefined;
    const end = ({ then, done }: Rule) => {
      then();
      client.destroy();
      upstream.destroy();
      done();
    };
    client.on('data', (piece) => {
      framer.push(piece, (buffer, start, stop) => {
        const cursor = new BerCursor(buffer, start, stop);
        cursor.enter(0x30);
        cursor.integer();
        const place = rules.findIndex(({ tag }) => tag === cursor.tag);
        if (met === undefined && place >= 0) [met] = rules.splice(place, 1);
      });
      if (met === undefined || met.forward) upstream.write(piece);
      else end(met);
    });
    upstream.on('data', (piece) => {
      if (met === undefined) client.write(piece);
      else end(met);
    });
  });
  const rule = (tag: number, forward: boolean, then: () => void) =>
    new Promise<void>((done) => rules.push({ tag, forward, then, done }));
  const port = await new Promise<number>((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port,
    loseAnswer: (tag, then = () => {}) => rule(tag, true, then),
    loseRequest: (tag) => rule(tag, false, () => {}),
    cut,
    refuse: (value) => {
      refusing = value;
    },
    close: () => {
      cut();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
