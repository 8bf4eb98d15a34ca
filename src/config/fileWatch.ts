/**
 * Tells when files have changed: at once where the system says so, and by looking every few seconds where it does not
 * (network drives, containers). What counts is what stands on the disk, so that an editor may write, rename or link as it likes.
 */
import { type FSWatcher, statSync, watch } from 'node:fs';
import { dirname } from 'node:path';

/** What to watch, and whom to tell. */
export interface FileWatchOptions {
  /** Absolute paths; asked anew at each look, so that files may come and go. One that does not exist is watched for its coming. */
  readonly files: () => readonly string[];
  /** Folders to which files may be added. */
  readonly folders: readonly string[];
  /** Called with the files that came, went or changed, once they have been quiet for a moment; never while it still runs. It must not reject. */
  readonly onChange: (changed: ReadonlySet<string>) => Promise<void> | void;
  /** Milliseconds without a further change before it counts. */
  readonly quietMs?: number;
  /** Milliseconds between looks where the system says nothing. */
  readonly pollMs?: number;
}

const defaultQuietMs = 150;
const defaultPollMs = 2_000;

/** Watches until it is closed. It keeps no process alive. */
export class FileWatch {
  readonly #options: FileWatchOptions;
  readonly #watchers = new Map<string, FSWatcher>();
  #known: ReadonlyMap<string, string>;
  /** How the files looked last, as long as they have not been quiet. */
  #restless: ReadonlyMap<string, string> | undefined;
  #quiet: NodeJS.Timeout | undefined;
  #telling = false;
  readonly #poll: NodeJS.Timeout;

  constructor(options: FileWatchOptions) {
    this.#options = options;
    this.#known = this.#look();
    this.#poll = setInterval(() => this.#noticed(), options.pollMs ?? defaultPollMs).unref();
  }

  close(): void {
    clearInterval(this.#poll);
    clearTimeout(this.#quiet);
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }

  #noticed(): void {
    if (this.#quiet !== undefined || this.#telling) return;
    const now = this.#look();
    if (changedBetween(this.#known, now).size === 0) return;
    this.#restless = now;
    this.#waitForQuiet();
  }

  #waitForQuiet(): void {
    this.#quiet = setTimeout(() => {
      this.#quiet = undefined;
      const now = this.#look();
      if (this.#restless !== undefined && changedBetween(this.#restless, now).size > 0) {
        this.#restless = now;
        this.#waitForQuiet();
      } else void this.#tell(now);
    }, this.#options.quietMs ?? defaultQuietMs).unref();
  }

  async #tell(now: ReadonlyMap<string, string>): Promise<void> {
    const changed = changedBetween(this.#known, now);
    this.#known = now;
    this.#restless = undefined;
    if (changed.size === 0) return;
    this.#telling = true;
    try {
      await this.#options.onChange(changed);
    } finally {
      this.#telling = false;
      // What changed meanwhile has had nobody to notice it.
      this.#noticed();
    }
  }

  #look(): ReadonlyMap<string, string> {
    const files = this.#options.files();
    this.#listen(new Set([...this.#options.folders, ...files.map((file) => dirname(file))]));
    return new Map(files.map((file) => [file, signatureOf(file)]));
  }

  #listen(folders: ReadonlySet<string>): void {
    for (const [folder, watcher] of this.#watchers) if (!folders.has(folder)) this.#ignore(folder, watcher);
    for (const folder of folders) {
      if (this.#watchers.has(folder)) continue;
      try {
        const watcher = watch(folder, { persistent: false }, () => this.#noticed());
        // A folder that was removed, or a limit of the system: looking goes on, and so does trying.
        watcher.on('error', () => this.#ignore(folder, watcher));
        this.#watchers.set(folder, watcher);
      } catch {
        // As above.
      }
    }
  }

  #ignore(folder: string, watcher: FSWatcher): void {
    watcher.close();
    this.#watchers.delete(folder);
  }
}

/** A file that was replaced, written or touched has another one; one that cannot be seen has an empty one. */
function signatureOf(file: string): string {
  try {
    const { ino, size, mtimeMs, ctimeMs } = statSync(file);
    return `${ino} ${size} ${mtimeMs} ${ctimeMs}`;
  } catch {
    return '';
  }
}

function changedBetween(before: ReadonlyMap<string, string>, now: ReadonlyMap<string, string>): ReadonlySet<string> {
  const files = [...new Set([...before.keys(), ...now.keys()])];
  return new Set(files.filter((file) => (before.get(file) ?? '') !== (now.get(file) ?? '')));
}
