/** An archive of small texts in the format that every `tar` reads (POSIX.1-1988 ustar). */

/** A file of an archive. Names are ASCII, at most 100 characters. */
export interface ArchiveFile {
  readonly name: string;
  readonly content: Buffer;
}

const block = 512;

/** The octets of an archive; `time` is the modification time of all its files. */
export function tarOf(files: readonly ArchiveFile[], time: Date): Buffer {
  const parts = files.flatMap(({ name, content }) => {
    const padding = Buffer.alloc((block - (content.length % block)) % block);
    return [header(name, content.length, time), content, padding];
  });
  // Two empty blocks are the end.
  return Buffer.concat([...parts, Buffer.alloc(2 * block)]);
}

function header(name: string, size: number, time: Date): Buffer {
  if (!/^[\x21-\x7e]{1,100}$/.test(name)) throw new RangeError(`"${name}" does not fit into an archive`);
  const octets = Buffer.alloc(block);
  const octal = (value: number, width: number) => `${value.toString(8).padStart(width - 1, '0')}\0`;
  octets.write(name, 0, 'ascii');
  octets.write(octal(0o600, 8), 100, 'ascii');
  octets.write(octal(0, 8), 108, 'ascii');
  octets.write(octal(0, 8), 116, 'ascii');
  octets.write(octal(size, 12), 124, 'ascii');
  octets.write(octal(Math.floor(time.getTime() / 1000), 12), 136, 'ascii');
  // The checksum is computed with blanks in its own place.
  octets.write('        ', 148, 'ascii');
  octets.write('0', 156, 'ascii');
  octets.write('ustar\x0000', 257, 'ascii');
  const sum = octets.reduce((total, octet) => total + octet, 0);
  octets.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'ascii');
  return octets;
}
