/** What a generation says of itself as a whole. */
import type { Watermark } from '../directory/changes/changeSource';
import type { Database } from './database';

/** How far the space is known to follow the directory; saved in the same transaction as the entries. */
export interface Progress {
  readonly watermark?: Watermark;
  /** All changes of the directory up to this moment are in the space (milliseconds since the epoch). */
  readonly freshAt?: number;
}

/** {@link Progress} and where the generation comes from. */
export interface GenerationProperties extends Progress {
  /** When the import that made it began to read; absent while there was none. */
  readonly importedAt?: number;
  /** The attributes, in lower case, whose values are found by whom they name. */
  readonly references?: readonly string[];
  /** The sequence number of the rows of that import. */
  readonly sequence?: number;
}

/** Those of a file. */
export function readProperties(database: Database): GenerationProperties {
  const rows = database.all<{ name: string; json: string }>('SELECT name, json FROM property');
  return Object.fromEntries(rows.map(({ name, json }) => [name, JSON.parse(json) as unknown]));
}

/** Inside a transaction. */
export function writeProperties(database: Database, properties: GenerationProperties): void {
  for (const [name, value] of Object.entries(properties)) {
    database.run('INSERT OR REPLACE INTO property (name, json) VALUES (?, ?)', name, JSON.stringify(value));
  }
}
