/** LDAPMessage (RFC 4511 §4.1.1) as octets, by a writer that serves for all of them. */
import { BerWriter, type Control } from 'ldapts';

/** A message of the library. */
export interface WritableMessage {
  readonly messageId: number;
  readonly protocolOperation: number;
  readonly controls?: readonly Control[];
  writeMessage(writer: BerWriter): void;
}

/** What the types of a writer hide. */
interface WriterInternals {
  readonly size: number;
  currentOffset: number;
  sequenceOffsets: number[];
}

const CONTROLS = 0xa0;

const USUAL_SIZE = 16 * 1024;
const LARGEST_KEPT = 1024 * 1024;

let writer = new BerWriter({ size: USUAL_SIZE });

/**
 * The octets of a message. The library makes a writer for each, of a kilobyte of zeros that most messages outgrow; this
 * one is begun anew, also after a message that could not be written.
 */
export function messageOctets(message: WritableMessage): Buffer {
  const internals = writer as unknown as WriterInternals;
  internals.currentOffset = 0;
  internals.sequenceOffsets = [];
  writer.startSequence();
  writer.writeInt(message.messageId);
  writer.startSequence(message.protocolOperation);
  message.writeMessage(writer);
  writer.endSequence();
  if (message.controls !== undefined && message.controls.length > 0) {
    writer.startSequence(CONTROLS);
    for (const control of message.controls) control.write(writer);
    writer.endSequence();
  }
  writer.endSequence();
  const octets = Buffer.from(writer.buffer);
  if (internals.size > LARGEST_KEPT) writer = new BerWriter({ size: USUAL_SIZE });
  return octets;
}
