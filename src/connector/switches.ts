/**
 * Which connectors an operator has switched off. It outlasts a restart in `switched-off.json` of the state folder, apart
 * from the connector files, which belong to the administrator. It can only take away: what a file has switched off stays off.
 */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

const fileName = 'switched-off.json';

/** The switches of a host. */
export class Switches {
  /** Why the file cannot be trusted; then nothing may be served, since it could be what was switched off. */
  readonly fault: string | undefined;
  readonly #folder: string;
  /** Connector → when it was switched off, ISO 8601. */
  readonly #off = new Map<string, string>();
  #writing: Promise<void> = Promise.resolve();

  constructor(stateDirectory: string) {
    this.#folder = stateDirectory;
    const file = join(stateDirectory, fileName);
    try {
      for (const [name, since] of Object.entries(parse(readFileSync(file, 'utf8')))) this.#off.set(name, since);
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT') return;
      this.fault = `${file} says which connectors are switched off, and it cannot be read (${message}): restore it, or remove it to let every connector serve, and start again`;
    }
  }

  /** When the connector was switched off, ISO 8601; undefined when it was not. */
  offSince(connector: string): string | undefined {
    return this.#off.get(connector);
  }

  /** Resolves when it would survive a power failure. Rejects with the error of the file system; it is switched off all the same. */
  switchOff(connector: string, at: Date): Promise<void> {
    this.#off.set(connector, at.toISOString());
    return this.#save();
  }

  /** Like {@link switchOff}. */
  switchOn(connector: string): Promise<void> {
    return this.#off.delete(connector) ? this.#save() : Promise.resolve();
  }

  #save(): Promise<void> {
    const saved = this.#writing.then(() =>
      replace(this.#folder, `${JSON.stringify(Object.fromEntries(this.#off), undefined, 2)}\n`),
    );
    this.#writing = saved.catch(() => undefined);
    return saved;
  }
}

function parse(text: string): Record<string, string> {
  const value: unknown = JSON.parse(text);
  const isMap = typeof value === 'object' && value !== null && !Array.isArray(value);
  if (!isMap || Object.values(value).some((since) => typeof since !== 'string')) {
    throw new Error('it is not an object of times by connector');
  }
  return value as Record<string, string>;
}

async function replace(folder: string, text: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, fileName);
  const temporary = `${file}.${randomBytes(6).toString('hex')}`;
  try {
    const handle = await open(temporary, 'wx', 0o600);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
