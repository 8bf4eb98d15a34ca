/** Faults of `ldapts` 8.2.0 that can be mended from outside. `ldaptsContract.test.ts` fails when they change. */
import { AddRequest, BerWriter } from 'ldapts';
import { messageOctets, type WritableMessage } from './messageOctets';

/**
 * Faults of 8.2.0 that sit where only the prototype can be reached. Every message is put through JSON.stringify
 * when it is sent, values and all (milliseconds for a photo, passwords in a debug log). And the end of a sequence of
 * more than 65535 octets moves its content by one without asking for room, so that a message that just fills the
 * writer's buffer loses its last octets. And each message takes buffers of its own (see `messageOctets.ts`).
 */
export function mendLibrary(): void {
  const message = Object.getPrototypeOf(AddRequest.prototype);
  message.toJSON = function toJSON(this: { messageId: number; protocolOperation: number }) {
    return { messageId: this.messageId, protocolOperation: this.protocolOperation };
  };
  message.write = function write(this: WritableMessage) {
    return messageOctets(this);
  };
  const writer = BerWriter.prototype as unknown as { endSequence(): void; ensureCapacity(octets: number): void };
  const { endSequence } = writer;
  writer.endSequence = function endSequenceWithRoom(this: typeof writer) {
    this.ensureCapacity(1);
    endSequence.call(this);
  };
}
