import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { inspect } from 'node:util';
import { createLog, type Log, type LogOptions } from '../../src/telemetry/log';
import { isSecretName, redact, Secret } from '../../src/telemetry/secret';

describe('Secret', () => {
  const secret = new Secret('correct horse');

  it('prints as [secret] everywhere and reveals only when asked', () => {
    expect(`${secret}`).toBe('[secret]');
    expect(JSON.stringify({ secret })).toBe('{"secret":"[secret]"}');
    expect(inspect({ deep: { secret } }, { depth: 9, showHidden: true })).not.toContain('horse');
    expect(Object.keys(secret)).toEqual([]);
    expect(secret.reveal()).toBe('correct horse');
  });

  it('compares by value', () => {
    expect(secret.equals(new Secret('correct horse'))).toBe(true);
    expect(secret.equals(new Secret('correct'))).toBe(false);
    expect(secret.digest()).toHaveLength(32);
  });
});

describe('redact', () => {
  it.each([
    ['userPassword: value #0 (hunter2) invalid per syntax', 'userPassword [redacted]'],
    ['modify failed: unicodePwd=hunter2, dn=cn=a', 'modify failed: unicodePwd [redacted]'],
    ['bad request {"password": "hunter2"}', 'bad request {"password": [redacted]'],
    ['PASSWD = hunter2', 'PASSWD = [redacted]'],
    ['Authorization: Bearer hunter2', 'Authorization: Bearer [redacted]'],
  ])('cuts %j', (text, expected) => {
    expect(redact(text)).toBe(expected);
  });

  it('keeps what explains without telling', () => {
    expect(redact('Password fails quality checking policy')).toBe('Password fails quality checking policy');
    expect(redact('00002071: UpdErr: DSID-0305\n\0, problem 6005')).toBe('00002071: UpdErr: DSID-0305 , problem 6005');
  });

  it('is bounded in length and in time', () => {
    expect(redact('x'.repeat(1_000_000))).toHaveLength(501);
    expect(redact(`${'pwd'.repeat(200_000)}${' '.repeat(100_000)}`, 1_000)).toHaveLength(1_001);
  });

  it('knows the names of secrets', () => {
    for (const name of [
      'userPassword',
      'PASSWORD',
      'secretToken',
      'access_token',
      'unicodePwd',
      'Authorization',
      'clientSecret',
    ]) {
      expect([name, isSecretName(name)]).toEqual([name, true]);
    }
    for (const name of [
      'tokenNumber',
      'mytoken',
      'cookies',
      'passwordAttribute',
      'pwdAccountLockedTime',
      'secretary',
    ]) {
      expect([name, isSecretName(name)]).toEqual([name, false]);
    }
  });
});

describe('log', () => {
  const clock = () => new Date('2026-11-21T02:03:04.005Z');

  async function lines(write: (log: Log) => void, options: LogOptions = {}): Promise<string[]> {
    const stream = new PassThrough();
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    const log = createLog({ stream, clock, ...options });
    write(log);
    await log.close();
    log.error('after the end');
    await log.close();
    return Buffer.concat(chunks).toString().split('\n').slice(0, -1);
  }

  it('writes one JSON object per line with the fields of its parents', async () => {
    const [first, ...others] = await lines((log) => {
      log.child({ connector: 'demo' }).info('a "line"\nof two', { message: 'no', level: 'no', count: 2 });
      log.debug('not written');
    });
    expect(first).toBe(
      '{"time":"2026-11-21T02:03:04.005Z","level":"info","message":"a \\"line\\"\\nof two","connector":"demo","count":2}',
    );
    expect(others).toEqual([]);
  });

  it('never writes secrets, circles or endless values', async () => {
    const circle: Record<string, unknown> = {
      bytes: Buffer.from('hunter2'),
      userPassword: 'hunter2',
      many: Array(1000).fill(1),
    };
    circle.self = circle;
    const [line = ''] = await lines((log) =>
      log.warn('w', {
        circle,
        secret: new Secret('hunter2'),
        nested: { own: new Secret('hunter2') },
        long: 'x'.repeat(99_999),
        big: 1n,
      }),
    );
    expect(line).not.toContain('hunter2');
    const fields = JSON.parse(line);
    expect(fields.circle).toMatchObject({ bytes: '[7 octets]', self: '[…]', userPassword: '[secret]' });
    expect(fields.circle.many).toHaveLength(100);
    expect(fields.long.length).toBeLessThan(9_000);
    expect(fields.big).toBe('1');
  });

  it('keeps the stacks of errors and their causes, and nothing else of them', async () => {
    const error = Object.assign(new Error('outer', { cause: new TypeError('inner') }), {
      request: 'hunter2',
      code: 'EFAULT',
    });
    const [json = ''] = await lines((log) => log.error('broken', { error }));
    expect(JSON.parse(json).error).toMatchObject({
      name: 'Error',
      message: 'outer',
      code: 'EFAULT',
      cause: { name: 'TypeError' },
    });
    expect(json).toContain('telemetry.test.ts');
    expect(json).not.toContain('hunter2');
    const text = (await lines((log) => log.error('broken', { error }), { format: 'text' })).join('\n');
    expect(text).toMatch(/02:03:04 error broken\n {4}Error: outer\n[\s\S]*caused by:\n {4}TypeError: inner/);
  });

  it('is short for people, and nobody can begin a line of their own', async () => {
    const text = await lines(
      (log) => log.warn('evil\u001b[2J\nfake', { id: 'a\nb', count: 1, request: { status: 200 } }),
      {
        format: 'text',
      },
    );
    expect(text).toEqual(['02:03:04 warn  evil\\u001b[2J\\u000afake id=a\\u000ab count=1']);
  });
});

