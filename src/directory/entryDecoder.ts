/**
 * SearchResultEntry (RFC 4511 §4.5.2) straight from the bytes to an {@link Entry}. Imports of a million entries spend
 * most of their time here and in what is thrown away afterwards, so nothing is built that the entry does not keep: names
 * are recognised by their octets and shared between entries, so are the names of containers, and ASCII text is cut from
 * one string per message.
 */
import { isUtf8 } from 'node:buffer';
import { byName, nameOctets, OctetWriter } from './attributeOctets';
import { type BerCursor, BerError } from './ber';
import { DN } from './dn';
import { Entry, type EntryAttribute, type Value } from './entry';
import { isAsciiAt } from './octets';

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

/** In an entry of more octets there are so many values that making them takes long. */
const LARGE = 256 * 1024;

/** Sequences of names in which entries come. */
const REMEMBERED_SHAPES = 1_000;

interface Name {
  /** Tells names from each other, in the number of a shape. */
  readonly number: number;
  readonly text: string;
  readonly octets: Buffer;
  /** As it is stored. */
  readonly encoded: Buffer;
  /** Whether it is what a name has to be, and is told from others by its number. */
  readonly storable: boolean;
  readonly binary: boolean;
  /** The name that followed this one in the last entry: in the next entry it mostly does too. */
  next: Name | undefined;
  /** Shared by all its spellings. */
  readonly last: { entry: number };
}

/** What entries with the same names in the same order have in common. */
interface Shape {
  readonly arrival: readonly Name[];
  /** The indexes in the order of the names, and the names in that order. */
  readonly order: readonly number[];
  readonly names: readonly string[];
}

/** Decodes entries by what the schema says of each attribute. */
export class EntryDecoder {
  readonly #isBinary: (description: string) => boolean;
  readonly #names = new Map<string, Name>();
  /** By name in lower case: the last entry that had it. */
  readonly #lasts = new Map<string, { entry: number }>();
  readonly #parents = new Map<string, DN>();
  readonly #shapes = new Map<number, Shape>();
  readonly #writer = new OctetWriter();
  #first: Name | undefined;
  #entries = 0;
  /** The attributes of the entry that is being read, and where their values begin and end. */
  #arrival: Name[] = [];
  #starts: number[] = [];
  #ends: number[] = [];

  constructor(isBinary: (description: string) => boolean) {
    this.#isBinary = isBinary;
  }

  /** Reads the entry that the cursor stands before; the values of a large one are made when they are asked for. */
  decode(cursor: BerCursor): Entry {
    return cursor.end - cursor.offset > LARGE ? this.decodeLazily(cursor) : this.#decode(cursor);
  }

  #decode(cursor: BerCursor): Entry {
    this.#entries += 1;
    const message = enterEntry(cursor);
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

