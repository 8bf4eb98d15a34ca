/**
 * Reading BER as LDAP uses it (RFC 4511 §5.1: definite lengths only) straight from the bytes that arrived. Everything
 * here is hostile: no length is believed before it is seen to fit.
 */

/** Bytes that are no LDAP message. */
export class BerError extends Error {
  override readonly name = 'BerError';
}

/** A place in a buffer, between elements. */
export class BerCursor {
  constructor(
    readonly buffer: Buffer,
    public offset: number,
    /** Nothing at or after this offset belongs to the element being read. */
    readonly end: number,
  ) {}

  /** The tag of the next element, or -1 at the end. */
  get tag(): number {
    return this.offset < this.end ? (this.buffer[this.offset] ?? -1) : -1;
  }

  /** Steps over tag and length of the next element, and answers where its content ends. */
  enter(tag: number): number {
    if (this.tag !== tag) throw new BerError(`expected tag 0x${tag.toString(16)}, found 0x${this.tag.toString(16)}`);
    const { buffer } = this;
    let length = buffer[this.offset + 1] ?? 0;
    this.offset += 2;
    if (length > 0x7f) {
      const octets = length & 0x7f;
      if (octets === 0 || octets > 4) throw new BerError(`length of ${octets} octets`);
      length = 0;
      for (let i = 0; i < octets; i++) length = length * 256 + (buffer[this.offset++] ?? 0);
    }
    const end = this.offset + length;
    if (end > this.end) throw new BerError('an element is longer than what holds it');
    return end;
  }

  /** A small INTEGER or ENUMERATED. */
  integer(tag = 0x02): number {
    const end = this.enter(tag);
    if (end - this.offset < 1 || end - this.offset > 4) throw new BerError('an integer of no usable length');
    let value = 0;
    while (this.offset < end) value = (value << 8) | (this.buffer[this.offset++] ?? 0);
    return value;
  }

  /** An OCTET STRING as UTF-8 text. */
  text(tag = 0x04): string {
    const end = this.enter(tag);
    const text = this.buffer.toString('utf8', this.offset, end);
    this.offset = end;
    return text;
  }
}

/** Longest message that is put together: far above a group of a million members, far below memory. */
const LARGEST_MESSAGE = 0x1000_0000;

/** Cuts a byte stream into LDAP messages. Pieces of one message are joined once, when it is complete. */
export class MessageFramer {
  #pieces: Buffer[] = [];
  #size = 0;
  #needed = 2;

  /** Takes what arrived and hands on each complete message. Throws {@link BerError} when the stream is not LDAP. */
  push(bytes: Buffer, onMessage: (buffer: Buffer, start: number, end: number) => void): void {
    this.#pieces.push(bytes);
    this.#size += bytes.length;
    if (this.#size < this.#needed) return;

    const buffer = this.#pieces.length === 1 ? bytes : Buffer.concat(this.#pieces, this.#size);
    let start = 0;
    for (;;) {
      const length = messageLength(buffer, start);
      if (start + length > buffer.length) {
        this.#needed = length;
        break;
      }
      onMessage(buffer, start, start + length);
      start += length;
    }
    this.#pieces = start === buffer.length ? [] : [buffer.subarray(start)];
    this.#size = buffer.length - start;
  }
}

/** Octets of the message that begins here; while its length has not arrived, as many as it takes to know. */
function messageLength(buffer: Buffer, start: number): number {
  if (buffer.length - start < 2) return 2;
  if (buffer[start] !== 0x30) throw new BerError(`a message cannot begin with 0x${buffer[start]?.toString(16)}`);
  const first = buffer[start + 1] ?? 0;
  if (first < 0x80) return 2 + first;
  const octets = first & 0x7f;
  if (octets === 0 || octets > 4) throw new BerError(`length of ${octets} octets`);
  if (buffer.length - start < 2 + octets) return 2 + octets;
  const length = buffer.readUIntBE(start + 2, octets);
  if (length > LARGEST_MESSAGE) throw new BerError(`a message of ${length} octets`);
  return 2 + octets + length;
}
