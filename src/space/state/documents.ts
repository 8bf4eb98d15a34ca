/** Small documents of which there is one each: what the directory said of itself, and which generation is current. */
import type { DirectoryDescription } from '../../directory/directory';
import type { StateFile } from './stateFile';

/** What was learned of the directory, kept so that opening does not need it. */
export interface KeptDescription {
  readonly description: DirectoryDescription;
  /** The schema's source, as the schema gave it and can be made from again. */
  readonly schema: unknown;
  /** When the directory said so, in milliseconds since the epoch. */
  readonly readAt: number;
  /** Digest of what the last whole import was told to read; another one may find fewer entries without an accident. */
  readonly scope?: string;
}

/** The directory's own description and schema. */
export interface Descriptions {
  get(): Promise<KeptDescription | undefined>;
  set(kept: KeptDescription): Promise<void>;
}

/** Which generation of the connector space is current. */
export interface Generations {
  current(): Promise<number | undefined>;
  set(generation: number): Promise<void>;
}

/** What is known of one guard rail. Times are milliseconds since the epoch. */
export interface RailState {
  /** It stops its operation, and what those who ask are told. */
  readonly tripped?: { readonly at: number; readonly detail: string };
  /** When an operator has let it go on, and how many more than the limit may go within the window after it. */
  readonly released?: { readonly at: number; readonly more: number };
}

/** Guard rails by the operation that they limit. */
export interface GuardRails {
  get(): Promise<Readonly<Record<string, RailState>> | undefined>;
  set(states: Readonly<Record<string, RailState>>): Promise<void>;
}

/** One JSON document in the record's file. */
class Document<T> {
  constructor(
    readonly file: StateFile,
    readonly name: string,
  ) {}

  async get(): Promise<T | undefined> {
    const row = await this.file.read((database) =>
      database.get<{ json: string }>('SELECT json FROM document WHERE name = ?', this.name),
    );
    return row && (JSON.parse(row.json) as T);
  }

  set(value: T): Promise<void> {
    return this.file.write((database) => {
      database.run('INSERT OR REPLACE INTO document (name, json) VALUES (?, ?)', this.name, JSON.stringify(value));
    });
  }
}

/** {@link Descriptions} in the record's file. */
export function sqliteDescriptions(file: StateFile): Descriptions {
  return new Document<KeptDescription>(file, 'description');
}

/** {@link Generations} in the record's file. */
export function sqliteGenerations(file: StateFile): Generations {
  const document = new Document<number>(file, 'generation');
  return { current: () => document.get(), set: (generation) => document.set(generation) };
}

/** {@link GuardRails} in the record's file. */
export function sqliteGuardRails(file: StateFile): GuardRails {
  return new Document<Readonly<Record<string, RailState>>>(file, 'guardRails');
}
