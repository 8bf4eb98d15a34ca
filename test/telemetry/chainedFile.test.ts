import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ChainedFile, ChainReader } from '../../src/telemetry/chainedFile';
import { linesBackwards } from '../../src/telemetry/linesBackwards';
import { RecordSpool, SpoolTaker } from '../../src/telemetry/recordSpool';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'chain-'));
  path = join(folder, 'audit.jsonl');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const linesOf = (file: string) => readFileSync(file, 'utf8').trimEnd().split('\n');

async function write(from: number, to: number, maxBytes = 1e9, kept = 9): Promise<void> {
  const file = new ChainedFile({ path, maxBytes, kept });
  for (let n = from; n < to; n += 1) {
    file.append({ n, text: `"chain":"${n}` });
    if (n % 7 === 0) await file.close();
  }
  await file.close();
}

function verify(...files: string[]) {
  const reader = new ChainReader();
  for (const file of files) {
    for (const [index, text] of linesOf(file).entries()) {
      const fault = reader.line(file, index + 1, text);
      if (fault !== undefined) return fault;
    }
  }
  return reader.lines;
}

test('lines go on over a restart, and every one that was removed, changed, moved or put in is found', async () => {
  await write(0, 20);
  await write(20, 40);
  expect(verify(path)).toBe(40);
  const whole = linesOf(path);
  expect(whole.map((line) => JSON.parse(line).n)).toEqual(Array.from({ length: 40 }, (_, n) => n));
  const broken = (lines: string[]) => {
    writeFileSync(path, `${lines.join('\n')}\n`);
    return verify(path);
  };
  for (let at = 0; at < 39; at += 1) {
    expect(broken(whole.toSpliced(at, 1))).toMatchObject({ line: at + 1 });
    const changed = whole.with(at, String(whole[at]).replace('"n":', '"n":1'));
    expect(broken(changed)).toMatchObject({ line: at + 1 });
    expect(broken(whole.toSpliced(at, 0, String(whole[at])))).toMatchObject({ file: path });
    expect(broken(whole.toSpliced(at, 2, String(whole[at + 1]), String(whole[at])))).toMatchObject({ line: at + 1 });
  }
  expect(broken(whole)).toBe(40);
});

test('a rotation carries the chain on, and a file that is missing between two is found', async () => {
  await write(0, 200, 1_000, 9);
  const files = [8, 7, 6, 5, 4, 3, 2, 1].map((age) => `${path}.${age}`).filter((file) => existsSync(file));
  expect(files.length).toBeGreaterThan(2);
  expect(verify(...files, path)).toBeGreaterThan(50);
  expect(verify(...files.toSpliced(1, 1), path)).toMatchObject({
    line: 1,
    message: expect.stringContaining('missing'),
  });
});

test('what a power failure has cut is taken away, and writing goes on', async () => {
  await write(0, 5);
  writeFileSync(path, `${readFileSync(path, 'utf8')}{"n":5,"te`);
  await write(5, 8);
  expect(verify(path)).toBe(8);
});

test('a disk that takes nothing costs no line while there is room to wait', async () => {
  const faults: Error[] = [];
  let lost = 0;
  writeFileSync(join(folder, 'blocked'), '');
  const file = new ChainedFile({
    path: join(folder, 'blocked/audit.jsonl'),
    maxBytes: 1e9,
    kept: 2,
    onFault: (e) => faults.push(e),
    onLost: () => {
      lost += 1;
    },
  });
  file.append({ n: 1 });
  await file.close();
  file.append({ n: 2 });
  expect(await file.flushed()).toBe(false);
  await file.close();
  expect([faults.length, file.failing]).toEqual([1, true]);
  for (let n = 0; n < 10_000; n += 1) file.append({ n: 'waits' });
  expect(lost).toBe(2);
  // An attempt that fails loses nothing more, and tells nothing twice.
  expect(await file.flushed()).toBe(false);
  expect(lost).toBe(2);
  rmSync(join(folder, 'blocked'));
  file.append({ n: 3 });
  await file.close();
  expect(file.failing).toBe(false);
  const lines = linesOf(join(folder, 'blocked/audit.jsonl')).map((line) => JSON.parse(line));
  expect(lines.slice(0, 3).map(({ n }) => n)).toEqual([1, 2, 'waits']);
  // The third one came when nothing more could wait.
  expect(lines.filter(({ kind }) => kind === 'lost')).toMatchObject([{ lines: 3 }]);
});

test('records that others leave are taken over whole, and once; what is none stays where it is', async () => {
  const spool = new RecordSpool(`${path}.spool`);
  spool.prepare();
  spool.put({ n: 1 });
  spool.put({ n: 2 });
  const names = spool.names();
  writeFileSync(join(`${path}.spool`, '9-broken.json'), '{"n":');
  const faults: Error[] = [];
  const file = new ChainedFile({ path, maxBytes: 1e9, kept: 2 });
  const taker = new SpoolTaker(spool, file, (error) => faults.push(error));
  await taker.close();
  await file.close();
  expect(verify(path)).toBe(2);
  const lines = linesOf(path).map((line) => JSON.parse(line));
  // Two that are left within a millisecond have no order.
  expect(lines.map(({ n }) => n).sort()).toEqual([1, 2]);
  expect(lines.map(({ spooled }) => spooled)).toEqual(names);
  expect(spool.names()).toEqual(['9-broken.json']);
  expect(faults).toHaveLength(1);
});

test('lines are read from the end, whatever their length', async () => {
  const lines = Array.from({ length: 300 }, (_, n) => `${n} ${'ä'.repeat(n % 7 === 0 ? 40_000 : n)}`);
  for (const end of ['', '\n']) {
    writeFileSync(path, lines.join('\n') + end);
    const read: string[] = [];
    for await (const line of linesBackwards(path)) read.push(line);
    expect(read.reverse()).toEqual(lines);
  }
});
