/**
 * A search as a sorted list that is read in windows: server side sorting (RFC 2891) with virtual list views
 * (draft-ietf-ldapext-ldapv3-vlv-09), for directories without paged results. A list is read while others write, so that
 * positions mean little from one window to the next. By a key that no entry ever changes and no two share, each window
 * begins at the key of the last entry before it, and nothing can be passed over. By any other key the list is read again
 * until it has stayed the same from the first window to the last.
 */
import { type BerReader, type BerWriter, Control, BerWriter as Writer } from 'ldapts';
import { BerCursor } from './ber';
import { Oid } from './controls';
import type { Entry, Value } from './entry';

const SEQUENCE = 0x30;
const OCTET_STRING = 0x04;
const ENUMERATED = 0x0a;
const ORDERING_RULE = 0x80;
const BY_OFFSET = 0xa0;
const FROM_VALUE = 0x81;

/** By what a list is sorted. */
export interface SortKey {
  readonly attribute: string;
  /** An ordering rule, where the attribute has none of its own. */
  readonly rule?: string;
  /** Whether it is the immutable id of the entries. */
  readonly unique: boolean;
}

/** Where a window begins: at a position, from 1, or at the first entry whose key is not less. */
export type Target = { readonly offset: number } | { readonly from: Value };

/** `uid`, or `uid:caseIgnoreOrderingMatch`. */
export function sortKeyOf(text: string, anchor: string): SortKey {
  const [attribute = '', rule] = text.split(':');
  return { attribute, unique: attribute.toLowerCase() === anchor.toLowerCase(), ...(rule && { rule }) };
}

/** A request control that is answered by a control of another type, as both of these are. */
abstract class AnsweredControl extends Control {
  /** Why the answer could not be read. */
  fault: Error | undefined;
  readonly #oid: string;

  constructor(oid: string, answer: string) {
    // The library gives an answer's control to the request's control of the same type.
    super(answer, { critical: true });
    this.#oid = oid;
  }

  override write(writer: BerWriter): void {
    const value = new Writer();
    value.startSequence();
    this.writeValue(value);
    value.endSequence();
    writer.startSequence();
    writer.writeString(this.#oid);
    writer.writeBoolean(true);
    writer.writeBuffer(value.buffer, OCTET_STRING);
    writer.endSequence();
  }

  override parseControl({ buffer, offset }: BerReader): void {
    try {
      const cursor = new BerCursor(buffer, offset, buffer.length);
      const end = cursor.enter(SEQUENCE);
      this.readValue(new BerCursor(buffer, cursor.offset, end));
    } catch (error) {
      this.fault = error as Error;
    }
  }

  protected abstract writeValue(writer: BerWriter): void;
  protected abstract readValue(cursor: BerCursor): void;
}

/** RFC 2891 §1.1. */
export class SortControl extends AnsweredControl {
  /** sortResult; undefined while the server has not answered, or does not. */
  result: number | undefined;

  constructor(readonly key: SortKey) {
    super(Oid.serverSideSort, Oid.sortResult);
  }

  protected override writeValue(writer: BerWriter): void {
    writer.startSequence();
    writer.writeString(this.key.attribute);
    if (this.key.rule !== undefined) writer.writeString(this.key.rule, ORDERING_RULE);
    writer.endSequence();
  }

  protected override readValue(cursor: BerCursor): void {
    this.result = cursor.integer(ENUMERATED);
  }
}

/** What a server tells of a list beside its entries. */
export interface View {
  /** Of the first entry of the window, from 1; one more than `count` where no entry is left. */
  readonly position: number;
  /** Entries of the whole list. */
  readonly count: number;
  readonly result: number;
  /** What the server knows the list by. */
  readonly contextId?: Buffer;
}

/** Draft §6.1 and §6.2. */
export class ListControl extends AnsweredControl {
  view: View | undefined;

  constructor(
    readonly target: Target,
    /** Entries of the window after its first one. */
    readonly after: number,
    readonly contextId?: Buffer,
  ) {
    super(Oid.virtualListView, Oid.virtualListViewResult);
  }

  protected override writeValue(writer: BerWriter): void {
    writer.writeInt(0);
    writer.writeInt(this.after);
    if ('offset' in this.target) {
      writer.startSequence(BY_OFFSET);
      writer.writeInt(this.target.offset);
      // Whoever says how long the list is gets a position in proportion to how long it is by now.
      writer.writeInt(0);
      writer.endSequence();
    } else writer.writeBuffer(Buffer.from(this.target.from as string), FROM_VALUE);
    if (this.contextId !== undefined) writer.writeBuffer(this.contextId, OCTET_STRING);
  }

