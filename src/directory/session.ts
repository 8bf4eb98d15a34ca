/**
 * The bound connections to one directory: one that all operations share, and one for each search that pages, because
 * servers tie paging cookies to a connection. It owns when a connection is opened and with whose credentials; it never
 * repeats an operation, since only its caller knows what a repetition would do.
 */
import type { Call } from './call';
import { bindError, type Credentials, credentialsOf } from './credentials';
import { LdapError, ResultCode } from './error';
import type { KerberosOptions } from './gssapi';
import { HostOrder } from './hostOrder';
import { LdapConnection } from './ldapConnection';
import { addressOf, type Host, openTransport, type Security, type TlsOptions } from './transport';

/** How a session reaches the directory and who it is there. */
export interface SessionOptions {
  /** In the order of preference. What has just failed comes last, and a new connection goes where the shared one leads. */
  readonly hosts: readonly Host[];
  /** Anonymous and Basic: plain LDAP without and with a bind. SSL: LDAPS. TLS: StartTLS. Kerberos: see `kerberos`. */
  readonly binding: 'Anonymous' | 'Basic' | 'SSL' | 'TLS' | 'Kerberos';
  /**
   * DN (or what the product takes instead) of a simple bind, principal with Kerberos. Absent: SASL EXTERNAL with a client
   * certificate or over a Unix socket, else anonymous.
   */
  readonly userName?: string;
  /** Over which connection Kerberos speaks, and where its tickets come from. */
  readonly kerberos?: KerberosOptions & { readonly security: Security };
  /** Asked at each bind, so that a changed password is used without a restart. */
  readonly password?: () => string;
  readonly tls?: TlsOptions;
  /** For TCP and TLS together, and again for the bind. */
  readonly connectionTimeoutMs: number;
  /** Milliseconds after which a server before the one in use is tried again; default a minute. */
  readonly switchBackMs?: number;
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

const SECURITY = { Anonymous: 'none', Basic: 'none', SSL: 'ldaps', TLS: 'startTLS' } as const;

/** A server before the one in use is tried again so often. */
const SWITCH_BACK_MS = 60_000;
const QUIET_MS = 500;
/** Where somebody is always at work, waiting for a pause has an end. */
const LONGEST_QUIET_MS = 600_000;

interface Opened {
  readonly connection: LdapConnection;
  readonly host: Host;
}

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
  readonly #credentials: Credentials;
  readonly #connections = new Set<LdapConnection>();
  readonly #waiting: Array<() => void> = [];
  readonly #hosts: HostOrder;
  #shared: LdapConnection | undefined;
  /** Where the shared connection leads. */
  #used: Host | undefined;
  #lastUse = 0;
  #switchBack: NodeJS.Timeout | undefined;
  #opening: Promise<LdapConnection> | undefined;
  #failure: Failure | undefined;
  #inFlight = 0;
  #closed = false;

  constructor(options: SessionOptions, log: Log = () => {}) {
    this.#options = options;
    this.#credentials = credentialsOf(options);
    this.#log = log;
    this.#clock = options.clock ?? (() => performance.now());
    this.#hosts = new HostOrder(options.hosts, this.#clock, options.switchBackMs ?? SWITCH_BACK_MS);
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
    const opening = this.#open().then(({ connection }) => connection);
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
    clearTimeout(this.#switchBack);
    for (const connection of this.#connections) connection.close();
  }

  #handOn(): void {
    this.#lastUse = this.#clock();
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
      .then(({ connection, host }) => {
        this.#share(connection, host);
        return connection;
      })
      .finally(() => {
        this.#opening = undefined;
      });
    return this.#opening;
  }

  #share(connection: LdapConnection, host: Host): void {
    this.#shared = connection;
    this.#used = host;
    clearTimeout(this.#switchBack);
    if (host === this.#options.hosts[0]) return;
    this.#switchBack = setTimeout(() => void this.#return(), this.#options.switchBackMs ?? SWITCH_BACK_MS);
    this.#switchBack.unref();
  }

  /** Goes back to a server that stands before the present one, when it can be had again and nobody is at work. */
  async #return(): Promise<void> {
    const [old, used] = [this.#shared, this.#used];
    if (this.#closed || old?.open !== true || used === undefined) return;
    for (const host of this.#hosts.preferredTo(used)) {
      try {
        const connection = await this.#openAt(host, this.#credentials.secret());
        await this.#quiet();
        this.#log('back at a server that stands before the other one', { server: addressOf(host) });
        this.#share(connection, host);
        setTimeout(() => old.close(), LONGEST_PAUSE_MS).unref();
        return;
      } catch (error) {
        if (!(error instanceof LdapError)) throw error;
        this.#hosts.failed(host);
      }
    }
    this.#share(old, used);
  }

  /** What was read at one server is not to be written at another: between the two is a moment without requests. */
  async #quiet(): Promise<void> {
    const given = this.#clock() + LONGEST_QUIET_MS;
    while (this.#clock() < given && (this.#inFlight > 0 || this.#clock() < this.#lastUse + QUIET_MS))
      await new Promise((resolve) => setTimeout(resolve, QUIET_MS).unref());
  }

  async #open(): Promise<Opened> {
    if (this.#closed) throw this.#error('connectionLost', 'the session is closed');
    const password = this.#credentials.secret();
    const failure = this.#failure;
    if (failure && this.#clock() < failure.until && (failure.refused === undefined || failure.refused === password)) {
      throw failure.error;
    }
    try {
      const opened = await this.#openAtFirstHost(password);
      this.#failure = undefined;
      return opened;
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

  async #openAtFirstHost(password: string): Promise<Opened> {
    const failures: LdapError[] = [];
    for (const host of this.#hosts.candidates(this.#shared?.open ? this.#used : undefined)) {
      try {
        const connection = await this.#openAt(host, password);
        this.#hosts.answered(host);
        return { connection, host };
      } catch (error) {
        if (!(error instanceof LdapError)) throw error;
        // The next host knows the same accounts: to ask it too would only count towards the lockout twice.
        if (REFUSALS.includes(error.result as number)) throw error;
        this.#hosts.failed(host);
        failures.push(error);
      }
    }
    const [only] = failures;
    if (only && failures.length === 1) throw only;
    throw this.#error('connectionLost', failures.map(({ diagnostic }) => diagnostic).join('; '), only);
  }

  async #openAt(host: Host, password: string): Promise<LdapConnection> {
    const { binding, tls = {}, kerberos, connectionTimeoutMs } = this.#options;
    const address = addressOf(host);
    const security = binding === 'Kerberos' ? (kerberos?.security ?? 'startTLS') : SECURITY[binding];
    const socket = await openTransport(host, security, tls, connectionTimeoutMs);
    const connection = await LdapConnection.over(socket, address, (closed) => this.#connections.delete(closed));
    this.#connections.add(connection);
    try {
      await this.#credentials.bind(connection, host, password);
      if (this.#closed) throw this.#error('connectionLost', 'the session is closed');
    } catch (error) {
      connection.close();
      throw error;
    }
    this.#log('connected to the directory', { server: address, binding });
    return connection;
  }

  #error(result: LdapError['result'], diagnostic: string, cause?: unknown): LdapError {
    return bindError(this.#credentials.name, result, diagnostic, cause);
  }
}
