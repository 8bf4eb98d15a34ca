/**
 * SearchResultEntry (RFC 4511 §4.5.2) straight from the bytes to an {@link Entry}. Imports of a million entries spend
 * most of their time here, so nothing is built that the entry does not keep: names are shared between entries, text is
 * cut from the buffer at once, octets are copied so that no network buffer is held by one value.
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

interface Name {
  readonly text: string;
  readonly binary: boolean;
}

/** Decodes entries by what the schema says of each attribute. */
export class EntryDecoder {
  readonly #isBinary: (description: string) => boolean;
  readonly #names = new Map<string, Name>();

  constructor(isBinary: (description: string) => boolean) {
    this.#isBinary = isBinary;
  }

  /** Reads the entry that the cursor stands before. RFC 4527 controls carry one too, some servers with a plain SEQUENCE. */
  decode(cursor: BerCursor): Entry {
    cursor.enter(cursor.tag === SEQUENCE ? SEQUENCE : SEARCH_RESULT_ENTRY);
    const dn = DN.parse(cursor.text());
    const attributes: EntryAttribute[] = [];
    const end = cursor.enter(SEQUENCE);
    while (cursor.offset < end) attributes.push(this.#attribute(cursor));
    return new Entry(dn, attributes);
  }

  #attribute(cursor: BerCursor): EntryAttribute {
    const { buffer } = cursor;
    cursor.enter(SEQUENCE);
    const nameEnd = cursor.enter(OCTET_STRING);
    const name = this.#name(buffer.toString('latin1', cursor.offset, nameEnd));
    cursor.offset = nameEnd;

    const values: Value[] = [];
    const end = cursor.enter(SET);
    while (cursor.offset < end) {
      const valueEnd = cursor.enter(OCTET_STRING);
      values.push(readValue(buffer, cursor.offset, valueEnd, name.binary));
      cursor.offset = valueEnd;
    }
    return { name: name.text, values };
  }

  #name(text: string): Name {
    let name = this.#names.get(text);
    if (!name) {
      name = { text, binary: this.#isBinary(text) };
      if (this.#names.size < REMEMBERED_NAMES) this.#names.set(text, name);
    }
    return name;
  }
}

function readValue(buffer: Buffer, start: number, end: number, binary: boolean): Value {
  if (!binary) {
    const text = buffer.toString('utf8', start, end);
    // U+FFFD stands for octets that are no UTF-8, unless the value really holds that character.
    if (!text.includes('\ufffd') || isUtf8(buffer.subarray(start, end))) return text;
  }
  return Buffer.from(buffer.subarray(start, end));
}