  protected override readValue(cursor: BerCursor): void {
    const [position, count, result] = [cursor.integer(), cursor.integer(), cursor.integer(ENUMERATED)];
    if (cursor.tag !== OCTET_STRING) this.view = { position, count, result };
    else {
      const end = cursor.enter(OCTET_STRING);
      this.view = { position, count, result, contextId: Buffer.from(cursor.buffer.subarray(cursor.offset, end)) };
    }
  }
}

/** One window as the server gave it. */
interface Part {
  readonly entries: readonly Entry[];
  readonly view: View;
}

/** `refusal`: the server has not sorted, or has not told the place. */
export type Window = Part | { readonly refusal: string };

/** Asks for a window. */
export type ReadWindow = (sort: SortControl, list: ListControl) => Promise<Window>;

/** The list cannot be read in this way. */
export class ListRefused extends Error {
  override readonly name = 'ListRefused';
}

/** Draft §6.2: the position that was asked for is beyond the list, which some servers answer for an empty one. */
const OFFSET_RANGE_ERROR = 61;

/** What the server's two controls say of a window. */
export function windowOf(entries: readonly Entry[], { key, result, fault }: SortControl, list: ListControl): Window {
  const sorted = `sorting by ${key.attribute}${key.rule === undefined ? '' : `:${key.rule}`}`;
  if (result) return { refusal: `${sorted} is refused (${result})` };
  if (list.view === undefined) {
    const why = (list.fault ?? fault)?.message ?? 'the server does not answer the control';
    return { refusal: `no virtual list view: ${why}` };
  }
  const { view } = list;
  if (view.result === OFFSET_RANGE_ERROR && view.count === 0) return { entries: [], view };
  return view.result === 0 ? { entries, view } : { refusal: `virtual list view refused (${view.result})` };
}

/** So often a list that changes while it is read is read again. */
const PASSES = 3;

/** Reads one list. */
export class ListReading {
  readonly #read: ReadWindow;
  readonly #key: SortKey;
  readonly #pageSize: number;
  readonly #incomplete: (diagnostic: string) => Error;
  /** Names of what was read: all of them, or with a unique key those of the window before. */
  #seen = new Set<string>();

  constructor(read: ReadWindow, key: SortKey, pageSize: number, incomplete: (diagnostic: string) => Error) {
    this.#read = read;
    this.#key = key;
    this.#pageSize = pageSize;
    this.#incomplete = incomplete;
  }

  /** The windows of the list, each entry once. */
  async *windows(): AsyncGenerator<readonly Entry[]> {
    for (let pass = 1; ; pass += 1) {
      const { counts, read } = yield* this.#pass();
      if (this.#key.unique || (counts.size === 1 && counts.has(read))) return;
      if (pass === PASSES)
        throw this.#incomplete(
          `the list has changed each of the ${PASSES} times that it was read: sort it by an attribute that does not change`,
        );
    }
  }

  /** One time through the list; answers how many entries the server said that there are, and how many there were. */
  async *#pass(): AsyncGenerator<readonly Entry[], { counts: ReadonlySet<number>; read: number }> {
    const counts = new Set<number>();
    const names = new Set<string>();
    let next: Promise<Window> | undefined = this.#ask({ offset: 1 });
    while (next) {
      const window: Window = await next;
      if ('refusal' in window)
        throw counts.size === 0 ? new ListRefused(window.refusal) : this.#incomplete(window.refusal);
      const part: Part = window;
      const { entries, view } = part;
      counts.add(view.count);
      const isEnd = view.count === 0 || view.position + entries.length > view.count;
      if (!this.#key.unique) for (const { dn } of entries) names.add(dn.toString());
      const fresh = this.#take(entries);
      if (!isEnd && (entries.length === 0 || (this.#key.unique && fresh.length === 0)))
        throw this.#incomplete(`nothing new in the window at ${view.position} of ${view.count}`);
      const then = isEnd ? undefined : this.#after(entries, view);
      next = then && this.#ask(then, view.contextId);
      // A consumer who stops early never awaits it.
      next?.catch(() => {});
      yield fresh;
    }
    return { counts, read: names.size };
  }

  /** By a unique key a window has room for the entry at which it begins. */
  #ask(target: Target, contextId?: Buffer): Promise<Window> {
    const after = 'from' in target ? this.#pageSize : this.#pageSize - 1;
    return this.#read(new SortControl(this.#key), new ListControl(target, after, contextId));
  }

  #after(entries: readonly Entry[], { position }: View): Target {
    if (!this.#key.unique) return { offset: position + entries.length };
    const last = entries.at(-1);
    const from = last?.values(this.#key.attribute)[0];
    if (from !== undefined) return { from };
    throw this.#incomplete(`${last?.dn} shows no ${this.#key.attribute}, by which the list is sorted`);
  }

  /** Those of a window that were not in the windows before. */
  #take(entries: readonly Entry[]): readonly Entry[] {
    const seen = this.#seen;
    if (this.#key.unique) this.#seen = new Set();
    const fresh: Entry[] = [];
    for (const entry of entries) {
      const name = entry.dn.toString();
      if (!seen.has(name)) fresh.push(entry);
      this.#seen.add(name);
    }
    return fresh;
  }
}
