/** Reads the string form of DNs (RFC 4514 §3) in one pass; what it means is `dn.ts`. */
import type { Value } from './entry';
import { hexPairAt, textOrOctets } from './octets';

/** Limits of what is read at all. Directories stay far below; hostile input is refused before it costs anything. */
export const MAX_LENGTH = 64 * 1024;
const MAX_RDNS = 512;

/** Text that is no DN. The message says what is wrong and where; `position` counts UTF-16 units from 0. */
export class DNSyntaxError extends Error {
  override readonly name = 'DNSyntaxError';

  constructor(
    what: string,
    readonly position: number,
  ) {
    super(`Not a DN (RFC 4514): at position ${position}, ${what}`);
  }
}

interface Part {
  readonly type: string;
  readonly value: Value;
}

const TYPE = /(?:oid\.)?(\d+(?:\.\d+)*)|[a-z][a-z0-9_-]*/iy;
const ESCAPABLE = ' "#+,;<=>\\';

/** RDNs from leaf to root, each as its types and values. Throws {@link DNSyntaxError}. */
export function parseDN(text: string): Part[][] {
  return new Parser(text).dn();
}

class Parser {
  #position = 0;

  constructor(private readonly text: string) {
    if (text.length > MAX_LENGTH) {
      throw new DNSyntaxError(`the text is longer than ${MAX_LENGTH} characters`, MAX_LENGTH);
    }
  }

  dn(): Part[][] {
    this.#skipBlanks();
    if (this.#atEnd()) return [];
    const rdns: Part[][] = [];
    for (;;) {
      if (rdns.length === MAX_RDNS) this.#fail(`there are more than ${MAX_RDNS} RDNs`);
      const parts = [this.#part()];
      while (this.#take('+')) parts.push(this.#part());
      rdns.push(parts);
      if (this.#atEnd()) return rdns;
      if (!this.#take(',') && !this.#take(';')) this.#fail(`"," or the end is expected, not ${this.#here()}`);
    }
  }

  #part(): Part {
    this.#skipBlanks();
    TYPE.lastIndex = this.#position;
    const match = TYPE.exec(this.text);
    if (!match) this.#fail(`an attribute type is expected, not ${this.#here()}`);
    this.#position += match[0].length;
    this.#skipBlanks();
    if (!this.#take('=')) this.#fail(`"=" is expected after the attribute type, not ${this.#here()}`);
    this.#skipBlanks();
    return { type: match[1] ?? match[0], value: this.#value() };
  }

  #value(): Value {
    const first = this.text[this.#position];
    if (first === '#') return this.#hexString();
    if (first === '"') return this.#quoted();
    return this.#characters();
  }

  #characters(): Value {
    const start = this.#position;
    const pieces: Buffer[] = [];
    let plainFrom = start;
    for (; ; this.#position++) {
      const c = this.text[this.#position];
      if (c === undefined || c === ',' || c === '+' || c === ';') break;
      if (c === '"' || c === '\0') this.#fail(`${this.#here()} must be escaped with a backslash`);
      if (c !== '\\') continue;
      pieces.push(Buffer.from(this.text.slice(plainFrom, this.#position)), this.#escaped());
      plainFrom = this.#position + 1;
    }
    let end = this.#position;
    while (end > plainFrom && this.text[end - 1] === ' ') end--;
    const rest = this.text.slice(plainFrom, end);
    return pieces.length === 0 ? rest : textOrOctets(Buffer.concat([...pieces, Buffer.from(rest)]));
  }

  #quoted(): Value {
    const pieces: Buffer[] = [];
    const open = this.#position++;
    let plainFrom = this.#position;
    for (; this.text[this.#position] !== '"'; this.#position++) {
      if (this.#atEnd()) this.#fail('the quoted value has no closing quotation mark', open);
      if (this.text[this.#position] !== '\\') continue;
      pieces.push(Buffer.from(this.text.slice(plainFrom, this.#position)), this.#escaped());
      plainFrom = this.#position + 1;
    }
    pieces.push(Buffer.from(this.text.slice(plainFrom, this.#position++)));
    this.#skipBlanks();
    return textOrOctets(Buffer.concat(pieces));
  }

  /** The octets of the escape here; leaves the position on its last character. */
  #escaped(): Buffer {
    const octet = hexPairAt(this.text, this.#position + 1);
    if (octet !== undefined) {
      this.#position += 2;
      return Buffer.of(octet);
    }
    const c = this.text[this.#position + 1];
    if (c === undefined || !ESCAPABLE.includes(c)) {
      this.#fail('a backslash is expected before two hexadecimal digits or one of space " # + , ; < = > \\');
    }
    this.#position++;
    return Buffer.from(c);
  }

  #hexString(): Value {
    const start = this.#position++;
    const octets: number[] = [];
    for (let octet = this.#hexPair(); octet !== undefined; octet = this.#hexPair()) octets.push(octet);
    if (octets.length === 0)
      this.#fail('pairs of hexadecimal digits are expected after "#" (or escape it: \\#)', start);
    this.#skipBlanks();
    return textOrOctets(berContent(Buffer.from(octets)));
  }

  #hexPair(): number | undefined {
    const octet = hexPairAt(this.text, this.#position);
    if (octet !== undefined) this.#position += 2;
    return octet;
  }

  #take(character: string): boolean {
    if (this.text[this.#position] !== character) return false;
    this.#position++;
    return true;
  }

  #skipBlanks(): void {
    while (this.text[this.#position] === ' ') this.#position++;
  }

  #atEnd(): boolean {
    return this.#position >= this.text.length;
  }

  #here(): string {
    return this.#atEnd() ? 'the end' : JSON.stringify(String.fromCodePoint(this.text.codePointAt(this.#position) ?? 0));
  }

  #fail(what: string, position = this.#position): never {
    throw new DNSyntaxError(what, position);
  }
}

/** OCTET STRING, UTF8String, PrintableString, IA5String: the types whose contents are the value itself. */
const STRING_TAGS: ReadonlySet<number | undefined> = new Set([0x04, 0x0c, 0x13, 0x16]);

/** The contents of a BER string; anything else stays as it was encoded. */
function berContent(ber: Buffer): Buffer {
  const first = ber[1];
  if (!STRING_TAGS.has(ber[0]) || first === undefined) return ber;
  if (first < 0x80) return ber.length === 2 + first ? ber.subarray(2) : ber;
  const width = first - 0x80;
  if (width < 1 || width > 4 || ber.length < 2 + width) return ber;
  return ber.length === 2 + width + ber.readUIntBE(2, width) ? ber.subarray(2 + width) : ber;
}
