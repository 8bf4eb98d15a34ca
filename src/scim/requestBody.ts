/** Request bodies: octets to JSON, with an answer that helps where they are none. Texts of faults never repeat the body. */
import type { IncomingMessage } from 'node:http';
import { ScimError } from './error';

const mediaTypes: ReadonlySet<string> = new Set(['application/scim+json', 'application/json']);

/** Throws 415 unless the body is said to be JSON in UTF-8 (RFC 7644 §3.1); a client that says nothing is believed to send it. */
export function checkMediaType(contentType: string | undefined): void {
  if (contentType === undefined) return;
  const [mediaType = '', ...parameters] = contentType.toLowerCase().split(';');
  const charset = parameters.map((parameter) => parameter.trim()).find((parameter) => parameter.startsWith('charset='));
  const isUtf8 = charset === undefined || /^charset="?(?:utf-?8|us-ascii)"?$/.test(charset);
  if (mediaTypes.has(mediaType.trim()) && isUtf8) return;
  throw new ScimError(415, undefined, 'The body must be application/scim+json or application/json, in UTF-8.');
}

/** A body of more octets than are read. */
export function tooLarge(limit: number): ScimError {
  return new ScimError(413, undefined, `The body is larger than ${limit} bytes.`);
}

/** A body of which the client has sent a part only, or not what it has announced. */
export function incomplete(): ScimError {
  return ScimError.invalidSyntax('The body ended before it was complete, or its length is not what was announced.');
}

/** The octets of a body without a content encoding. Rejects with 413, or with 400 when the client goes away before its end. */
export function readPlainBody(request: IncomingMessage, limit: number): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    request.on('data', (chunk: Buffer) => {
      length += chunk.length;
      // Read to its end all the same, since no client listens before.
      if (length <= limit) chunks.push(chunk);
      else chunks.length = 0;
    });
    request.on('end', () => {
      if (length > limit) reject(tooLarge(limit));
      else resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks));
    });
    request.on('close', () => {
      if (!request.readableEnded) reject(incomplete());
    });
  });
}

/** Objects and lists within one another; a bulk request of extensions with complex values has ten. */
const maxNesting = 32;

/** The JSON value of a body. Throws 400 `invalidSyntax` with the place of the fault, or when it nests too deep. */
export function parseBody(body: Uint8Array): unknown {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    throw ScimError.invalidSyntax('The body is not valid UTF-8.');
  }
  if (text.trim() === '') throw ScimError.invalidSyntax('The body is empty.');
  // Before it is parsed: what nests as deep as it is long exhausts the stack of whoever walks it.
  if (nestsTooDeep(text)) {
    throw ScimError.invalidSyntax(
      `The body has more than ${maxNesting} objects and lists within one another: no SCIM message nests that deep.`,
    );
  }
  try {
    const body: unknown = JSON.parse(text);
    if (/\\u[dD][89a-fA-F]/.test(text)) checkWellFormed(body);
    return body;
  } catch (error) {
    if (error instanceof ScimError) throw error;
    // V8's own message quotes the body, which may hold a password.
    const position = faultPosition(text);
    const lines = text.slice(0, position).split('\n');
    const column = (lines.at(-1)?.length ?? 0) + 1;
    throw ScimError.invalidSyntax(`The body is not valid JSON: fault in line ${lines.length}, column ${column}.`);
  }
}

/**
 * Throws 400 `invalidValue` for a string that no UTF-8 can say (RFC 8259 §8.2): half of a surrogate pair would reach the
 * directory as another character. Escapes alone can bring one about; the body's octets are UTF-8.
 */
function checkWellFormed(value: unknown, path = ''): void {
  if (typeof value === 'string' && !value.isWellFormed()) {
    throw ScimError.invalidValue(
      `"${path.slice(0, 200)}" holds half of a surrogate pair (an escape such as \\ud83d without its other half), which is no character: send the whole one.`,
    );
  }
  if (typeof value !== 'object' || value === null) return;
  const within = path === '' || Array.isArray(value) ? path : `${path}.`;
  for (const [name, part] of Object.entries(value)) {
    checkWellFormed(name, `${within}(a name)`);
    checkWellFormed(part, Array.isArray(value) ? path : `${within}${name}`);
  }
}

function nestsTooDeep(text: string): boolean {
  let depth = 0;
  for (let position = 0; position < text.length; position++) {
    const character = text.charCodeAt(position);
    if (character === quote) {
      position = closingQuote(text, position);
      if (position < 0) return false;
    } else if (character === openBrace || character === openBracket) {
      if (++depth > maxNesting) return true;
    } else if (character === closeBrace || character === closeBracket) depth--;
  }
  return false;
}

const [quote, backslash, openBrace, closeBrace, openBracket, closeBracket] = [0x22, 0x5c, 0x7b, 0x7d, 0x5b, 0x5d];

/** Where the string that opens at `start` ends; -1 when it does not. */
function closingQuote(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let escapes = 0;
    while (text.charCodeAt(end - 1 - escapes) === backslash) escapes++;
    if (escapes % 2 === 0) return end;
  }
  return -1;
}

const scalar = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.+-])|(?:true|false|null)(?!\w)/y;
const blanks = /[ \t\r\n]*/y;

/** The character at which a text stops being JSON (RFC 8259). Does not recurse: the text may nest as deep as it is long. */
function faultPosition(text: string): number {
  const open: string[] = [];
  let position = skip(text, 0);
  let expected: 'value' | 'firstName' | 'name' | 'first' | 'separator' = 'value';
  while (position < text.length) {
    const character = text[position] ?? '';
    if (expected === 'separator') {
      const container = open.at(-1);
      if (container === undefined) return position;
      if (character === ',') expected = container === '{' ? 'name' : 'value';
      else if (character !== (container === '{' ? '}' : ']')) return position;
      else open.pop();
      position = skip(text, position + 1);
    } else if ((expected === 'first' && character === ']') || (expected === 'firstName' && character === '}')) {
      open.pop();
      expected = 'separator';
      position = skip(text, position + 1);
    } else if (expected === 'name' || expected === 'firstName') {
      const end = character === '"' ? stringEnd(text, position) : undefined;
      if (end === undefined) return position;
      const colon = skip(text, end);
      if (text[colon] !== ':') return colon;
      expected = 'value';
      position = skip(text, colon + 1);
    } else if (character === '{' || character === '[') {
      open.push(character);
      expected = character === '{' ? 'firstName' : 'first';
      position = skip(text, position + 1);
    } else {
      const end = character === '"' ? stringEnd(text, position) : scalarEnd(text, position);
      if (end === undefined) return position;
      expected = 'separator';
      position = skip(text, end);
    }
  }
  return position;
}

function skip(text: string, position: number): number {
  blanks.lastIndex = position;
  blanks.exec(text);
  return blanks.lastIndex;
}

function scalarEnd(text: string, position: number): number | undefined {
  scalar.lastIndex = position;
  return scalar.test(text) ? scalar.lastIndex : undefined;
}

function stringEnd(text: string, start: number): number | undefined {
  let end = start + 1;
  while (end < text.length && text[end] !== '"') end += text[end] === '\\' ? 2 : 1;
  if (end >= text.length) return undefined;
  try {
    JSON.parse(text.slice(start, end + 1));
    return end + 1;
  } catch {
    return undefined;
  }
}
