/** A secret to seal comes from the keyboard, which shows nothing of it, or from a pipe. Never from the command line. */
import { Secret } from '../telemetry/secret';
import { ask, InputFault } from './passwordInput';

const longest = 64 * 1024;

/** Asks twice on a terminal; else reads the first line of standard input. @throws InputFault */
export async function readSecret(question: string): Promise<Secret> {
  if (!process.stdin.isTTY) return complete(await firstLine(process.stdin));
  const typed = complete(await ask(question, ''));
  if (!typed.equals(complete(await ask('Once more: ', '')))) throw new InputFault('The two are not the same.');
  return typed;
}

async function firstLine(input: NodeJS.ReadableStream): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of input) {
    chunks.push(Buffer.from(chunk));
    length += chunk.length;
    if (length > longest) throw new InputFault(`A secret has at most ${longest} octets.`);
  }
  return Buffer.concat(chunks).toString('utf8').split(/\r?\n/, 1)[0] ?? '';
}

function complete(text: string): Secret {
  if (text !== '') return new Secret(text);
  throw new InputFault('There is no secret: type it, or give it as the first line of standard input.');
}
