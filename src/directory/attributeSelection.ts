/** AttributeSelection (RFC 4511 §4.5.1) as octets. The same long list of names goes with every request, so each is encoded once. */
import { BerWriter } from 'ldapts';

const known = new WeakMap<readonly string[], Buffer>();

/** The names one after the other, without the SEQUENCE around them. A list that was encoded once must not change any more. */
export function encodedSelection(names: readonly string[]): Buffer {
  let octets = known.get(names);
  if (octets === undefined) {
    const writer = new BerWriter();
    for (const name of names) writer.writeString(name);
    octets = writer.buffer;
    known.set(names, octets);
  }
  return octets;
}
