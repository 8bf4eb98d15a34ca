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
import { type Steps, VALUES_PER_STEP } from './steps';

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

/** The octets alone, in steps: for attributes of very many values. */
export function* encodeSteps(attributes: readonly EntryAttribute[]): Steps<Buffer> {
  const pieces: Buffer[] = [];
  for (const { name, values } of attributes.toSorted(byName)) {
    pieces.push(nameOctets(name, values.length));
    for (let start = 0; start < values.length; start += VALUES_PER_STEP) {
      pieces.push(valueOctets(values.slice(start, start + VALUES_PER_STEP)));
      yield;
    }
  }
  return Buffer.concat(pieces);
}

function valueOctets(values: readonly Value[]): Buffer {
  writer.begin(values.reduce((size, value) => size + lengthOf(value) + LONGEST_NUMBER, 0));
  for (const value of values) writeValue(value);
  return writer.taken();
}

/** A name as it stands before its values, and their number where it is given. */
export function nameOctets(name: string, values?: number): Buffer {
  const length = Buffer.byteLength(name);
  writer.begin(length + 2 * LONGEST_NUMBER);
  writer.number(length);
  writer.text(name);
  if (values !== undefined) writer.number(values);
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

  /** The same in steps, where there may be very many values. */
  *allSteps(): Steps<EntryAttribute[]> {
    const attributes: EntryAttribute[] = [];
    while (this.#offset < this.#octets.length) {
      const name = this.#text(this.#number());
      const values: Value[] = [];
      for (let left = this.#number(); left > 0; left--) {
        values.push(this.#value());
        if (values.length % VALUES_PER_STEP === 0) yield;
      }
      attributes.push({ name, values });
    }
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
  *textsOf(wanted: ReadonlySet<string>): Generator<string, void, undefined> {
    while (this.#offset < this.#octets.length) {
      if (!wanted.has(this.#text(this.#number()).toLowerCase())) {
        this.#skipValues();
        continue;
      }
      for (let left = this.#number(); left > 0; left--) {
        const value = this.#value();
        if (typeof value === 'string') yield value;
      }
    }
  }

  #values(): Value[] {
    const values: Value[] = [];
    for (let left = this.#number(); left > 0; left--) values.push(this.#value());
    return values;
  }

  #value(): Value {
    const head = this.#number();
    return head % 2 === 1 ? this.#copied((head - 1) / 2) : this.#text(head / 2);
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
