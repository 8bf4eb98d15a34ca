/** Request controls that the library lacks, and the object identifiers that this room asks for by name. */
import { type BerReader, type BerWriter, Control } from 'ldapts';
import { encodedSelection } from './attributeSelection';
import { BerCursor } from './ber';
import type { Entry } from './entry';
import type { EntryDecoder } from './entryDecoder';
import type { Filter } from './filter';
import { WireFilter } from './wireFilter';

/** Object identifiers as they stand in a root DSE. */
export const Oid = {
  pagedResults: '1.2.840.113556.1.4.319',
  postRead: '1.3.6.1.1.13.2',
  assertion: '1.3.6.1.1.12',
  treeDelete: '1.2.840.113556.1.4.805',
  permissiveModify: '1.2.840.113556.1.4.1413',
  showDeleted: '1.2.840.113556.1.4.417',
  manageDsaIT: '2.16.840.1.113730.3.4.2',
  dirSync: '1.2.840.113556.1.4.841',
  serverSideSort: '1.2.840.113556.1.4.473',
  sortResult: '1.2.840.113556.1.4.474',
  virtualListView: '2.16.840.1.113730.3.4.9',
  virtualListViewResult: '2.16.840.1.113730.3.4.10',
  syncRequest: '1.3.6.1.4.1.4203.1.9.1.1',
  syncState: '1.3.6.1.4.1.4203.1.9.1.2',
  syncDone: '1.3.6.1.4.1.4203.1.9.1.3',
  syncInfo: '1.3.6.1.4.1.4203.1.9.1.4',
  passwordPolicy: '1.3.6.1.4.1.42.2.27.8.5.1',
  passwordModify: '1.3.6.1.4.1.4203.1.11.1',
  startTLS: '1.3.6.1.4.1.1466.20037',
  noticeOfDisconnection: '1.3.6.1.4.1.1466.20036',
} as const;

const OCTET_STRING = 0x04;
const SEQUENCE = 0x30;

/**
 * Post-read (RFC 4527 §3.2): the entry after the write. Not critical, because a directory refuses a whole write for one
 * attribute that it does not know; then there is no entry, and the caller reads for itself.
 */
export class PostReadControl extends Control {
  /** What the server answered, once it has. */
  entry: Entry | undefined;
  readonly #attributes: readonly string[];
  readonly #decoder: EntryDecoder;

  constructor(attributes: readonly string[], decoder: EntryDecoder) {
    super(Oid.postRead);
    this.#attributes = attributes;
    this.#decoder = decoder;
  }

  override writeControl(writer: BerWriter): void {
    writer.startSequence(OCTET_STRING);
    writer.writeBuffer(encodedSelection(this.#attributes), SEQUENCE);
    writer.endSequence();
  }

  override parseControl(reader: BerReader): void {
    const { buffer, offset } = reader;
    try {
      this.entry = this.#decoder.decode(new BerCursor(buffer, offset, buffer.length));
    } catch {
      // The write has succeeded whatever this says; without an entry the caller reads for itself.
    }
  }
}

/** Assertion (RFC 4528): the operation happens only if the entry matches; 122 otherwise. Critical. */
export class AssertionControl extends Control {
  readonly #filter: Filter;

  constructor(filter: Filter) {
    super(Oid.assertion, { critical: true });
    this.#filter = filter;
  }

  override writeControl(writer: BerWriter): void {
    writer.startSequence(OCTET_STRING);
    new WireFilter(this.#filter).write(writer);
    writer.endSequence();
  }
}

/** Permissive modify (MS-ADTS 3.1.1.3.4.1.8): values that are there already, or not there any more, are no errors. Critical. */
export class PermissiveModifyControl extends Control {
  constructor() {
    super(Oid.permissiveModify, { critical: true });
  }
}

/** Show deleted (MS-ADTS 3.1.1.3.4.1.14): a search finds deleted objects too. Critical. */
export class ShowDeletedControl extends Control {
  constructor() {
    super(Oid.showDeleted, { critical: true });
  }
}

/** ManageDsaIT (RFC 3296): an entry that is a referral is an entry like any other. Not critical: some list it and refuse it then. */
export class ManageDsaITControl extends Control {
  constructor() {
    super(Oid.manageDsaIT);
  }
}

/** Tree delete (draft-armijo-ldap-treedelete): an entry with everything below it. Critical. */
export class TreeDeleteControl extends Control {
  constructor() {
    super(Oid.treeDelete, { critical: true });
  }
}
