/** Once per run, before any test: the program that the system tests start is built when it is older than its source. */
import { execFileSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

const root = join(__dirname, '../..');
const program = join(root, 'dist/main.js');

interface Run {
  readonly testPathPatterns?: { readonly patterns: readonly string[] };
}

export default function build(run: Run): void {
  if (process.env.CONNECTOR_HOST_MAIN !== undefined || !needsProgram(run.testPathPatterns?.patterns ?? [])) return;
  const sources = [join(root, 'tsconfig.json'), join(root, 'tsconfig.build.json'), ...filesBelow(join(root, 'src'))];
  if (builtAt() > Math.max(...sources.map((file) => statSync(file).mtimeMs))) return;
  const compiler = join(root, 'node_modules/typescript/bin/tsc');
  execFileSync(process.execPath, [compiler, '-p', 'tsconfig.build.json'], { cwd: root, stdio: 'inherit' });
}

/** Whoever runs the tests of one room does not wait for the program. */
function needsProgram(patterns: readonly string[]): boolean {
  if (patterns.length === 0) return true;
  const tests = ['test/system', 'test/directories'].flatMap((folder) => filesBelow(join(root, folder)));
  return patterns.some((pattern) => tests.some((file) => new RegExp(pattern).test(file)));
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

function builtAt(): number {
  return statSync(program, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
