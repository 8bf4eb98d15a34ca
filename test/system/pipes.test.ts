/** Output that somebody stops reading. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const main = join(__dirname, '../../dist/main.js');
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'pipes-'));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('a command whose reader has seen enough ends without a word', () => {
  const connectors = join(__dirname, '../../connectors');
  // `true` has gone before anything is written, so the first write already meets a closed pipe.
  const line = `(sleep 0.3; exec "$0" "$1" check --json --connectors "$2" --certs "$3" --state "$3" 2>"$3/errors"; echo $? >"$3/code") | true; sleep 3; cat "$3/errors"`;
  const { stdout } = spawnSync('sh', ['-c', line, process.execPath, main, connectors, folder], { encoding: 'utf8' });
  expect(stdout).toBe('');
});
