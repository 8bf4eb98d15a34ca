/**
 * One bound socket, one `ldapts` client, one life: when the socket closes, both are thrown away. The library encodes
 * requests and decodes results; what it decides badly (reconnecting, deadlines, entries) is decided here. This is the
 * only file that leans on private members of its client (`ldaptsMends.ts` mends its messages), and
 * `ldaptsContract.test.ts` fails when they change.
 */
import type { connect, Socket } from 'node:net';
import { AbandonRequest, Client, SearchRequest, UnbindRequest } from 'ldapts';
import { BerCursor, MessageFramer } from './ber';
import type { Call } from './call';
import { ResultCode } from './error';
import { present } from './filter';
import type { LdapRequest, LdapResult, Receivers } from './ldapMessage';
import { mendLibrary } from './ldaptsMends';
import { referralOf } from './referral';
import { BIND_RESPONSE, saslCredentialsOf } from './saslBind';
import { WireFilter } from './wireFilter';

interface Waiting extends Receivers {
  readonly fail: (error: Error) => void;
  referral?: readonly string[] | undefined;
}

/** The members of `Client` 8.2.0 that its types hide. */
interface ClientInternals {
  readonly isConnected: boolean;
  messageParser: { read(bytes: Buffer, pending: Map<string, unknown>): void };
  readonly messageDetailsByMessageId: Map<string, unknown>;
  _connect(): Promise<void> | void;
  _nextMessageId(): number;
  _send(message: LdapRequest | AbandonRequest | UnbindRequest): Promise<LdapResult | undefined>;
}

const SEQUENCE = 0x30;
const SEARCH_RESULT_ENTRY = 0x64;
const SEARCH_RESULT_REFERENCE = 0x73;
const EXTENDED_RESPONSE = 0x78;
const INTERMEDIATE_RESPONSE = 0x79;

/** The longest that a connection which has fallen silent may take to answer a read of the root DSE. */
const PROBE_MS = 5_000;

mendLibrary();

export class LdapConnection {
  readonly #client: ClientInternals;
  readonly #socket: Socket;
  /** Host and port. */
  readonly address: string;
  readonly #framer = new MessageFramer();
  readonly #receivers = new Map<number, Waiting>();
  #received = 0;
  #saslCredentials: Buffer = Buffer.alloc(0);
  #gathering = false;
  #probe: NodeJS.Timeout | undefined;
  #lost: string | undefined;

  private constructor(client: Client, socket: Socket, address: string) {
    this.#client = client as unknown as ClientInternals;
    this.#socket = socket;
    this.address = address;
  }

