/**
 * The refresh stage of content synchronization (RFC 4533, mode refreshOnly): a search that answers what has changed since
 * a cookie. It owns the controls and the messages in between; what they mean is in `changes/syncRepl.ts`.
 */
import { type BerReader, type BerWriter, Control, BerWriter as Writer } from 'ldapts';
import { type BerCursor, BerError, BerCursor as Cursor } from './ber';
import { Oid } from './controls';
import type { Entry } from './entry';

const SEQUENCE = 0x30;
const SET = 0x31;
const BOOLEAN = 0x01;
const ENUMERATED = 0x0a;
const OCTET_STRING = 0x04;
const CONTROLS = 0xa0;
const INTERMEDIATE_RESPONSE = 0x79;
const RESPONSE_NAME = 0x80;
const RESPONSE_VALUE = 0x81;
const REFRESH_ONLY = 1;

/** What the server tells while it answers (§2.2, §2.5). Ids are entryUUIDs as text. */
export type SyncEvent =
  | { readonly kind: 'present' | 'add' | 'modify' | 'delete'; readonly id: string; readonly entry: Entry }
  /** Entries that are gone, or that are there and have not changed. */
  | { readonly kind: 'ids'; readonly deleted: boolean; readonly ids: readonly string[] }
  /** All that is there has been told: what was not mentioned is gone. */
  | { readonly kind: 'allPresent' };

/** How the refresh ended. */
export interface SyncEnd {
  readonly status: number;
  readonly errorMessage: string;
  /** Where to go on from; absent: where it began. */
  readonly cookie?: Buffer;
  /** False: what was not mentioned is gone. */
  readonly refreshDeletes: boolean;
}

/** The Sync Request Control (§2.2) on its way out; what comes back in the answer is a Sync Done Control (§2.4). */
export class SyncControl extends Control {
  cookie: Buffer | undefined;
  refreshDeletes = false;
  /** Why the answer could not be read. */
  fault: Error | undefined;
  readonly #from: Buffer;

  constructor(from: Buffer) {
    // The library gives an answer's control to the request's control of the same type.
    super(Oid.syncDone, { critical: true });
    this.#from = from;
  }

  override write(writer: BerWriter): void {
    const value = new Writer();
    value.startSequence();
    value.writeEnumeration(REFRESH_ONLY);
    value.writeBuffer(this.#from, OCTET_STRING);
    value.writeBoolean(false);
    value.endSequence();
    writer.startSequence();
    writer.writeString(Oid.syncRequest);
    writer.writeBoolean(true);
    writer.writeBuffer(value.buffer, OCTET_STRING);
    writer.endSequence();
  }

  override parseControl(reader: BerReader): void {
    const { buffer, offset } = reader;
    try {
      const cursor = new Cursor(buffer, offset, buffer.length);
      const inside = within(cursor, cursor.enter(SEQUENCE));
      this.cookie = optionalOctets(inside);
      this.refreshDeletes = optionalBoolean(inside, false);
    } catch (error) {
      this.fault = error as Error;
    }
  }
}

/** The Sync State Control (§2.3) behind an entry; the cursor stands behind the entry in its message. */
export function readSyncState(cursor: BerCursor): { kind: 'present' | 'add' | 'modify' | 'delete'; id: string } {
  if (cursor.tag !== CONTROLS) throw new BerError('an entry without a Sync State Control');
  const controls = within(cursor, cursor.enter(CONTROLS));
  while (controls.offset < controls.end) {
    const end = controls.enter(SEQUENCE);
    const control = within(controls, end);
    controls.offset = end;
    if (control.text() !== Oid.syncState) continue;
    optionalBoolean(control, false);
    const octets = within(control, control.enter(OCTET_STRING));
    const value = within(octets, octets.enter(SEQUENCE));
    const kind = (['present', 'add', 'modify', 'delete'] as const)[value.integer(ENUMERATED)];
    if (kind === undefined) throw new BerError('a Sync State Control with an unknown state');
    return { kind, id: readId(value) };
  }
  throw new BerError('an entry without a Sync State Control');
}

/** A Sync Info Message (§2.5); undefined for other intermediate responses and for one that only brings a cookie. */
export function readSyncInfo(cursor: BerCursor): SyncEvent | undefined {
  const response = within(cursor, cursor.enter(INTERMEDIATE_RESPONSE));
  if (response.tag !== RESPONSE_NAME || response.text(RESPONSE_NAME) !== Oid.syncInfo) return undefined;
  const value = within(response, response.enter(RESPONSE_VALUE));
  const choice = value.tag;
  // newcookie [0] is primitive; a refreshOnly search ends with a cookie anyway.
  if (choice === 0x80 || choice === -1) return undefined;
  const inside = within(value, value.enter(choice));
  optionalOctets(inside);
  if (choice === 0xa1) return undefined;
  if (choice === 0xa2) return { kind: 'allPresent' };
  if (choice !== 0xa3) throw new BerError('an unknown Sync Info Message');
  const deleted = optionalBoolean(inside, false);
  const set = within(inside, inside.enter(SET));
  const ids: string[] = [];
  while (set.offset < set.end) ids.push(readId(set));
  return { kind: 'ids', deleted, ids };
}

/** The element that ends there, as a cursor of its own; the outer one stands where the inner one begins. */
function within({ buffer, offset }: BerCursor, end: number): BerCursor {
  return new Cursor(buffer, offset, end);
}

function readId(cursor: BerCursor): string {
  const end = cursor.enter(OCTET_STRING);
  if (end - cursor.offset !== 16) throw new BerError('an entryUUID that is not 16 octets long');
  const hex = cursor.buffer.toString('hex', cursor.offset, end);
  cursor.offset = end;
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

function optionalOctets(cursor: BerCursor): Buffer | undefined {
  if (cursor.tag !== OCTET_STRING) return undefined;
  const end = cursor.enter(OCTET_STRING);
  const octets = Buffer.from(cursor.buffer.subarray(cursor.offset, end));
  cursor.offset = end;
  return octets;
}

function optionalBoolean(cursor: BerCursor, absent: boolean): boolean {
  return cursor.tag === BOOLEAN ? cursor.integer(BOOLEAN) !== 0 : absent;
}
