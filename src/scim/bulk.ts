/**
 * POST /Bulk (RFC 7644 §3.7). Operations on different resources run side by side; whoever refers to another one, or to
 * the same resource, comes after it. `failOnErrors` makes them run one after the other, so that the last one is certain.
 */
import { replaceBulkIds, splitByBulkIds } from './bulkReferences';
import { type BulkOperation, readBulkRequest } from './bulkRequest';
import { ScimError } from './error';
import { type Answer, asScimError, decodeSegment, type Exchange } from './exchange';
import { parametersOfUrl } from './query';

export const bulkResponseSchema = 'urn:ietf:params:scim:api:messages:2.0:BulkResponse';

/** Carries out one operation as if it were a request of its own. */
type Perform = (exchange: Exchange) => Promise<Answer>;

/** A directory serves other requests too. */
const sideBySide = 8;

/** The part of a request's time in which operations are begun: what was begun has the rest of it, so that the answer can tell all. */
const beginning = 0.75;
/** After that the directory has done what is in flight. */
const retryAfterSeconds = 1;

/** Answers a bulk request with what became of each operation, in the order of the request. */
export async function bulkOperations(exchange: Exchange, maxOperations: number, perform: Perform): Promise<Answer> {
  const { operations, failOnErrors } = readBulkRequest(await exchange.body(), maxOperations);
  const job = new BulkJob(exchange, perform, failOnErrors);
  await job.run(operations);
  exchange.context.note('bulk', { operations: operations.length, errors: job.errors });
  return { status: 200, body: JSON.stringify({ schemas: [bulkResponseSchema], Operations: job.results() }) };
}

/** What became of an operation: an answer, or an error. */
type Outcome =
  | { readonly answer: Answer; readonly id: string | undefined }
  /** `made`: the create that came before. */
  | { readonly error: ScimError; readonly made?: Answer };

class BulkJob {
  errors = 0;
  readonly #outcomes = new Map<BulkOperation, Outcome>();
  /** Taken up, settled or not. Never reject. */
  readonly #taken = new Map<BulkOperation, Promise<void>>();
  /** Those that wait for nothing any more but their answer. */
  readonly #running = new Map<BulkOperation, Promise<Outcome>>();
  readonly #ids = new Map<string, string>();
  /** On the clock of `performance.now()`. */
  readonly #until: number;

  constructor(
    private readonly exchange: Exchange,
    private readonly perform: Perform,
    private readonly failOnErrors = Number.POSITIVE_INFINITY,
  ) {
    this.#until = performance.now() + exchange.provider.requestTimeoutMs * beginning;
  }

