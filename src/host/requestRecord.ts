/** What is known of one request while it runs: what the service provider needs to serve it, and what its log line will say. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** Where a request keeps its record: what is weakly kept beside it costs every collection of garbage. */
const recordKey = Symbol('record');
const MOST_OPERATIONS = 20;
const MOST_NOTES = 50;
const SANE_ID = /^[A-Za-z0-9._:-]{1,128}$/;

interface RecordedRequest extends IncomingMessage {
  [recordKey]?: RequestRecord;
}

/** What an LDAP operation leaves in the request's line; the rooms that report them know more of it. */
interface LoggedOperation {
  readonly operation?: unknown;
  readonly durationMs?: unknown;
}

/** One request. Its methods never throw: what they are told ends up in a log line, nothing more. */
export class RequestRecord {
  /** The client's own id when it is fit to be repeated, else a new one. */
  readonly requestId: string;
  connector: string | undefined;
  /** The request carries an administrator's token. */
  administrator = false;
  /** It was refused for its token, or for having none; `connector`: the token is that of a connector, which opens nothing here. */
  refusal: { readonly connector?: string } | undefined;
  /** It is only tried: nothing is to be written. */
  dryRun = false;
  /** Where it went, as a word of a bounded set; undefined outside of connectors. */
  endpoint: string | undefined;
  /** What the request was refused with, or what went wrong. */
  error: unknown;
  /** Octets of a streamed body; one that is sent whole has its length in the header. */
  streamed = 0;
  /** Most requests leave no notes and few operations: what would hold them is made with the first one. */
  #notes: Map<string, unknown> | undefined;
  #operations: object[] | undefined;
  #more: Map<string, number> | undefined;
  /** Made when somebody asks for its signal, which few requests do. */
  #abort: AbortController | undefined;
  #aborted = false;
  #operationMs = 0;

  constructor(request: RecordedRequest) {
    this.requestId = requestId(request);
    request[recordKey] = this;
  }

  /** Aborts when the client has gone. */
  get signal(): AbortSignal {
    this.#abort ??= new AbortController();
    if (this.#aborted) this.#abort.abort();
    return this.#abort.signal;
  }

  /** Who asks, for intents and the change log. Replacing a secret token does not change it. */
  get actor(): string {
    if (this.administrator) return 'administrator';
    return this.connector === undefined ? 'anonymous' : `connector ${this.connector}`;
  }

  /** The request carries a secret token of this connector, the `tokenNumber`th where it has several. */
  authenticated(connector: string, tokenNumber?: number): void {
    this.connector = connector;
    if (tokenNumber !== undefined) this.note('tokenNumber', tokenNumber);
  }

  /** Something worth a word in the request's line. Never values. */
  readonly note = (key: string, value: unknown): void => {
    this.#notes ??= new Map();
    if (this.#notes.has(key) || this.#notes.size < MOST_NOTES) this.#notes.set(key, value);
  };

  /** An LDAP operation has ended. The first ones are listed, the others counted. */
  readonly observe = (operation: object): void => {
    const { operation: kind, durationMs } = operation as LoggedOperation;
    const took = typeof durationMs === 'number' ? durationMs : 0;
    this.#operationMs += took;
    this.#operations ??= [];
    if (this.#operations.length < MOST_OPERATIONS) {
      this.#operations.push({ ...operation, durationMs: rounded(took) });
      return;
    }
    this.#more ??= new Map();
    this.#more.set(String(kind), (this.#more.get(String(kind)) ?? 0) + 1);
  };

  /** The client has closed the connection before it was answered. */
  abort(): void {
    this.#aborted = true;
    this.#abort?.abort();
  }

  /** The notes and the operations, for the log line. */
  fields(): Record<string, unknown> {
    return {
      ...(this.#notes && { notes: Object.fromEntries(this.#notes) }),
      ...(this.#operations && { ldap: this.#ldap(this.#operations) }),
    };
  }

  #ldap(operations: readonly object[]): Record<string, unknown> {
    const more = [...(this.#more?.values() ?? [])].reduce((sum, count) => sum + count, 0);
    return {
      count: operations.length + more,
      durationMs: rounded(this.#operationMs),
      operations,
      ...(this.#more && { more: Object.fromEntries(this.#more) }),
    };
  }
}

/** The record of a request that has passed the request log. */
export function recordOf(request: RecordedRequest): RequestRecord {
  const record = request[recordKey];
  if (!record) throw new Error('A route stands before the request log.');
  return record;
}

/** Milliseconds as the log shows them. */
export function rounded(ms: number): number {
  return Math.round(ms * 10) / 10;
}

function requestId({ headers }: IncomingMessage): string {
  for (const name of ['x-request-id', 'client-request-id']) {
    const given = headers[name];
    if (typeof given === 'string' && SANE_ID.test(given)) return given;
  }
  return randomUUID();
}
