/**
 * The bound connections to one directory: one that all operations share, and one for each search that pages, because
 * servers tie paging cookies to a connection. It owns when a connection is opened and with whose credentials; it never
 * repeats an operation, since only its caller knows what a repetition would do.
 */
import { BindRequest } from 'ldapts';
import { Call } from './call';
import { LdapError, ResultCode } from './error';
import { LdapConnection } from './ldapConnection';
import { type Host, openTransport, type Security, type TlsOptions } from './transport';

/** How a session reaches the directory and who it is there. */
export interface SessionOptions {
  /** Tried in order for each new connection. */
  readonly hosts: readonly Host[];
  /** Anonymous and Basic: plain LDAP without and with a bind. SSL: LDAPS. TLS: StartTLS. */
  readonly binding: 'Anonymous' | 'Basic' | 'SSL' | 'TLS';
  /** DN (or what the product takes instead) of a simple bind. Absent: anonymous. */
  readonly userName?: string;
  /** Asked at each bind, so that a changed password is used without a restart. */
  readonly password?: () => string;
  readonly tls?: TlsOptions;
  /** For TCP and TLS together, and again for the bind. */
  readonly connectionTimeoutMs: number;
  /** Monotonic milliseconds; default `performance.now`. */
  readonly clock?: () => number;
}

export type Log = (message: string, fields: Readonly<Record<string, unknown>>) => void;

/** Requests in flight on the shared connection: enough to keep a directory busy, fewer than it calls an attack. */
const MOST_IN_FLIGHT = 64;

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;
/** Refused credentials count towards a lockout of the account, so they are not shown again soon. */
const REFUSED_PAUSE_MS = 30_000;
const REFUSALS: readonly number[] = [ResultCode.inappropriateAuthentication, ResultCode.invalidCredentials];

const SECURITY: Readonly<Record<SessionOptions['binding'], Security>> = {
  Anonymous: 'none',
  Basic: 'none',
  SSL: 'ldaps',
  TLS: 'startTLS',
};

interface Failure {
  readonly error: LdapError;
  readonly count: number;
  readonly until: number;
  /** The password that was refused; another one is tried at once. */
  readonly refused: string | undefined;
}

export class Session {
  readonly #options: SessionOptions;
  readonly #log: Log;
  readonly #clock: () => number;
  readonly #connections = new Set<LdapConnection>();
  readonly #waiting: Array<() => void> = [];
  #shared: LdapConnection | undefined;
  #opening: Promise<LdapConnection> | undefined;
  #failure: Failure | undefined;
  #inFlight = 0;
  #closed = false;

  constructor(options: SessionOptions, log: Log = () => {}) {
    this.#options = options;
    this.#log = log;
    this.#clock = options.clock ?? (() => performance.now());
  }

  /** Runs one operation on the shared connection, which is opened when there is none. */
  async run<T>(call: Call, operation: (connection: LdapConnection) => Promise<T>): Promise<T> {
    if (this.#inFlight >= MOST_IN_FLIGHT) await this.#turn(call);
    else this.#inFlight += 1;
    try {
      return await operation(this.#shared?.open ? this.#shared : await call.before(this.#openShared()));
    } finally {
      this.#handOn();
    }
  }

  /** A connection for one caller alone, who closes it. */
  own(call: Call): Promise<LdapConnection> {
    const opening = this.#open();
    // A caller who has given up will not close what comes too late.
    let wanted = true;
    opening.then((connection) => wanted || connection.close()).catch(() => {});
    return call.before(opening).catch((error) => {
      wanted = false;
      throw error;
    });
  }

  /** Host and port of the server that answers at present. */
  get address(): string | undefined {
    return this.#shared?.address;
  }

  /** Closes every connection; what is in flight is lost. */
  close(): void {
    this.#closed = true;
    for (const connection of this.#connections) connection.close();
  }

  #handOn(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#inFlight -= 1;
  }

  /** Waits until another operation hands its turn on. */
  async #turn(call: Call): Promise<void> {
    let proceed = (): void => {};
    const turn = new Promise<void>((resolve) => {
      proceed = resolve;
    });
    this.#waiting.push(proceed);
    try {
      await call.before(turn);
    } catch (error) {
      const place = this.#waiting.indexOf(proceed);
      if (place >= 0) this.#waiting.splice(place, 1);
      else this.#handOn();
      throw error;
    }
  }

  #openShared(): Promise<LdapConnection> {
    this.#opening ??= this.#open()
      .then((connection) => {
        this.#shared = connection;
        return connection;
      })
      .finally(() => {
        this.#opening = undefined;
      });
    return this.#opening;
  }

