/**
 * A directory that is asked again where the first answer was none: the server was busy, or the connection was gone before
 * the request left. A write is repeated only when it has certainly not taken place; what to think of one that may have is
 * up to its caller (`export.ts`). Everything else passes as it is.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type {
  Directory,
  DirectoryDescription,
  Modification,
  Options,
  SearchRequest,
  WriteOptions,
} from '../directory/directory';
import type { DN } from '../directory/dn';
import type { Entry } from '../directory/entry';
import { LdapError, ResultCode } from '../directory/error';
import type { Schema } from '../directory/schema';

/** Milliseconds before the second, third and fourth attempt, half of it more or less: short enough for whoever waits. */
const PAUSES_MS = [50, 150, 450];

/** The same directory, patient. */
export function patient(directory: Directory): Directory {
  return new PatientDirectory(directory);
}

class PatientDirectory implements Directory {
  readonly #directory: Directory;

  constructor(directory: Directory) {
    this.#directory = directory;
  }

  get description(): DirectoryDescription {
    return this.#directory.description;
  }

  get schema(): Schema {
    return this.#directory.schema;
  }

  get changes(): Directory['changes'] {
    return this.#directory.changes;
  }

  search(request: SearchRequest, options: Options = {}): AsyncIterable<Entry> {
    const open = () => this.#directory.search(request, options)[Symbol.asyncIterator]();
    return { [Symbol.asyncIterator]: () => new PatientSearch(open, options) };
  }

  add(entry: Entry, options: WriteOptions = {}): Promise<Entry | undefined> {
    return repeated(() => this.#directory.add(entry, options), isHarmlessWrite, options);
  }

  modify(dn: DN, modifications: readonly Modification[], options: WriteOptions = {}): Promise<Entry | undefined> {
    return repeated(() => this.#directory.modify(dn, modifications, options), isHarmlessWrite, options);
  }

  modifyDN(dn: DN, newDN: DN, options: WriteOptions & { readonly deleteOldRdn: boolean }): Promise<Entry | undefined> {
    return repeated(() => this.#directory.modifyDN(dn, newDN, options), isHarmlessWrite, options);
  }

  delete(dn: DN, options: Options & { readonly tree?: boolean } = {}): Promise<void> {
    return repeated(() => this.#directory.delete(dn, options), isHarmlessWrite, options);
  }

  setPassword(dn: DN, password: string, options: Options = {}): Promise<void> {
    return repeated(() => this.#directory.setPassword(dn, password, options), isHarmlessWrite, options);
  }

  supports(oid: string): boolean {
    return this.#directory.supports(oid);
  }

  refresh(options?: Options): Promise<void> {
    return this.#directory.refresh(options);
  }

  close(): Promise<void> {
    return this.#directory.close();
  }
}

/** Only its first answer is waited for patiently: what a caller has seen already must not come again. */
class PatientSearch implements AsyncIterator<Entry, undefined> {
  readonly #open: () => AsyncIterator<Entry>;
  readonly #options: Options;
  #entries: AsyncIterator<Entry> | undefined;

  constructor(open: () => AsyncIterator<Entry>, options: Options) {
    this.#open = open;
    this.#options = options;
  }

  /** No promise of its own beside that of the search: an import of a million entries feels it. */
  next(): Promise<IteratorResult<Entry, undefined>> {
    return this.#entries?.next() ?? repeated(() => this.#first(), isHarmlessRead, this.#options);
  }

  async #first(): Promise<IteratorResult<Entry, undefined>> {
    const entries = this.#open();
    const answer = await entries.next();
    this.#entries = entries;
    return answer;
  }

  async return(): Promise<IteratorResult<Entry, undefined>> {
    await this.#entries?.return?.();
    return { done: true, value: undefined };
  }
}

function isHarmlessRead(error: LdapError): boolean {
  return (
    error.result === ResultCode.busy || error.result === ResultCode.unavailable || error.result === 'connectionLost'
  );
}

/** Busy and unavailable are answers, and they say that nothing was done; a lost connection says nothing of a request that was sent. */
function isHarmlessWrite(error: LdapError): boolean {
  return isHarmlessRead(error) && !error.ambiguous;
}

async function repeated<T>(
  attempt: () => Promise<T>,
  isHarmless: (error: LdapError) => boolean,
  { signal }: Options,
): Promise<T> {
  for (const pause of PAUSES_MS) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof LdapError) || !isHarmless(error)) throw error;
      if (!(await paused(pause, signal))) throw error;
    }
  }
  return attempt();
}

/** False when the caller has gone meanwhile, or has gone already. */
async function paused(milliseconds: number, signal: AbortSignal | undefined): Promise<boolean> {
  try {
    await sleep(milliseconds * (0.5 + Math.random()), undefined, signal === undefined ? {} : { signal });
    return true;
  } catch {
    return false;
  }
}
