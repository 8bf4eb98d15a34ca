/** The help of every command teaches by example, and the reference names every command. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { commandLine } from './commandLine';

const reference = readFileSync(join(__dirname, '../../docs/commands.md'), 'utf8');

test('every command has examples and exit codes in its help, and a line in the reference', async () => {
  const { stdout } = await commandLine(['--help']);
  const listed = stdout.slice(stdout.indexOf('Commands:'));
  const names = [...listed.matchAll(/^ {2}([a-z]+) /gm)].map(([, name = '']) => name).filter((name) => name !== 'help');
  expect(names).toEqual(expect.arrayContaining(['serve', 'check', 'discover', 'import', 'space', 'collect', 'init']));
  for (const name of names) {
    const { code, stdout: help } = await commandLine(
      name === 'space' ? ['space', 'export', '--help'] : [name, '--help'],
    );
    expect([name, code]).toEqual([name, 0]);
    expect([name, help]).toEqual([name, expect.stringMatching(/\nExamples:\n {2}[\s\S]*\nExit codes: 0 /)]);
    expect([name, reference.includes(`\`${name}`)]).toEqual([name, true]);
  }
});

test('wrong usage is exit code 2, on standard error', async () => {
  for (const args of [
    ['nonsense'],
    ['check', '--nonsense'],
    ['discover'],
    ['import'],
    ['space', 'export', '--csv', '--json'],
  ]) {
    const { code, stdout, stderr } = await commandLine(args);
    expect([args, code, stdout, stderr !== '']).toEqual([args, 2, '', true]);
  }
});
