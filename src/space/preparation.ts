/**
 * What writing a row of very many values takes, done ahead in steps, so that the transaction that writes it stays short:
 * its octets, and the references of whom it names (decision 51). Nothing of it counts before the row is written.
 */
import type { Steps } from '../directory/steps';
import {
  type EncodedRow,
  encodeRow,
  isLongRow,
  longOctets,
  type NeverStored,
  type PreparedRow,
  type SpaceRow,
} from './row';
import type { RowWriter } from './rowWriter';

/** Prepares rows of one generation. */
export class Preparation {
  readonly #prepared = new WeakMap<SpaceRow, PreparedRow>();

  constructor(
    readonly writer: RowWriter,
    readonly never: NeverStored,
  ) {}

  /** Prepares a row that is going to be written. */
  *steps(row: SpaceRow): Steps<void> {
    if (!isLongRow(row)) return;
    const long = yield* longOctets(row, this.never);
    if (long.length > 0) this.#prepared.set(row, { long, ahead: yield* this.writer.referAhead(row.id, long) });
  }

  /** A row as it is written, whether it was prepared or not. */
  encoded(row: SpaceRow): ReturnType<typeof encodeRow> {
    return encodeRow(row, this.never, this.#prepared.get(row));
  }

  /** A row of another generation, prepared for this one. */
  *taken<Row extends EncodedRow>(row: Row): Steps<Row> {
    return row.long === undefined ? row : { ...row, ahead: yield* this.writer.referAhead(row.id, row.long) };
  }
}
