/** A new seal key: every sealed secret in the files is sealed again, in place, and nothing else in them changes. */
import { readFileSync } from 'node:fs';
import { applyEdits } from 'jsonc-parser';
import { parseJsonFile } from './jsonFile';
import { replaceFile } from './replaceFile';
import { SealKeys } from './sealing';
import { SecretFault } from './secretReference';

/** What became of one file. */
export interface Resealed {
  readonly file: string;
  /** Secrets that were sealed again. */
  readonly secrets: number;
  /** Why some or all of them were not; then the file is as it was. */
  readonly fault?: string;
}

/** What became of a rotation. */
export interface Rotation {
  readonly files: readonly Resealed[];
  /** Whether the old key is gone. While a file has a fault it is kept, and the next rotation goes on with the new key. */
  readonly complete: boolean;
}

/** Makes a new key and seals the secrets of all files with it. @throws SecretFault when there is no usable key file */
export function rotateSealKey(keyFile: string, files: readonly string[]): Rotation {
  const present = SealKeys.read(keyFile);
  const keys = present.isRotating ? present : present.withNewKey();
  const resealed = files.map((file) => reseal(file, keys));
  const complete = resealed.every(({ fault }) => fault === undefined);
  if (complete) keys.withoutOldKeys();
  return { files: resealed, complete };
}

function reseal(file: string, keys: SealKeys): Resealed {
  try {
    const text = readFileSync(file, 'utf8');
    const json = parseJsonFile(text);
    if ('faults' in json) return { file, secrets: 0, fault: json.faults[0]?.message ?? 'is not JSON' };
    const edits = [...json.strings()]
      .filter((string) => string.text.startsWith('enc:') && !keys.isCurrent(string.text))
      .map(({ text: sealed, offset, length }) => ({
        offset,
        length,
        content: JSON.stringify(keys.seal(keys.open(sealed))),
      }));
    if (edits.length > 0) replaceFile(file, applyEdits(text, edits));
    return { file, secrets: edits.length };
  } catch (error) {
    if (error instanceof SecretFault) return { file, secrets: 0, fault: `a sealed secret in it ${error.message}` };
    return {
      file,
      secrets: 0,
      fault: `cannot be replaced (${error instanceof Error ? error.message : String(error)})`,
    };
  }
}
