/**
 * The attributes of an entry as octets, as a store keeps them: an import of a million entries copies octets from the
 * wire to the disk and makes no values of them. Attributes stand in the order of their names, so that equal attributes
 * are equal octets. Lengths and numbers have seven bits in each octet, the low ones first, the eighth bit says that more
 * follow.
 *
 *     attribute = length name (UTF-8), number of values, values
 *     value     = length * 2 + (1: octets, 0: UTF-8 text), octets
 */
import { isUtf8 } from 'node:buffer';
import type { EntryAttribute, Value } from './entry';
import { isAsciiAt } from './octets';

/** Attributes as octets. */
export interface EncodedAttributes {
  readonly octets: Buffer;
  /** The names, in their order. */
  readonly names: readonly string[];
  /** As many values as the attribute of the most has. */
  readonly mostValues: number;
}

/** The order of attributes. */
export function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}

const USUAL_SIZE = 16 * 1024;
const LARGEST_KEPT = 1024 * 1024;

/** Puts octets together in a buffer that is used again and again. */
export class OctetWriter {
  #buffer = Buffer.allocUnsafeSlow(USUAL_SIZE);
  #length = 0;

  /** Forgets what was written, and makes room: nothing that is written until the next call may be longer. */
  begin(octets: number): void {
    this.#length = 0;
    const size = this.#buffer.length;
    if (octets > size || size > LARGEST_KEPT) this.#buffer = Buffer.allocUnsafeSlow(Math.max(octets, USUAL_SIZE));
  }

  /** A copy of what was written. */
  taken(): Buffer {
    return Buffer.from(this.#buffer.subarray(0, this.#length));
  }

  number(value: number): void {
    let rest = value;
    while (rest > 0x7f) {
      this.#buffer[this.#length++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#buffer[this.#length++] = rest;
  }

  text(text: string): void {
    this.#length += this.#buffer.write(text, this.#length);
  }

  /** Values are short: a loop is quicker than a call. Whether all of the octets are ASCII. */
  octets(source: Uint8Array, start: number, end: number): boolean {
    const target = this.#buffer;
    let length = this.#length;
    let all = 0;
    for (let i = start; i < end; i++) {
      const octet = source[i] ?? 0;
      target[length++] = octet;
      all |= octet;
    }
    this.#length = length;
    return all < 0x80;
  }

  /** A value: octets where it has to be, or where it is no UTF-8, and text otherwise. */
  value(source: Uint8Array, start: number, end: number, isOctets: boolean): void {
    const head = this.#length;
    this.number(2 * (end - start));
    const plain = this.octets(source, start, end);
    if (!isOctets && (plain || isUtf8(source.subarray(start, end)))) return;
    this.#buffer[head] = (this.#buffer[head] ?? 0) | 1;
  }
}

/** More than a number of octets takes that fits in memory. */
const LONGEST_NUMBER = 6;

const writer = new OctetWriter();

/** Attributes of different names as octets. */
export function encodeAttributes(attributes: readonly EntryAttribute[]): EncodedAttributes {
  const sorted = attributes.toSorted(byName);
  let size = 0;
  let mostValues = 0;
  for (const { name, values } of sorted) {
    size += Buffer.byteLength(name) + (2 + values.length) * LONGEST_NUMBER;
    for (const value of values) size += lengthOf(value);
    mostValues = Math.max(mostValues, values.length);
  }
  writer.begin(size);
  for (const { name, values } of sorted) {
    writer.number(Buffer.byteLength(name));
    writer.text(name);
    writer.number(values.length);
    for (const value of values) writeValue(value);
  }
  return { octets: writer.taken(), names: sorted.map(({ name }) => name), mostValues };
}

/** A name as it stands before its values. */
export function nameOctets(name: string): Buffer {
  const length = Buffer.byteLength(name);
  writer.begin(length + LONGEST_NUMBER);
  writer.number(length);
  writer.text(name);
  return writer.taken();
}

function lengthOf(value: Value): number {
  return typeof value === 'string' ? Buffer.byteLength(value) : value.length;
}

function writeValue(value: Value): void {
  if (typeof value === 'string') {
    writer.number(2 * lengthOf(value));
    writer.text(value);
  } else {
    writer.value(value, 0, value.length, true);
  }
}

/** Octets that are short are read as one text, from which the values are cut. */
const LONGEST_SHARED = 4_096;

/** Reads what {@link encodeAttributes} has written. */
export class AttributeReader {
  readonly #octets: Buffer;
  #shared: string | undefined;
  #offset = 0;

  constructor(octets: Uint8Array) {
    this.#octets = Buffer.isBuffer(octets) ? octets : Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength);
  }

  /** Each attribute with its values. */
  all(): EntryAttribute[] {
    const attributes: EntryAttribute[] = [];
    if (this.#octets.length <= LONGEST_SHARED) this.#shared = this.#octets.toString('latin1');
    while (this.#offset < this.#octets.length)
      attributes.push({ name: this.#text(this.#number()), values: this.#values() });
    return attributes;
  }

  /** The values of the attribute at an index of the names; to be called once. */
  valuesAt(index: number): Value[] {
    for (let i = 0; i < index; i++) {
      this.#offset = this.#end(this.#number());
      this.#skipValues();
    }
    this.#offset = this.#end(this.#number());
    return this.#values();
  }

  /** The values of the attributes that are wanted by their names in lower case; nothing is made of the others. */
  textsOf(wanted: ReadonlySet<string>): string[] {
    const texts: string[] = [];
    while (this.#offset < this.#octets.length) {
      if (!wanted.has(this.#text(this.#number()).toLowerCase())) this.#skipValues();
      else for (const value of this.#values()) if (typeof value === 'string') texts.push(value);
    }
    return texts;
  }

  #values(): Value[] {
    const values: Value[] = [];
    for (let left = this.#number(); left > 0; left--) {
      const head = this.#number();
      values.push(head % 2 === 1 ? this.#copied((head - 1) / 2) : this.#text(head / 2));
    }
    return values;
  }

  #skipValues(): void {
    for (let left = this.#number(); left > 0; left--) this.#offset = this.#end(Math.floor(this.#number() / 2));
  }

  #number(): number {
    let value = 0;
    let unit = 1;
    for (;;) {
      const octet = this.#octets[this.#end(1) - 1] ?? 0;
      this.#offset += 1;
      value += (octet & 0x7f) * unit;
      if (octet < 0x80) return value;
      unit *= 0x80;
    }
  }

  #text(length: number): string {
    const start = this.#offset;
    const end = this.#end(length);
    this.#offset = end;
    if (!isAsciiAt(this.#octets, start, end)) return this.#octets.toString('utf8', start, end);
    return this.#shared === undefined ? this.#octets.toString('latin1', start, end) : this.#shared.slice(start, end);
  }

  #copied(length: number): Buffer {
    const start = this.#offset;
    this.#offset = this.#end(length);
    return Buffer.from(this.#octets.subarray(start, this.#offset));
  }

  #end(length: number): number {
    const end = this.#offset + length;
    if (end > this.#octets.length) throw new RangeError('the octets of an entry end too soon');
    return end;
  }
}
