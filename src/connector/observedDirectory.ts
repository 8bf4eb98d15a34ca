/** A directory whose every operation is heard by one more observer, whoever asks for it: requests and imports alike. */
import type {
  Directory,
  DirectoryDescription,
  Modification,
  ObservedOperation,
  Observer,
  Options,
  SearchRequest,
  WriteOptions,
} from '../directory/directory';
import type { DN } from '../directory/dn';
import type { Entry } from '../directory/entry';
import { ResultCode } from '../directory/error';
import type { Schema } from '../directory/schema';

/** The same directory, overheard. */
export function overheard(directory: Directory, observer: Observer): Directory {
  return new ObservedDirectory(directory, observer);
}

const names = new Map<number, string>(Object.entries(ResultCode).map(([name, code]) => [code, name]));

/** The name of an operation's result, one of a set that no server can make grow. */
export function resultName(result: ObservedOperation['result']): string {
  return typeof result === 'number' ? (names.get(result) ?? 'unlisted') : result;
}

class ObservedDirectory implements Directory {
  readonly #directory: Directory;
  readonly #observer: Observer;

  constructor(directory: Directory, observer: Observer) {
    this.#directory = directory;
    this.#observer = observer;
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

  search(request: SearchRequest, options?: Options): AsyncIterable<Entry> {
    return this.#directory.search(request, this.#heard(options));
  }

  add(entry: Entry, options?: WriteOptions): Promise<Entry | undefined> {
    return this.#directory.add(entry, this.#heard(options));
  }

  modify(dn: DN, modifications: readonly Modification[], options?: WriteOptions): Promise<Entry | undefined> {
    return this.#directory.modify(dn, modifications, this.#heard(options));
  }

  modifyDN(dn: DN, newDN: DN, options: WriteOptions & { readonly deleteOldRdn: boolean }): Promise<Entry | undefined> {
    return this.#directory.modifyDN(dn, newDN, this.#heard(options));
  }

  delete(dn: DN, options?: Options & { readonly tree?: boolean }): Promise<void> {
    return this.#directory.delete(dn, this.#heard(options));
  }

  setPassword(dn: DN, password: string, options?: Options): Promise<void> {
    return this.#directory.setPassword(dn, password, this.#heard(options));
  }

  supports(oid: string): boolean {
    return this.#directory.supports(oid);
  }

  refresh(options?: Options): Promise<void> {
    return this.#directory.refresh(this.#heard(options));
  }

  close(): Promise<void> {
    return this.#directory.close();
  }

  #heard<T extends Options>(options: T | undefined): T & Options {
    const own = this.#observer;
    const other = options?.observer;
    const observer: Observer =
      other === undefined
        ? own
        : (operation) => {
            own(operation);
            other(operation);
          };
    return { ...(options as T), observer };
  }
}
