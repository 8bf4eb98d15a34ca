/** Where a command gets a password of the directory from: a file, the environment, or the keyboard. Never its arguments. */
import { readFileSync } from 'node:fs';

/** A fault in what was given; the message says what to do. */
export class InputFault extends Error {
  override readonly name = 'InputFault';
}

/** The variable that holds the password of the account with which `discover` looks around. */
export const passwordVariable = 'CONNECTOR_HOST_LDAP_PASSWORD';

/** The password, and how a connector file can refer to it: by its file, else by the variable. */
export interface PasswordInput {
  readonly password: string;
  readonly from: 'file' | 'variable' | 'keyboard';
}

/** @throws InputFault when there is no password to be had */
export async function readPassword(file: string | undefined, question: string): Promise<PasswordInput> {
  if (file !== undefined) return { password: firstLine(file), from: 'file' };
  const variable = process.env[passwordVariable];
  if (variable !== undefined && variable !== '') return { password: variable, from: 'variable' };
  if (!process.stdin.isTTY) {
    throw new InputFault(
      `There is no terminal on which to ask for the password: name a file with --password-file, or set ${passwordVariable}.`,
    );
  }
  const password = await ask(question);
  if (password === '') throw new InputFault('The password is empty.');
  return { password, from: 'keyboard' };
}

function firstLine(file: string): string {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'does not exist' : 'cannot be read';
    throw new InputFault(`The password file ${file} ${reason}.`);
  }
  const [line = ''] = text.split(/\r?\n/, 1);
  if (line === '') throw new InputFault(`The password file ${file} is empty: its first line is the password.`);
  return line;
}

/** Asks on the terminal; each character that is typed is shown as this one, or not at all. */
export function ask(question: string, shown: '*' | '' = '*'): Promise<string> {
  const { stdin, stderr } = process;
  return new Promise((resolve, reject) => {
    let typed = '';
    stderr.write(question);
    stdin.setRawMode(true);
    stdin.setEncoding('utf8');
    const end = (next: () => void) => {
      stdin.off('data', listen);
      stdin.setRawMode(false);
      stdin.pause();
      stderr.write('\n');
      next();
    };
    const listen = (text: string) => {
      for (const character of text) {
        if (character === '\r' || character === '\n' || character === '\u0004') return end(() => resolve(typed));
        if (character === '\u0003') return end(() => reject(new InputFault('Cancelled.')));
        if (character === '\u007f' || character === '\b') {
          if (typed !== '' && shown !== '') stderr.write('\b \b');
          typed = [...typed].slice(0, -1).join('');
        } else if (character >= ' ') {
          typed += character;
          stderr.write(shown);
        }
      }
    };
    stdin.on('data', listen);
  });
}