  /** The same for whoever reads many entries to store them: no value is made before it is asked for. */
  decodeLazily(cursor: BerCursor): Entry {
    const { offset } = cursor;
    this.#entries += 1;
    const message = enterEntry(cursor);
    const text = cursor.text();
    const number = this.#find(cursor);
    if (number === undefined) {
      cursor.offset = offset;
      return this.#decode(cursor);
    }
    const shape = this.#shape(number);
    this.#writer.begin(message - offset);
    let mostValues = 0;
    for (const index of shape.order) mostValues = Math.max(mostValues, this.#write(cursor, index));
    const { names } = shape;
    cursor.offset = message;
    return Entry.ofEncoded(this.#dn(text), { octets: this.#writer.taken(), names, mostValues });
  }

  /** Finds the attributes of an entry; a number that entries of the same names mostly share. Undefined: they need merging. */
  #find(cursor: BerCursor): number | undefined {
    const end = cursor.enter(SEQUENCE);
    let number = 0;
    let count = 0;
    let before: Name | undefined;
    while (cursor.offset < end) {
      cursor.enter(SEQUENCE);
      const name = this.#name(cursor, before);
      const valuesEnd = cursor.enter(SET);
      if (name.last.entry === this.#entries || valuesEnd === cursor.offset || !name.storable) return undefined;
      name.last.entry = this.#entries;
      number = (Math.imul(number, 0x01000193) ^ name.number) | 0;
      this.#arrival[count] = name;
      this.#starts[count] = cursor.offset;
      this.#ends[count] = valuesEnd;
      count += 1;
      cursor.offset = valuesEnd;
      before = name;
    }
    this.#arrival.length = count;
    return number;
  }

  #shape(number: number): Shape {
    const known = this.#shapes.get(number);
    const arrival = this.#arrival;
    if (known?.arrival.length === arrival.length && known.arrival.every((name, i) => name === arrival[i])) return known;
    const sorted = arrival.map(({ text: name }, index) => ({ name, index })).sort(byName);
    const order = sorted.map(({ index }) => index);
    const shape = { arrival: [...arrival], order, names: sorted.map(({ name }) => name) };
    if (this.#shapes.size < REMEMBERED_SHAPES) this.#shapes.set(number, shape);
    return shape;
  }

  /** Writes the attribute at an index of those that were found; how many values it has. */
  #write(cursor: BerCursor, index: number): number {
    const name = this.#arrival[index];
    const start = this.#starts[index] ?? 0;
    const end = this.#ends[index] ?? 0;
    if (name === undefined) return 0;
    this.#writer.octets(name.encoded, 0, name.encoded.length);
    let count = 0;
    for (cursor.offset = start; cursor.offset < end; count += 1) cursor.offset = endOfValue(cursor, end);
    this.#writer.number(count);
    for (cursor.offset = start; cursor.offset < end; ) {
      const valueEnd = endOfValue(cursor, end);
      this.#writer.value(cursor.buffer, cursor.offset, valueEnd, name.binary);
      cursor.offset = valueEnd;
    }
    return count;
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
    const name: Name = {
      number: this.#names.size,
      text,
      octets,
      encoded: nameOctets(text),
      storable: remembered && isAsciiAt(octets, 0, octets.length),
      binary: this.#isBinary(text),
      next: undefined,
      last,
    };
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

/** RFC 4527 controls carry an entry too, some servers with a plain SEQUENCE. */
function enterEntry(cursor: BerCursor): number {
  return cursor.enter(cursor.tag === SEQUENCE ? SEQUENCE : SEARCH_RESULT_ENTRY);
}

function isAt(octets: Buffer, buffer: Buffer, start: number, end: number): boolean {
  if (octets.length !== end - start) return false;
  for (let i = 0; i < octets.length; i++) if (octets[i] !== buffer[start + i]) return false;
  return true;
}

function valuesOf(cursor: BerCursor, texts: Texts, binary: boolean): Value[] {
  const values: Value[] = [];
  const end = cursor.enter(SET);
  while (cursor.offset < end) {
    const valueEnd = endOfValue(cursor, end);
    values.push(binary ? copied(cursor.buffer, cursor.offset, valueEnd) : texts.at(cursor.offset, valueEnd));
    cursor.offset = valueEnd;
  }
  return values;
}

/** Steps into the next value; where it ends. One that reached beyond its set would be read more than once. */
function endOfValue(cursor: BerCursor, setEnd: number): number {
  const end = cursor.enter(OCTET_STRING);
  if (end > setEnd) throw new BerError('a value is longer than the set that holds it');
  return end;
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
    if (this.#shared !== undefined && isAsciiAt(buffer, start, end)) {
      return this.#shared.slice(start - this.#start, end - this.#start);
    }
    const text = buffer.toString('utf8', start, end);
    // U+FFFD stands for octets that are no UTF-8, unless the value really holds that character.
    return !text.includes('\ufffd') || isUtf8(buffer.subarray(start, end)) ? text : copied(buffer, start, end);
  }
}