  /** Takes over a connected socket. `onClose` is called once, when nothing more can be sent over it. */
  static async over(
    socket: Socket,
    address: string,
    onClose: (connection: LdapConnection) => void,
  ): Promise<LdapConnection> {
    // The URL is never used: the client is handed a socket that stands already.
    const client = new Client({
      url: 'ldap://localhost',
      createConnection: (() => socket) as unknown as typeof connect,
    });
    const connection = new LdapConnection(client, socket, address);
    const internals = connection.#client;
    const { messageParser } = internals;
    const results = (message: Buffer): void => messageParser.read(message, internals.messageDetailsByMessageId);
    internals.messageParser = { read: (bytes) => connection.#read(bytes, results) };
    await internals._connect();
    socket.on('error', (error) => connection.#lose(error.message));
    socket.on('end', () => connection.#drop('the server closed it'));
    socket.on('close', () => {
      connection.#lose('it was closed');
      clearTimeout(connection.#probe);
      onClose(connection);
    });
    return connection;
  }

  /** False once nothing more can be sent. */
  get open(): boolean {
    return this.#lost === undefined && this.#client.isConnected;
  }

  /**
   * Sends a request and answers its result, whatever the code. Rejects with `connectionLost`, `timeout` or `cancelled`;
   * after the last two the request has been abandoned (RFC 4511 §4.11) and the connection goes on.
   */
  request(message: LdapRequest, call: Call, receivers?: Receivers): Promise<LdapResult> {
    if (!this.open) return Promise.reject(call.error('connectionLost', this.#lossReason, false));
    if (call.signal?.aborted) return Promise.reject(call.error('cancelled', call.reason('cancelled'), false));
    const id = this.#client._nextMessageId();
    message.messageId = id;
    const receivedBefore = this.#received;
    return new Promise((resolve, reject) => {
      let answer: Promise<LdapResult | undefined>;
      this.#gather();
      try {
        answer = this.#client._send(message);
      } catch (error) {
        const text = error instanceof Error ? error.message : String(error);
        reject(call.error(ResultCode.other, `the request could not be put into bytes: ${text}`, false, error));
        return;
      }
      const release = call.whenGivenUp(call.timeoutMs - call.elapsedMs, (result) => {
        this.#abandon(id);
        if (result === 'timeout' && this.#received === receivedBefore) this.#ask(Math.min(call.timeoutMs, PROBE_MS));
        reject(call.error(result, call.reason(result), true));
      });
      const fail = (error: Error): void => {
        release();
        this.#abandon(id);
        reject(call.error(ResultCode.other, `an entry could not be read: ${error.message}`, true, error));
      };
      const waiting: Waiting = { ...receivers, fail };
      this.#receivers.set(id, waiting);
      const lost = (cause?: unknown): void => {
        release();
        this.#receivers.delete(id);
        this.#drop('its answer could not be read');
        reject(call.error('connectionLost', this.#lossReason, true, cause));
      };
      answer.then((result) => {
        if (result === undefined) return lost();
        release();
        this.#receivers.delete(id);
        return resolve(waiting.referral ? { ...result, referral: waiting.referral } : result);
      }, lost);
    });
  }

  /** Says goodbye (RFC 4511 §4.3) and closes; what is in flight is lost. */
  close(): void {
    if (this.open) this.#sendWithoutAnswer(new UnbindRequest({ messageId: this.#client._nextMessageId() }));
    this.#drop('it was closed on our side');
  }

  /** Requests that are made in one turn of the event loop leave in one piece. */
  #gather(): void {
    if (this.#gathering) return;
    this.#gathering = true;
    this.#socket.cork();
    setImmediate(() => {
      this.#gathering = false;
      this.#socket.uncork();
    });
  }

  /** What the server has sent with its last answer to a SASL bind; empty when it has sent nothing. */
  get saslCredentials(): Buffer {
    return this.#saslCredentials;
  }

  get #lossReason(): string {
    return `the connection to ${this.address} is gone: ${this.#lost ?? 'it was closed'}`;
  }

  #read(bytes: Buffer, results: (message: Buffer) => void): void {
    this.#received += 1;
    try {
      this.#framer.push(bytes, (buffer, start, end) => this.#take(new BerCursor(buffer, start, end), results));
    } catch (error) {
      this.#drop(`what arrives there is not LDAP (${(error as Error).message}); is it the port for LDAPS?`);
    }
  }

  #take(cursor: BerCursor, results: (message: Buffer) => void): void {
    const { offset: start, end } = cursor;
    cursor.enter(SEQUENCE);
    const id = cursor.integer();
    const operation = cursor.offset;
    switch (cursor.tag) {
      case SEARCH_RESULT_ENTRY:
        this.#hand(id, cursor, 'entry');
        return;
      case INTERMEDIATE_RESPONSE:
        this.#hand(id, cursor, 'info');
        return;
      case SEARCH_RESULT_REFERENCE:
        this.#hand(id, cursor, 'reference');
        return;
      case BIND_RESPONSE:
        this.#saslCredentials = saslCredentialsOf(cursor);
        break;
      case EXTENDED_RESPONSE:
        if (id === 0) {
          this.#takeNotice(cursor);
          return;
        }
    }
    const waiting = this.#receivers.get(id);
    // The library does not read where a result refers to.
    if (waiting) waiting.referral = referralOf(new BerCursor(cursor.buffer, operation, end));
    results(cursor.buffer.subarray(start, end));
  }

  #hand(id: number, cursor: BerCursor, to: keyof Receivers): void {
    const receiver = this.#receivers.get(id);
    if (!receiver) return;
    try {
      receiver[to]?.(cursor);
    } catch (error) {
      receiver.fail(error as Error);
    }
  }

  /** Notice of disconnection (RFC 4511 §4.4.1): the server says why before it closes. */
  #takeNotice(cursor: BerCursor): void {
    cursor.enter(EXTENDED_RESPONSE);
    const code = cursor.integer(0x0a);
    cursor.text();
    this.#drop(`the server ended it with result code ${code}: ${cursor.text()}`);
  }

  #abandon(id: number): void {
    this.#receivers.delete(id);
    this.#client.messageDetailsByMessageId.delete(String(id));
    if (!this.open) return;
    this.#sendWithoutAnswer(new AbandonRequest({ messageId: this.#client._nextMessageId(), abandonId: id }));
  }

  #sendWithoutAnswer(message: AbandonRequest | UnbindRequest): void {
    // Rejected only when the socket is lost, and then everybody hears of it by `close`.
    this.#client._send(message).catch(() => {});
  }

  /** Nothing at all came while a request waited: a server that answers nobody, or a wire that leads nowhere any more. */
  #ask(withinMs: number): void {
    if (this.#probe !== undefined || !this.open) return;
    const before = this.#received;
    const filter = new WireFilter(present('objectClass'));
    const messageId = this.#client._nextMessageId();
    const question = new SearchRequest({ messageId, scope: 'base', filter, attributes: ['1.1'], timeLimit: 0 });
    this.#client._send(question).catch(() => {});
    this.#probe = setTimeout(() => {
      this.#probe = undefined;
      if (this.#received === before) this.#drop('the server answers nothing any more');
    }, withinMs);
  }

  /** The first reason is the cause; those that follow are its consequences. */
  #lose(reason: string): void {
    this.#lost ??= reason;
  }

  #drop(reason: string): void {
    this.#lose(reason);
    this.#socket.destroy();
  }
}
