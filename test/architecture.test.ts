/** Who may import whom (docs/architecture.md), read from the imports of src/; `biome.json` says the same while one types. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

const src = join(__dirname, '../src');

/** Room → rooms (`directory`), or files of them (`space/run`). */
const rooms: Readonly<Record<string, readonly string[]>> = {
  main: ['cli'],
  cli: ['admin', 'config', 'connector', 'host', 'telemetry'],
  config: ['connector/options', 'host/host', 'telemetry/secret'],
  host: [
    'admin',
    'connector/events',
    'connector/handle',
    'connector/open',
    'scim/error',
    'scim/resource',
    'scim/router',
    'scim/serviceProvider',
    'scim/urlForm',
    'telemetry',
  ],
  admin: ['connector', 'space/run', 'telemetry'],
  connector: [
    'directory',
    'mapping',
    'space',
    'telemetry',
    ...[
      'dialect',
      'error',
      'filter',
      'filterEvaluate',
      'handler',
      'jsonPieces',
      'path',
      'resource',
      'resourceType',
      'serviceProvider',
    ].map((file) => `scim/${file}`),
  ],
  mapping: [
    ...['dn', 'entry', 'error', 'filter', 'schema', 'schemaCheck', 'steps'].map((file) => `directory/${file}`),
    ...['attributePath', 'core', 'error', 'filter', 'path', 'resource', 'resourceType'].map((file) => `scim/${file}`),
  ],
  space: ['directory'],
  scim: [],
  directory: [],
  telemetry: [],
};

/** Package → rooms or files that may use it. */
const packages: Readonly<Record<string, readonly string[]>> = {
  '@photostructure/sqlite': ['space/sqlite'],
  commander: ['cli'],
  croner: ['connector/schedule'],
  'csv-stringify': ['cli/changes', 'cli/space'],
  express: ['admin', 'host', 'scim/router'],
  'jsonc-parser': ['config'],
  kerberos: ['directory/gssapi'],
  ldapts: ['directory'],
  nodemailer: ['host/notifications/mail'],
  'passport-http-bearer': ['host/authentication'],
  'prom-client': ['telemetry/metrics'],
  scimmy: ['scim'],
  selfsigned: ['host/certificate'],
  winston: ['telemetry/log'],
  zod: ['config'],
};

const specifiers = /\bfrom\s*'([^'\n]+)'|\bimport\s*\(?\s*'([^'\n]+)'|\brequire\('([^'\n]+)'\)/g;

interface Import {
  /** Path below src/ without extension, e.g. `mapping/functions/text`. */
  readonly file: string;
  /** A path like it, or the name of a package. */
  readonly target: string;
  readonly isPackage: boolean;
}

function sources(folder = src): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? sources(path) : path.endsWith('.ts') ? [path] : [];
  });
}

function importsOf(path: string, text: string): Import[] {
  const file = relative(src, path).replace(/\.ts$/, '');
  return [...text.matchAll(specifiers)].flatMap(([, from, dynamic, required]) => {
    const specifier = from ?? dynamic ?? required ?? '';
    if (specifier.startsWith('node:')) return [];
    const isPackage = !specifier.startsWith('.');
    return [{ file, target: isPackage ? specifier : relative(src, join(dirname(path), specifier)), isPackage }];
  });
}

function roomOf(path: string): string {
  return path.split('/')[0] ?? path;
}

function isWithin(path: string, allowed: readonly string[]): boolean {
  return allowed.some((one) => path === one || path.startsWith(`${one}/`));
}

function isAllowed({ file, target, isPackage }: Import): boolean {
  if (isPackage) return isWithin(file, packages[target] ?? []);
  return roomOf(file) === roomOf(target) || isWithin(target, rooms[roomOf(file)] ?? []);
}

const all = sources().flatMap((path) => importsOf(path, readFileSync(path, 'utf8')));

test('every import is one that the architecture allows', () => {
  expect(all.length).toBeGreaterThan(300);
  expect(all.filter((one) => !isAllowed(one)).map(({ file, target }) => `${file} imports ${target}`)).toEqual([]);
});

// The linter's own count leaves out some lines of comments.
test('no file is longer than 300 lines', () => {
  const lengths = sources().map(
    (path) => [relative(src, path), readFileSync(path, 'utf8').split('\n').length - 1] as const,
  );
  expect(lengths.filter(([, lines]) => lines > 300)).toEqual([]);
});

test('every room of src/ is in the table', () => {
  const found = new Set(sources().map((path) => roomOf(relative(src, path).replace(/\.ts$/, ''))));
  expect([...found].filter((room) => rooms[room] === undefined)).toEqual([]);
});

test.each([
  ['connector/open.ts', "import { startHost } from '../host/host';"],
  ['mapping/functions/text.ts', "import type { Session } from '../../directory/session';"],
  ['scim/handler.ts', "import { DN } from '../directory/dn';"],
  ['space/state/ids.ts', "export { anchorOf } from '../../mapping/anchor';"],
  ['host/app.ts', "const { readConnectorFile } = await import('../config/connectorFile');"],
  ['scim/routes.ts', "import express from 'express';"],
  ['mapping/filter.ts', "import 'ldapts';"],
  ['space/run.ts', "require('@photostructure/sqlite')"],
])('%s may not say: %s', (file, text) => {
  expect(importsOf(join(src, file), text).map(isAllowed)).toEqual([false]);
});
