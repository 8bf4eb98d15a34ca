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
  /** The directory does not hear of the request of this kind (that holds this text) after so many others: the proxy answers with a result code, once. */
  answer(tag: number, code: number, after: number, holding?: string): Promise<void>;
  /** The directory carries out the next request of this kind, and its answer, and no other, arrives when it is let go. */
  hold(tag: number): { readonly held: Promise<void>; letGo(): void };
  /** Every request arrives so late. */
  delay(ms: number): void;
  /** Closes every connection. */
  cut(): void;
  /** While true, connections are closed as soon as they are made. */
  refuse(refusing: boolean): void;
  close(): Promise<void>;
}

/** Kind of request → kind of its answer. */
const ANSWER: Readonly<Record<number, number>> = { 99: 0x65, 102: 0x67, 104: 0x69, 74: 0x6b, 108: 0x6d };

interface Refusal {
  readonly tag: number;
  readonly code: number;
  after: number;
  readonly holding: string;
  readonly done: () => void;
}

interface Rule {
  readonly tag: number;
  readonly forward: boolean;
  readonly then: () => void;
  readonly done: () => void;
}

interface Hold {
  readonly tag: number;
  /** Of its request. */
  id?: number;
  readonly isFree: Promise<void>;
  readonly held: () => void;
}

/** Forwards to a port of 127.0.0.1. */
export async function startFlakyProxy(target: number): Promise<FlakyProxy> {
  const sockets = new Set<Socket>();
  const rules: Rule[] = [];
  const refusals: Refusal[] = [];
  const holds: Hold[] = [];
  let delayMs = 0;
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
    let arrived = Promise.resolve();
    const forward = (piece: Buffer) => {
      if (delayMs === 0) upstream.write(piece);
      else {
        const due = new Promise<void>((resolve) => setTimeout(resolve, delayMs));
        arrived = Promise.all([arrived, due]).then(() => void upstream.write(piece));
      }
    };
    client.on('data', (piece: Buffer) => {
      let refused = false;
      framer.push(piece, (buffer, start, stop) => {
        const cursor = new BerCursor(buffer, start, stop);
        cursor.enter(0x30);
        const id = cursor.integer();
        const hold = holds.find((one) => one.tag === cursor.tag && one.id === undefined);
        if (hold !== undefined) hold.id = id;
        const message = buffer.subarray(start, stop);
        const refusal = refusals.find(({ tag, holding }) => tag === cursor.tag && message.includes(holding));
        if (refusal !== undefined && refusal.after-- === 0) {
          refused = true;
          client.write(resultOf(id, ANSWER[cursor.tag] ?? 0, refusal.code));
          refusal.done();
          refusals.splice(refusals.indexOf(refusal), 1);
        }
        const place = rules.findIndex(({ tag }) => tag === cursor.tag);
        if (met === undefined && place >= 0) [met] = rules.splice(place, 1);
      });
      if (refused) return;
      if (met === undefined || met.forward) forward(piece);
      else end(met);
    });
    const answers = new MessageFramer();
    const answer = (buffer: Buffer, start: number, stop: number) => {
      const message = Buffer.from(buffer.subarray(start, stop));
      const cursor = new BerCursor(message, 0, message.length);
      cursor.enter(0x30);
      const id = cursor.integer();
      const place = holds.findIndex((one) => one.id === id && ANSWER[one.tag] === cursor.tag);
      const [hold] = place < 0 ? [] : holds.splice(place, 1);
      hold?.held();
      if (hold === undefined) client.write(message);
      else void hold.isFree.then(() => client.write(message));
    };
    upstream.on('data', (piece: Buffer) => {
      if (met !== undefined) end(met);
      else answers.push(piece, answer);
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
    answer: (tag, code, after, holding = '') =>
      new Promise<void>((done) => {
        refusals.push({ tag, code, after, holding, done });
      }),
    hold: (tag) => {
      let letGo = () => {};
      const isFree = new Promise<void>((resolve) => {
        letGo = resolve;
      });
      const held = new Promise<void>((resolve) => holds.push({ tag, isFree, held: resolve }));
      return { held, letGo: () => letGo() };
    },
    delay: (ms) => {
      delayMs = ms;
    },
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

/** An LDAPResult without a word (RFC 4511 §4.1.9). */
function resultOf(id: number, tag: number, code: number): Buffer {
  const result = [tag, 7, 0x0a, 1, code, 4, 0, 4, 0];
  const messageId = [2, 4, (id >>> 24) & 0xff, (id >>> 16) & 0xff, (id >>> 8) & 0xff, id & 0xff];
  return Buffer.from([0x30, messageId.length + result.length, ...messageId, ...result]);
}
