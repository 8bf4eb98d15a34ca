/** Request bodies: octets to JSON, with an answer that helps where they are none. Texts of faults never repeat the body. */
import type { IncomingMessage } from 'node:http';
import { faultPosition, nestsTooDeep, tooDeep } from './bodyText';
import { ScimError } from './error';
import { parseSteps } from './longBody';
import { inTurns } from './steps';

/** A text of so many characters is parsed in turns with whatever else waits. */
const LONG_TEXT = 1024 * 1024;

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

/** The JSON value of a body, of a long one later. Throws or rejects with 400 `invalidSyntax` and the place of the fault, or when it nests too deep. */
export function parseBody(body: Uint8Array): unknown {
  const text = textOf(body);
  if (text.length > LONG_TEXT) return parseInTurns(text);
  // Before it is parsed.
  if (nestsTooDeep(text)) throw tooDeep();
  try {
    return wellFormed(JSON.parse(text), text);
  } catch (error) {
    throw error instanceof SyntaxError ? fault(text) : error;
  }
}

async function parseInTurns(text: string): Promise<unknown> {
  try {
    return wellFormed(await inTurns(parseSteps(text)), text);
  } catch (error) {
    throw error instanceof SyntaxError ? fault(text) : error;
  }
}

/** Only an escape can say half of a character. */
function wellFormed(body: unknown, text: string): unknown {
  if (/\\u[dD][89a-fA-F]/.test(text)) checkWellFormed(body);
  return body;
}

function textOf(body: Uint8Array): string {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    throw ScimError.invalidSyntax('The body is not valid UTF-8.');
  }
  if (text.trim() === '') throw ScimError.invalidSyntax('The body is empty.');
  return text;
}

/** V8's own message quotes the body, which may hold a password. */
function fault(text: string): ScimError {
  const position = faultPosition(text);
  const lines = text.slice(0, position).split('\n');
  const column = (lines.at(-1)?.length ?? 0) + 1;
  return ScimError.invalidSyntax(`The body is not valid JSON: fault in line ${lines.length}, column ${column}.`);
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
