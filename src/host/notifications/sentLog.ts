/**
 * The log of what was sent, one JSON object a line, and by it what is still open: who was told of something before a
 * restart is not told again after it. It never holds a text that was sent, and so no password.
 */
import { appendFile, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/** One line. Times are ISO 8601. */
export interface SentRecord {
  readonly at: string;
  /** `raised` and `cleared` are of a condition; `sent` and `failed` of one notification on its way. */
  readonly event: 'raised' | 'cleared' | 'sent' | 'failed';
  readonly connector?: string;
  /** Names a condition. */
  readonly key?: string;
  readonly problem?: string;
  readonly channel?: 'mail' | 'webhook';
  readonly template?: string;
  readonly to?: readonly string[];
  readonly subject?: string;
  /** Why it could not be sent. */
  readonly reason?: string;
}

/** A condition that was told and is not over. */
export interface OpenCondition {
  readonly connector: string;
  readonly problem: string;
  /** ISO 8601. */
  readonly since: string;
}

/** The log of one host. Lines are written in the order of the calls. */
export class SentLog {
  readonly #file: string;
  readonly #onFault: (error: Error) => void;
  readonly #open = new Map<string, OpenCondition>();
  #turn: Promise<void> = Promise.resolve();

  private constructor(file: string, onFault: (error: Error) => void) {
    this.#file = file;
    this.#onFault = onFault;
  }

  /** Reads the log and forgets what is older than `keepFrom` and over. Lines that cannot be read are left out. */
  static async open(file: string, keepFrom: Date, onFault: (error: Error) => void): Promise<SentLog> {
    const log = new SentLog(file, onFault);
    await mkdir(dirname(file), { recursive: true });
    const records = await readSent(file);
    for (const record of records) log.#follow(record);
    const from = keepFrom.toISOString();
    const open = new Map([...log.#open].map(([key, { since }]) => [key, since]));
    const kept = records.filter(
      ({ at, event, key }) => at >= from || (event === 'raised' && key !== undefined && open.get(key) === at),
    );
    if (kept.length < records.length) log.#next(() => replace(file, kept));
    return log;
  }

  /** What was told and is not over, by its key. */
  get open(): ReadonlyMap<string, OpenCondition> {
    return this.#open;
  }

  write(record: SentRecord): void {
    this.#follow(record);
    this.#next(() => appendFile(this.#file, `${JSON.stringify(record)}\n`, { mode: 0o600 }));
  }

  /** Resolves when everything is written. */
  close(): Promise<void> {
    return this.#turn;
  }

  #follow({ event, key, at, connector = '', problem = '' }: SentRecord): void {
    if (key === undefined) return;
    if (event === 'raised') this.#open.set(key, { connector, problem, since: at });
    if (event === 'cleared') this.#open.delete(key);
  }

  #next(work: () => Promise<void>): void {
    this.#turn = this.#turn.then(work).catch((error: unknown) => this.#onFault(error as Error));
  }
}

/** The records of a log, oldest first; none when there is no log. */
export async function readSent(file: string): Promise<SentRecord[]> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  return text.split('\n').flatMap((line) => {
    try {
      const record = JSON.parse(line) as Partial<SentRecord> | null;
      return typeof record?.at === 'string' && typeof record.event === 'string' ? [record as SentRecord] : [];
    } catch {
      // The last line of a host that was killed may be half a line.
      return [];
    }
  });
}

async function replace(file: string, records: readonly SentRecord[]): Promise<void> {
  const aside = `${file}.new`;
  await writeFile(aside, records.map((record) => `${JSON.stringify(record)}\n`).join(''), { mode: 0o600 });
  await rename(aside, file);
}