describe('a log file', () => {
  let folder: string;
  const path = () => join(folder, 'logs/host.log');
  const numbers = (file: string) =>
    readFileSync(file, 'utf8')
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line).n as number);

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'log-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('gets every line, is rotated by size, and keeps as many files as it may', async () => {
    const log = createLog({ stream: new PassThrough().resume(), file: { path: path(), maxBytes: 20_000, kept: 200 } });
    for (let n = 0; n < 5_000; n += 1) log.info('a line', { n });
    await log.close();
    const names = readdirSync(join(folder, 'logs'));
    expect(names.length).toBeGreaterThan(10);
    const byAge = names.map((_, age) => (age === 0 ? path() : `${path()}.${age}`)).reverse();
    expect(byAge.flatMap(numbers)).toEqual(Array.from({ length: 5_000 }, (_, n) => n));
    for (const file of byAge) expect(statSync(file).size).toBeLessThanOrEqual(20_000);

    const short = createLog({ stream: new PassThrough().resume(), file: { path: path(), maxBytes: 200, kept: 3 } });
    for (let n = 0; n < 20; n += 1) short.info('a line', { n });
    await short.close();
    for (const file of [path(), `${path()}.1`, `${path()}.2`]) expect(statSync(file).size).toBeLessThanOrEqual(200);
    expect(numbers(path()).at(-1)).toBe(19);
  });

  it('that cannot be written costs its lines and one line that says so', async () => {
    writeFileSync(join(folder, 'logs'), 'a file where the folder should be');
    const stream = new PassThrough();
    const log = createLog({ stream, file: { path: path(), maxBytes: 1_000, kept: 2 } });
    for (let n = 0; n < 10; n += 1) log.info('a line', { n });
    await log.close();
    const messages = String(stream.read())
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).message);
    expect(messages.filter((message) => message === 'a line')).toHaveLength(10);
  });

  it('has a level that changes while it is written, for its children too', async () => {
    const stream = new PassThrough();
    const log = createLog({ stream });
    const child = log.child({ connector: 'demo' });
    child.debug('before');
    log.level = 'debug';
    child.debug('after');
    expect(child.level).toBe('debug');
    await log.close();
    expect(String(stream.read())).toMatch(/^\{[^\n]*"after"[^\n]*\}\n$/);
  });

  it('hands over the lines of one turn in one piece, in their order, and waits for a stream that is full', async () => {
    const pieces: string[] = [];
    const stream = new PassThrough({ highWaterMark: 16 });
    stream.on('data', (piece) => pieces.push(String(piece)));
    const log = createLog({ stream, format: 'json' });
    log.info('one');
    log.warn('two');
    expect(pieces).toEqual([]);
    await new Promise((resolve) => setImmediate(resolve));
    log.info('three');
    await log.close();
    log.info('too late');
    expect(pieces).toHaveLength(2);
    const messages = pieces
      .join('')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).message);
    expect(messages).toEqual(['one', 'two', 'three']);
  });
});
