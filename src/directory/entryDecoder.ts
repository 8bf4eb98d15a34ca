/**
 * SearchResultEntry (RFC 4511 §4.5.2) straight from the bytes to an {@link Entry}. Imports of a million entries spend
 * most of their time here and in what is thrown away afterwards, so nothing is built that the entry does not keep: names
 * are recognised by their octets and shared between entries, so are the names of containers, and ASCII text is cut from
 * one string per message.
 */
import { isUtf8 } from 'node:buffer';
import type { BerCursor } from './ber';
import { DN } from './dn';
import { Entry, type EntryAttribute, type Value } from './entry';

const SEARCH_RESULT_ENTRY = 0x64;
const SEQUENCE = 0x30;
const SET = 0x31;
const OCTET_STRING = 0x04;

/** More names than any schema has; beyond it names are not remembered, so that a server cannot fill the memory. */
const REMEMBERED_NAMES = 20_000;
/** Containers of entries; where there are more, the first ones are enough. */
const REMEMBERED_PARENTS = 1_000;
/** Texts cut from a message keep all of it in memory, so a long one is read value by value. */
const LONGEST_SHARED = 4_096;

interface Name {
  readonly text: string;
  readonly octets: Buffer;
  readonly binary: boolean;
  /** The name that followed this one in the last entry: in the next entry it mostly does too. */
  next: Name | undefined;
  /** Shared by all its spellings. */
  readonly last: { entry: number };
}

/** Decodes entries by what the schema says of each attribute. */
export class EntryDecoder {
  readonly #isBinary: (description: string) => boolean;
  readonly #names = new Map<string, Name>();
  /** By name in lower case: the last entry that had it. */
  readonly #lasts = new Map<string, { entry: number }>();
  readonly #parents = new Map<string, DN>();
  #first: Name | undefined;
  #entries = 0;

  constructor(isBinary: (description: string) => boolean) {
    this.#isBinary = isBinary;
  }

  /** Reads the entry that the cursor stands before. RFC 4527 controls carry one too, some servers with a plain SEQUENCE. */
  decode(cursor: BerCursor): Entry {
    this.#entries += 1;
    const message = cursor.enter(cursor.tag === SEQUENCE ? SEQUENCE : SEARCH_RESULT_ENTRY);
    const start = cursor.offset;
    const texts = new Texts(cursor.buffer, start, message);
    const dn = this.#dn(cursor.text());
    const attributes: EntryAttribute[] = [];
    const end = cursor.enter(SEQUENCE);
    let distinct = true;
    let before: Name | undefined;
    while (cursor.offset < end) {
      cursor.enter(SEQUENCE);
      const name = this.#name(cursor, before);
      const values = valuesOf(cursor, texts, name.binary);
      if (name.last.entry === this.#entries || values.length === 0) distinct = false;
      name.last.entry = this.#entries;
      attributes.push({ name: name.text, values });
      before = name;
    }
    return distinct ? Entry.ofDistinct(dn, attributes) : new Entry(dn, attributes);
  }

  #name(cursor: BerCursor, before: Name | undefined): Name {
    const end = cursor.enter(OCTET_STRING);
    const expected = before === undefined ? this.#first : before.next;
    const name =
      expected !== undefined && isAt(expected.octets, cursor.buffer, cursor.offset, end)
        ? expected
        : this.#named(cursor.buffer.toString('latin1', cursor.offset, end));
    cursor.offset = end;
    if (before === undefined) this.#first = name;
    else before.next = name;
    return name;
  }

  #named(text: string): Name {
    const known = this.#names.get(text);
    if (known !== undefined) return known;
    const key = text.toLowerCase();
    const remembered = this.#names.size < REMEMBERED_NAMES;
    // One that is not remembered might come again in this entry without being known for it.
    const last = this.#lasts.get(key) ?? { entry: remembered ? 0 : this.#entries };
    const octets = Buffer.from(text, 'latin1');
    const name: Name = { text, octets, binary: this.#isBinary(text), next: undefined, last };
    if (remembered) {
      this.#names.set(text, name);
      this.#lasts.set(key, last);
    }
    return name;
  }

  /** Most entries are in few containers, and those are parsed, and normalised, once. */
  #dn(text: string): DN {
    const comma = text.indexOf(',');
    const own = text.slice(0, comma);
    if (comma < 0 || NOT_PLAIN.test(own)) return DN.parse(text);
    const above = text.slice(comma + 1);
    const parent = this.#parents.get(above);
    const rdn = parent === undefined ? undefined : DN.parse(own).rdn;
    if (parent !== undefined && rdn !== undefined) return parent.child(rdn);
    const dn = DN.parse(text);
    if (this.#parents.size < REMEMBERED_PARENTS && dn.parent !== undefined) this.#parents.set(above, dn.parent);
    return dn;
  }
}

/** Where one of these stands, the first comma may not be the end of the RDN. */
const NOT_PLAIN = /["\\;]/;

function isAt(octets: Buffer, buffer: Buffer, start: number, end: number): boolean {
  if (octets.length !== end - start) return false;
  for (let i = 0; i < octets.length; i++) if (octets[i] !== buffer[start + i]) return false;
  return true;
}

function valuesOf(cursor: BerCursor, texts: Texts, binary: boolean): Value[] {
  const values: Value[] = [];
  const end = cursor.enter(SET);
  while (cursor.offset < end) {
    const valueEnd = cursor.enter(OCTET_STRING);
    values.push(binary ? copied(cursor.buffer, cursor.offset, valueEnd) : texts.at(cursor.offset, valueEnd));
    cursor.offset = valueEnd;
  }
  return values;
}

/** Octets are copied so that no network buffer is held by one value. */
function copied(buffer: Buffer, start: number, end: number): Buffer {
  return Buffer.from(buffer.subarray(start, end));
}

/** The texts of one message. */
class Texts {
  readonly #buffer: Buffer;
  readonly #start: number;
  /** The whole message, one character per octet: right where those are ASCII. */
  readonly #shared: string | undefined;

  constructor(buffer: Buffer, start: number, end: number) {
    this.#buffer = buffer;
    this.#start = start;
    this.#shared = end - start <= LONGEST_SHARED ? buffer.toString('latin1', start, end) : undefined;
  }

  /** Text where the octets are UTF-8, the octets themselves otherwise. */
  at(start: number, end: number): Value {
    const buffer = this.#buffer;
    if (this.#shared !== undefined && isAscii(buffer, start, end)) {
      return this.#shared.slice(start - this.#start, end - this.#start);
    }
    const text = buffer.toString('utf8', start, end);
    // U+FFFD stands for octets that are no UTF-8, unless the value really holds that character.
    return !text.includes('\ufffd') || isUtf8(buffer.subarray(start, end)) ? text : copied(buffer, start, end);
  }
}

function isAscii(buffer: Buffer, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if ((buffer[i] ?? 0) > 0x7f) return false;
  return true;
}
