/** replPropertyMetaData (MS-DRSR PROPERTY_META_DATA_EXT_VECTOR, in little-endian): which attribute was written when. */
import type { Value } from '../entry';

/** The attribute `name`, written by each rename and each move. */
const ATTID_NAME = 0x0009_0001;
const VERSION = 1;
const HEADER = 16;
const PROPERTY = 48;
/** Of a property: ATTRTYP, version, time, invocation id and number of the writer, then the number on this server. */
const LOCAL_USN = 40;

/** Whether an entry was renamed or moved after an update sequence number; true where the value does not tell. */
export function renamedSince(value: Value | undefined, usn: bigint): boolean {
  if (!Buffer.isBuffer(value) || value.length < HEADER || value.readUInt32LE(0) !== VERSION) return true;
  const end = HEADER + value.readUInt32LE(8) * PROPERTY;
  if (end > value.length) return true;
  for (let at = HEADER; at < end; at += PROPERTY)
    if (value.readUInt32LE(at) === ATTID_NAME) return value.readBigUInt64LE(at + LOCAL_USN) > usn;
  return true;
}
