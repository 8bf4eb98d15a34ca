/** Renames and deletes that were sent to the directory, for what has to be done in the record when they have taken place. */
import type { StateFile } from './stateFile';

/** A rename or delete that was begun. */
export interface BegunMove {
  readonly id: string;
  /** The name of its object type. */
  readonly objectType: string;
  readonly dn: string;
  readonly normalizedDN: string;
  /** Values of its attributes by which others name it. */
  readonly values?: Readonly<Record<string, readonly string[]>>;
  /** Its new name; absent: it is deleted. */
  readonly to?: { readonly dn: string; readonly normalizedDN: string };
  /** A delete flow that keeps the entry: it is hidden afterwards. */
  readonly disconnects?: true;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** The renames and deletes that were begun, one for each id. */
export interface Moves {
  all(): Promise<BegunMove[]>;
  /** Resolves when it would survive the end of the process. */
  begin(move: BegunMove): Promise<void>;
  /** What there was to do is done. */
  forgetLater(id: string): Promise<void>;
}

/** {@link Moves} in the record's file. */
export class SqliteMoves implements Moves {
  constructor(readonly file: StateFile) {}

  all(): Promise<BegunMove[]> {
    return this.file.read((database) =>
      database
        .all<{ json: string }>('SELECT json FROM begun_move ORDER BY id')
        .map(({ json }) => JSON.parse(json) as BegunMove),
    );
  }

  begin(move: BegunMove): Promise<void> {
    const json = JSON.stringify(move);
    return this.file.write((database) => {
      database.run('INSERT OR REPLACE INTO begun_move (id, json) VALUES (?, ?)', move.id, json);
    }, 'commit');
  }

  forgetLater(id: string): Promise<void> {
    return this.file.write((database) => {
      database.run('DELETE FROM begun_move WHERE id = ?', id);
    }, 'company');
  }
}