  async run(operations: readonly BulkOperation[]): Promise<void> {
    const queue = operations.values();
    const workers = Number.isFinite(this.failOnErrors) ? 1 : sideBySide;
    await Promise.all(Array.from({ length: workers }, () => this.#work(queue)));
    for (const operation of operations) {
      if (operation.circular.size > 0 && this.#goesOn) await this.#complete(operation);
    }
  }

  /** In the order of the request; what was not begun is left out (RFC 7644 §3.7.3). */
  results(): object[] {
    return [...this.#outcomes]
      .sort(([a], [b]) => a.position - b.position)
      .map(([operation, outcome]) => this.#result(operation, outcome));
  }

  get #goesOn(): boolean {
    return this.errors < this.failOnErrors && !this.exchange.context.signal.aborted;
  }

  /** Takes what comes next, as long as there is something. Whatever it waits for was taken before, so it never waits in vain. */
  async #work(queue: Iterator<BulkOperation>): Promise<void> {
    while (this.#goesOn) {
      const { value: operation, done } = queue.next();
      if (done) return;
      const settled = this.#settle(operation);
      this.#taken.set(operation, settled);
      await settled;
    }
  }

  async #settle(operation: BulkOperation): Promise<void> {
    await Promise.all([...operation.after].map((other) => this.#taken.get(other)));
    const running = this.#attempt(operation);
    this.#running.set(operation, running);
    this.#keep(operation, await running);
    this.#running.delete(operation);
  }

  #keep(operation: BulkOperation, outcome: Outcome): void {
    this.#outcomes.set(operation, outcome);
    if ('error' in outcome) this.errors += 1;
    else if (operation.bulkId !== undefined && outcome.id !== undefined) this.#ids.set(operation.bulkId, outcome.id);
  }

  /** A value that was taken may be free once what stands before in the request is done: a rename, a delete. */
  async #attempt(operation: BulkOperation): Promise<Outcome> {
    const earlier = [...this.#running].filter(([{ position }]) => position < operation.position);
    const outcome = await this.#once(operation);
    const isTaken = 'error' in outcome && outcome.error.scimType === 'uniqueness';
    if (!isTaken || earlier.length === 0) return outcome;
    await Promise.all(earlier.map(([, running]) => running));
    return this.#once(operation);
  }

  async #once(operation: BulkOperation): Promise<Outcome> {
    const { fault, circular, data } = operation;
    if (fault) return { error: fault };
    const { now } = circular.size > 0 ? splitByBulkIds(data, circular) : { now: data };
    return this.#perform(operation, operation.method, operation.segments, now);
  }

  /** Adds what could not be had when the resource was made. */
  async #complete(operation: BulkOperation): Promise<void> {
    const made = this.#outcomes.get(operation);
    if (made === undefined || 'error' in made || made.id === undefined) return;
    const { later } = splitByBulkIds(operation.data, operation.circular);
    const segments = [...operation.segments, encodeURIComponent(made.id)];
    const patch = { Operations: [{ op: 'add', value: later }] };
    const outcome = await this.#perform({ ...operation, search: '' }, 'PATCH', segments, patch);
    const answered = 'answer' in outcome && { ...made, answer: { ...outcome.answer, status: made.answer.status } };
    this.#keep(operation, answered || { ...outcome, made: made.answer });
  }

  async #perform(
    { search, ifMatch }: BulkOperation,
    method: string,
    segments: readonly string[],
    data: unknown,
  ): Promise<Outcome> {
    const { exchange } = this;
    if (performance.now() > this.#until) return { error: outOfTime(exchange.provider.requestTimeoutMs) };
    try {
      const body = replaceBulkIds(data, this.#idOf);
      // The header fields of the whole request say nothing of its operations.
      const { ifMatch: _whole, ...context } = exchange.context;
      const answer = await this.perform({
        ...exchange,
        method,
        segments: this.#resolved(segments),
        search,
        parameters: () => parametersOfUrl(search),
        ifNoneMatch: undefined,
        prefersMinimal: false,
        context: { ...context, ...(ifMatch && { ifMatch }) },
        body: async () => body,
      });
      return { answer, id: idIn(answer) };
    } catch (error) {
      const told = asScimError(error, exchange.context.requestId);
      if (told !== error) exchange.report(error);
      return { error: told };
    }
  }

  #resolved(segments: readonly string[]): readonly string[] {
    return segments.map((segment) => {
      const decoded = decodeSegment(segment);
      const resolved = replaceBulkIds(decoded, this.#idOf);
      return resolved === decoded ? segment : encodeURIComponent(String(resolved));
    });
  }

  readonly #idOf = (bulkId: string): string => {
    const id = this.#ids.get(bulkId);
    if (id !== undefined) return id;
    const detail = `"bulkId:${bulkId.slice(0, 200)}" stands for a resource that was not created: see the operation with that bulkId.`;
    throw new ScimError(409, undefined, detail);
  };

  #result({ method, bulkId, segments }: BulkOperation, outcome: Outcome): object {
    const { ETag: version, Location } = ('answer' in outcome ? outcome.answer : outcome.made)?.headers ?? {};
    const location = Location ?? this.#locationOf(segments);
    const status = 'error' in outcome ? outcome.error.status : outcome.answer.status;
    return {
      method,
      ...(bulkId !== undefined && { bulkId }),
      ...(version !== undefined && { version }),
      ...(location !== undefined && { location }),
      status: String(status),
      ...('error' in outcome && { response: outcome.error }),
    };
  }

  /** Every result has one, but for a create that has failed (RFC 7644 §3.7.3). */
  #locationOf(segments: readonly string[]): string | undefined {
    if (segments.length !== 2) return undefined;
    try {
      return `${this.exchange.baseUri}/${this.#resolved(segments).join('/')}`;
    } catch {
      return undefined;
    }
  }
}

function outOfTime(milliseconds: number): ScimError {
  const detail = `This operation was not begun: the request as a whole has ${milliseconds / 1000} s. Send it again, with fewer operations in one request.`;
  return ScimError.unavailable(detail, retryAfterSeconds);
}

/** The id of the resource that an answer is about, from its location. */
function idIn({ headers }: Answer): string | undefined {
  const segment = headers?.Location?.split('/').at(-1);
  return segment === undefined ? undefined : decodeSegment(segment);
}