  async #open(): Promise<LdapConnection> {
    if (this.#closed) throw new LdapError('connectionLost', 'bind', this.#userName, 'the session is closed', false);
    const password = this.#password();
    const failure = this.#failure;
    if (failure && this.#clock() < failure.until && (failure.refused === undefined || failure.refused === password)) {
      throw failure.error;
    }
    try {
      const connection = await this.#openAtFirstHost(password);
      this.#failure = undefined;
      return connection;
    } catch (error) {
      const cause = error instanceof LdapError ? error : this.#error('connectionLost', String(error), error);
      const count = (failure?.count ?? 0) + 1;
      const refused = REFUSALS.includes(cause.result as number);
      const pause = refused ? REFUSED_PAUSE_MS : Math.min(FIRST_PAUSE_MS * 2 ** (count - 1), LONGEST_PAUSE_MS);
      this.#failure = { error: cause, count, until: this.#clock() + pause, refused: refused ? password : undefined };
      this.#log('no connection to the directory', {
        result: cause.result,
        reason: cause.diagnostic,
        nextTryInMs: pause,
      });
      throw cause;
    }
  }

  async #openAtFirstHost(password: string): Promise<LdapConnection> {
    const failures: LdapError[] = [];
    for (const host of this.#options.hosts) {
      try {
        return await this.#openAt(host, password);
      } catch (error) {
        if (!(error instanceof LdapError)) throw error;
        // The next host knows the same accounts: to ask it too would only count towards the lockout twice.
        if (REFUSALS.includes(error.result as number)) throw error;
        failures.push(error);
      }
    }
    const [only] = failures;
    if (only && failures.length === 1) throw only;
    throw this.#error('connectionLost', failures.map(({ diagnostic }) => diagnostic).join('; '), only);
  }

  async #openAt(host: Host, password: string): Promise<LdapConnection> {
    const { binding, tls = {}, connectionTimeoutMs } = this.#options;
    const address = `${host.host}:${host.port}`;
    const socket = await openTransport(host, SECURITY[binding], tls, connectionTimeoutMs);
    const connection = await LdapConnection.over(socket, address, (closed) => this.#connections.delete(closed));
    this.#connections.add(connection);
    try {
      if (this.#userName !== '') await this.#bind(connection, address, password);
      if (this.#closed) throw this.#error('connectionLost', 'the session is closed');
    } catch (error) {
      connection.close();
      throw error;
    }
    this.#log('connected to the directory', { host: host.host, port: host.port, binding });
    return connection;
  }

  async #bind(connection: LdapConnection, address: string, password: string): Promise<void> {
    const call = new Call('bind', this.#userName, this.#options.connectionTimeoutMs);
    const request = new BindRequest({ messageId: 0, dn: this.#userName, password });
    const result = await connection.request(request, call).catch((error) => {
      throw error instanceof LdapError ? this.#error(error.result, `${address}: ${error.diagnostic}`, error) : error;
    });
    if (result.status !== ResultCode.success) {
      throw this.#error(result.status, `${address} refused the bind: ${result.errorMessage}`);
    }
  }

  get #userName(): string {
    return this.#options.binding === 'Anonymous' ? '' : (this.#options.userName ?? '');
  }

  #password(): string {
    if (this.#userName === '') return '';
    let password: string;
    try {
      password = this.#options.password?.() ?? '';
    } catch (error) {
      throw this.#error('connectionLost', `the password of the bind cannot be had: ${(error as Error).message}`, error);
    }
    // A bind with a name and without a password succeeds on many servers, as anonymous (RFC 4513 §5.1.2).
    if (password === '') throw this.#error(ResultCode.inappropriateAuthentication, 'the password of the bind is empty');
    return password;
  }

  /** `sent` is false: the bind may have been sent, the caller's own request was not. */
  #error(result: LdapError['result'], diagnostic: string, cause?: unknown): LdapError {
    return new LdapError(
      result,
      'bind',
      this.#userName,
      diagnostic,
      false,
      cause === undefined ? undefined : { cause },
    );
  }
}
