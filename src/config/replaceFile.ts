/** Files are replaced whole: whoever reads at the same time, or after a crash, finds the old text or the new one. */
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  closeSync,
  fsyncSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';

/**
 * Writes `text` over an existing file, which keeps its mode and, where this account may give it away, its owner.
 * @throws the error of the file system; then the file is as it was
 */
export function replaceFile(path: string, text: string): void {
  // Behind a symbolic link it is the file that is replaced, never the link.
  const file = realpathSync(path);
  const { mode, uid, gid } = statSync(file);
  const temporary = `${file}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    const descriptor = openSync(temporary, 'wx', 0o600);
    try {
      writeFileSync(descriptor, text);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    giveTo(temporary, uid, gid);
    chmodSync(temporary, mode & 0o777);
    renameSync(temporary, file);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

function giveTo(file: string, uid: number, gid: number): void {
  const made = statSync(file);
  if (made.uid === uid && made.gid === gid) return;
  try {
    chownSync(file, uid, gid);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') throw error;
  }
}
