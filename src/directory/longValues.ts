/** Attributes of very many values, put into octets in turns before the message that carries them is written. */
import { Attribute, Ber, BerWriter } from 'ldapts';
import type { EntryAttribute, Value } from './entry';
import { inTurns, type Steps, VALUES_PER_STEP } from './steps';

const SET = 0x31;

/** Room for a step of names of the usual length. */
const USUAL_SIZE = 128 * 1024;

/** The contents of sets that {@link encodeLong} has made. */
const contents = new WeakMap<readonly Value[], Buffer>();

/** Whether a message with these attributes would take long to write. */
export function areLong(attributes: readonly EntryAttribute[]): boolean {
  return attributes.some(({ values }) => values.length > VALUES_PER_STEP);
}

/** Puts the values of long attributes into octets, in turns with whatever else waits. */
export async function encodeLong(attributes: readonly EntryAttribute[]): Promise<void> {
  for (const { values } of attributes)
    if (values.length > VALUES_PER_STEP) contents.set(values, await inTurns(octetsOf(values)));
}

/** An attribute of a request; of values that {@link encodeLong} was given, with the octets that it has made. */
export function attributeOf(type: string, values: readonly Value[]): Attribute {
  const octets = contents.get(values);
  // The library writes text and octets side by side; only its type says that they cannot be mixed.
  return octets === undefined
    ? new Attribute({ type, values: [...values] as string[] })
    : new EncodedAttribute(type, octets);
}

class EncodedAttribute extends Attribute {
  constructor(
    type: string,
    readonly octets: Buffer,
  ) {
    super({ type });
  }

  override write(writer: BerWriter): void {
    writer.startSequence();
    writer.writeString(this.type);
    writer.writeBuffer(this.octets, SET);
    writer.endSequence();
  }
}

function* octetsOf(values: readonly Value[]): Steps<Buffer> {
  const pieces: Buffer[] = [];
  for (let start = 0; start < values.length; start += VALUES_PER_STEP) {
    const writer = new BerWriter({ size: USUAL_SIZE });
    for (const value of values.slice(start, start + VALUES_PER_STEP)) {
      if (typeof value === 'string') writer.writeString(value);
      else writer.writeBuffer(value, Ber.OctetString);
    }
    pieces.push(Buffer.from(writer.buffer));
    yield;
  }
  return Buffer.concat(pieces);
}
