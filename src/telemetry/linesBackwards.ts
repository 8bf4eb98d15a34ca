/** The lines of a text file from its end to its beginning, without reading more of it than is asked for. */
import { open } from 'node:fs/promises';

const chunkBytes = 65_536;

/** Lines without their ends; empty ones are left out. @throws the error of the file system */
export async function* linesBackwards(path: string): AsyncIterable<string> {
  const file = await open(path, 'r');
  try {
    let end = (await file.stat()).size;
    // What stands behind the last line end that was met, in pieces, the last one first.
    let pieces: Buffer[] = [];
    while (end > 0) {
      const start = Math.max(0, end - chunkBytes);
      const chunk = Buffer.alloc(end - start);
      await file.read(chunk, 0, chunk.length, start);
      end = start;
      let until = chunk.length;
      for (let at = chunk.lastIndexOf(10); at >= 0; at = at === 0 ? -1 : chunk.lastIndexOf(10, at - 1)) {
        const line = textOf([...pieces, chunk.subarray(at + 1, until)]);
        if (line !== '') yield line;
        pieces = [];
        until = at;
      }
      pieces.push(chunk.subarray(0, until));
    }
    const line = textOf(pieces);
    if (line !== '') yield line;
  } finally {
    await file.close();
  }
}

function textOf(lastFirst: readonly Buffer[]): string {
  return Buffer.concat(lastFirst.toReversed()).toString('utf8');
}
