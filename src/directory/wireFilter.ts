/** Our filters as BER (RFC 4511 §4.5.1.7), by way of the library's writer. Values go as octets, never as text to be parsed again. */
import { type BerWriter, Filter as LdaptsFilter, SearchFilter } from 'ldapts';
import type { Value } from './entry';
import { type Filter, filterToString, not, present, type SubstringsFilter } from './filter';

const ASSERTIONS = { equality: 0xa3, greaterOrEqual: 0xa5, lessOrEqual: 0xa6, approx: 0xa8 } as const;
const AND = 0xa0;
const OR = 0xa1;
const NOT = 0xa2;
const SUBSTRINGS = 0xa4;
const PRESENT = 0x87;
const EXTENSIBLE = 0xa9;
const OCTET_STRING = 0x04;

/** Deeper than any filter that is meant; a deeper one would end in a stack overflow here or in the server. */
const DEEPEST = 200;

/** A filter as the library's requests and our controls take it. */
export class WireFilter extends LdaptsFilter {
  override readonly type = SearchFilter.present;
  readonly #filter: Filter;

  constructor(filter: Filter) {
    super();
    this.#filter = filter;
  }

  override write(writer: BerWriter): void {
    writeFilter(writer, this.#filter, 0);
  }

  override toString(): string {
    return filterToString(this.#filter);
  }
}

function writeFilter(writer: BerWriter, filter: Filter, depth: number): void {
  if (depth > DEEPEST) throw new RangeError(`A filter nested more than ${DEEPEST} deep`);
  switch (filter.kind) {
    case 'and':
    case 'or': {
      // Several servers refuse `(&)` and `(|)` (RFC 4526), one of them by closing the connection.
      if (filter.filters.length === 0) {
        const every = present('objectClass');
        writeFilter(writer, filter.kind === 'and' ? every : not(every), depth);
        return;
      }
      writer.startSequence(filter.kind === 'and' ? AND : OR);
      for (const member of filter.filters) writeFilter(writer, member, depth + 1);
      writer.endSequence();
      return;
    }
    case 'not':
      writer.startSequence(NOT);
      writeFilter(writer, filter.filter, depth + 1);
      writer.endSequence();
      return;
    case 'present':
      writer.writeString(filter.attribute, PRESENT);
      return;
    case 'substrings':
      writeSubstrings(writer, filter);
      return;
    case 'extensible':
      writer.startSequence(EXTENSIBLE);
      if (filter.rule !== undefined) writer.writeString(filter.rule, 0x81);
      if (filter.attribute !== undefined) writer.writeString(filter.attribute, 0x82);
      writeValue(writer, filter.value, 0x83);
      if (filter.dnAttributes) writer.writeBoolean(true, 0x84);
      writer.endSequence();
      return;
    default:
      writer.startSequence(ASSERTIONS[filter.kind]);
      writer.writeString(filter.attribute);
      writeValue(writer, filter.value, OCTET_STRING);
      writer.endSequence();
  }
}

function writeSubstrings(writer: BerWriter, filter: SubstringsFilter): void {
  writer.startSequence(SUBSTRINGS);
  writer.writeString(filter.attribute);
  writer.startSequence();
  if (filter.initial) writer.writeString(filter.initial, 0x80);
  for (const part of filter.any) writer.writeString(part, 0x81);
  if (filter.final) writer.writeString(filter.final, 0x82);
  writer.endSequence();
  writer.endSequence();
}

function writeValue(writer: BerWriter, value: Value, tag: number): void {
  if (typeof value === 'string') writer.writeString(value, tag);
  else writer.writeBuffer(value, tag);
}
