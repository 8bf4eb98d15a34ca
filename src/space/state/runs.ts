/** The run history. Failures are kept apart from successes, and each profile by itself, so that noise pushes nothing out. */
import type { RunProfile, RunRecord } from '../runRecord';
import type { StateFile } from './stateFile';

/** The run history. */
export interface Runs {
  record(run: RunRecord): Promise<void>;
  /** Newest first. */
  list(selection?: { profile?: RunProfile; failedOnly?: boolean; limit?: number }): Promise<RunRecord[]>;
}

/** {@link Runs} in the record's file. */
export class SqliteRuns implements Runs {
  constructor(
    readonly file: StateFile,
    /** Runs kept per profile, and as many failed ones. */
    readonly kept: number,
  ) {}

  record(run: RunRecord): Promise<void> {
    const failed = run.outcome === 'success' ? 0 : 1;
    return this.file.write((database) => {
      database.run(
        'INSERT INTO run (profile, failed, json) VALUES (?, ?, ?)',
        run.profile,
        failed,
        JSON.stringify(run),
      );
      database.run(
        `DELETE FROM run WHERE profile = ?1 AND failed = ?2 AND number <=
           (SELECT number FROM run WHERE profile = ?1 AND failed = ?2 ORDER BY number DESC LIMIT 1 OFFSET ?3)`,
        run.profile,
        failed,
        this.kept,
      );
    });
  }

  list(selection: { profile?: RunProfile; failedOnly?: boolean; limit?: number } = {}): Promise<RunRecord[]> {
    return this.file.read((database) =>
      database
        .all<{ json: string }>(
          `SELECT json FROM run WHERE (?1 IS NULL OR profile = ?1) AND failed >= ?2 ORDER BY number DESC LIMIT ?3`,
          selection.profile ?? null,
          selection.failedOnly ? 1 : 0,
          selection.limit ?? 100,
        )
        .map(({ json }) => JSON.parse(json) as RunRecord),
    );
  }
}
