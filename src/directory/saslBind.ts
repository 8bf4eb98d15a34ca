/** A SASL bind (RFC 4511 §4.2) with credentials as octets; the library writes them as text. */
import { BindRequest } from 'ldapts';
import type { BerCursor } from './ber';

type Writer = Parameters<BindRequest['writeMessage']>[0];

export const BIND_RESPONSE = 0x61;
const SASL = 0xa3;
const SERVER_SASL_CREDS = 0x87;
const OCTET_STRING = 0x04;

export class SaslBindRequest extends BindRequest {
  readonly #mechanism: string;
  readonly #credentials: Buffer;

  constructor(mechanism: string, credentials: Buffer) {
    super({ messageId: 0 });
    this.#mechanism = mechanism;
    this.#credentials = credentials;
  }

  override writeMessage(writer: Writer): void {
    writer.writeInt(this.version);
    writer.writeString('');
    writer.startSequence(SASL);
    writer.writeString(this.#mechanism);
    writer.writeBuffer(this.#credentials, OCTET_STRING);
    writer.endSequence();
  }
}

/** serverSaslCreds of a BindResponse (RFC 4511 §4.2.2), which the library reads as text. */
export function saslCredentialsOf(cursor: BerCursor): Buffer {
  const end = cursor.enter(BIND_RESPONSE);
  cursor.integer(0x0a);
  cursor.text();
  cursor.text();
  while (cursor.offset < end) {
    const { tag } = cursor;
    const endOfPart = cursor.enter(tag);
    if (tag === SERVER_SASL_CREDS) return Buffer.from(cursor.buffer.subarray(cursor.offset, endOfPart));
    cursor.offset = endOfPart;
  }
  return Buffer.alloc(0);
}
