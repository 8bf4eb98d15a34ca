/** What the tests of this room share: folders, a clock, rows, a directory that does as it is told. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ChangeSource } from '../../src/directory/changes/changeSource';
import type { SearchRequest } from '../../src/directory/directory';
import { DN, defaultRules } from '../../src/directory/dn';
import { Entry, type Value } from '../../src/directory/entry';
import { present } from '../../src/directory/filter';
import type { SpaceRow } from '../../src/space/connectorSpace';
import type { ImportScope, ImportSource, RowDraft } from '../../src/space/importScope';

const folders: string[] = [];

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'space-test-'));
  folders.push(folder);
  return folder;
}

export function removeTemporaryFolders(): void {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
}

/** A row of a person; the anchor is its uid. */
export function row(
  uid: string,
  attributes: Record<string, Value | Value[]> = {},
  more: Partial<SpaceRow> = {},
): SpaceRow {
  const dn = more.entry?.dn ?? DN.parse(`uid=${uid},ou=people,dc=example,dc=com`);
  const entry = new Entry(dn, { uid, ...attributes });
  return {
    id: `id-${uid}`,
    anchor: uid,
    objectType: 'User',
    normalizedDN: dn.normalized(),
    entry,
    matches: [{ attribute: 'uid', value: uid.toLowerCase() }],
    readAt: 1_000,
    ...more,
  };
}

export const PEOPLE = DN.parse('ou=people,dc=example,dc=com');

export const peopleScope: ImportScope = {
  objectType: 'User',
  base: PEOPLE,
  scope: 'sub',
  filter: present('uid'),
  attributes: ['*'],
};

/** The draft of an entry whose `entryUUID` (else uid) is its anchor. */
export function draft(entry: Entry): RowDraft {
  const anchor = entry.first('entryUUID') ?? entry.first('uid') ?? '';
  return {
    id: `id-${anchor}`,
    anchor,
    normalizedDN: entry.dn.normalized(),
    entry,
    matches: entry.values('mail').map((value) => ({ attribute: 'mail', value: value.toString().toLowerCase() })),
  };
}

/** A directory of a list of entries that can be told to fail. */
export class ListDirectory implements ImportSource {
  readonly schema = defaultRules;
  changes?: ChangeSource;
  /** Called before each entry is handed out. */
  before: (index: number) => Promise<void> | void = () => {};
  readonly requests: SearchRequest[] = [];

  constructor(public entries: Entry[]) {}

  async *search(request: SearchRequest): AsyncIterable<Entry> {
    this.requests.push(request);
    let index = 0;
    for (const entry of this.entries) {
      if (!entry.dn.isWithin(request.base)) continue;
      await this.before(index++);
      yield entry;
    }
  }
}

export function people(count: number, attributes: Record<string, string> = {}): Entry[] {
  return Array.from({ length: count }, (_, i) => person(`p${String(i).padStart(5, '0')}`, attributes));
}

export function person(uid: string, attributes: Record<string, Value> = {}): Entry {
  return new Entry(DN.parse(`uid=${uid},${PEOPLE}`), { uid, mail: `${uid}@example.com`, ...attributes });
}

const TYPESCRIPT = `
const { transformSync } = require('@swc/core');
require.extensions['.ts'] = (module, file) => module._compile(transformSync(require('fs').readFileSync(file, 'utf8'), {
  filename: file, jsc: { parser: { syntax: 'typescript' }, target: 'es2022' }, module: { type: 'commonjs' } }).code, file);
`;

/** Runs code that may require this room's sources in a process of its own. */
export function child(code: string): ChildProcess {
  return spawn(process.execPath, ['-e', TYPESCRIPT + code], {
    cwd: join(__dirname, '../..'),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

/** Resolves when the process has written a line that contains the text. */
export function said(process: ChildProcess, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let output = '';
    process.stdout?.on('data', (chunk) => {
      output += chunk;
      if (output.includes(text)) resolve();
    });
    process.once('exit', () => reject(new Error(`The process ended without saying ${text}: ${output}`)));
  });
}

/** Kills a process as a crash would. */
export function kill(process: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    process.once('exit', () => resolve());
    process.kill('SIGKILL');
  });
}
