/** What has changed in connector files between two readings, for the audit: which connector, and where in its file. Never a value. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { parseJsonFile } from '../config/jsonFile';

/** A connector whose configuration has changed. */
export interface ConfigurationChange {
  readonly connector: string;
  readonly change: 'added' | 'removed' | 'changed';
  /** Paths in its file, in the order of the file; absent where the file itself is as it was. */
  readonly paths?: readonly string[];
  /** Paths that were left out. */
  readonly more?: number;
  /** Files that it names, or that go with it (tokens, secrets, authorities), whose content has changed. */
  readonly files?: readonly string[];
}

/** The files of a connector. */
export interface ConnectorSources {
  readonly name: string;
  readonly file: string;
  readonly uses: readonly string[];
}

interface Reading {
  /** Path in the file → digest of what stands there. */
  readonly leaves: ReadonlyMap<string, string>;
  /** File → digest of its content. */
  readonly uses: ReadonlyMap<string, string>;
}

const mostPaths = 50;

/** Compares each reading with the one before. */
export class ConfigurationChanges {
  #before: ReadonlyMap<string, Reading>;

  constructor(sources: readonly ConnectorSources[]) {
    this.#before = readingsOf(sources);
  }

  /** What has changed since the last time, sorted by connector. */
  since(sources: readonly ConnectorSources[]): readonly ConfigurationChange[] {
    const before = this.#before;
    const now = readingsOf(sources);
    this.#before = now;
    const names = [...new Set([...before.keys(), ...now.keys()])].sort();
    return names.flatMap((connector): ConfigurationChange[] => {
      const [was, is] = [before.get(connector), now.get(connector)];
      if (was === undefined) return [{ connector, change: 'added' }];
      if (is === undefined) return [{ connector, change: 'removed' }];
      const paths = differing(was.leaves, is.leaves);
      const files = differing(was.uses, is.uses);
      if (paths.length === 0 && files.length === 0) return [];
      return [
        {
          connector,
          change: 'changed',
          ...(paths.length > 0 && { paths: paths.slice(0, mostPaths) }),
          ...(paths.length > mostPaths && { more: paths.length - mostPaths }),
          ...(files.length > 0 && { files }),
        },
      ];
    });
  }
}

function readingsOf(sources: readonly ConnectorSources[]): ReadonlyMap<string, Reading> {
  return new Map(
    sources.map(({ name, file, uses }): [string, Reading] => [
      name,
      { leaves: leavesOf(file), uses: new Map(uses.map((used) => [used, digest(contentOf(used))])) },
    ]),
  );
}

function leavesOf(file: string): ReadonlyMap<string, string> {
  const text = contentOf(file);
  const json = parseJsonFile(text);
  // Of what is no JSON only the whole can be told.
  if ('faults' in json) return new Map([['(the whole file)', digest(text)]]);
  const leaves = new Map<string, string>();
  collect(json.value, '', leaves);
  return leaves;
}

function collect(value: unknown, path: string, leaves: Map<string, string>): void {
  if (Array.isArray(value)) {
    for (const [index, one] of value.entries()) collect(one, `${path}[${index}]`, leaves);
    leaves.set(path, `array of ${value.length}`);
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, one] of Object.entries(value)) collect(one, path === '' ? key : `${path}.${key}`, leaves);
  } else leaves.set(path, digest(JSON.stringify(value)));
}

function differing(before: ReadonlyMap<string, string>, now: ReadonlyMap<string, string>): string[] {
  return [...new Set([...now.keys(), ...before.keys()])].filter((key) => before.get(key) !== now.get(key));
}

function contentOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

const digest = (text: string) => createHash('sha256').update(text).digest('base64url');
