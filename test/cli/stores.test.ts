/** Commands on what the host remembers: import, space export, collect; and init, which needs nothing. */
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { withoutPeople, withoutSecrets } from '../../src/cli/disguise';
import { DN } from '../../src/directory/dn';
import { Entry } from '../../src/directory/entry';
import { openSpace } from '../../src/space/connectorSpace';
import { lockStores } from '../../src/space/lock';
import { openState } from '../../src/space/state';
import { people } from '../support/connectorFiles';
import { commandLine } from './commandLine';

const folder = mkdtempSync(join(tmpdir(), 'stores-'));
const flags = ['connectors', 'certs', 'state'].flatMap((name) => [`--${name}`, join(folder, name)]);
const secrets = [
  'S3cret-password',
  'S3cret-token-1',
  'S3cret-token-2',
  'S3cret-of-the-environment',
  'S3cret-kept-token',
  'S3cret-constant',
];

const unreachable = {
  connectivity: { host: '127.0.0.1', port: 1, binding: 'Basic', userName: 'cn=svc', password: secrets[0] },
  properties: { secretToken: [secrets[1], 'env:TOKEN_OF_THE_TEST', `${secrets[2]}`] },
};

beforeAll(() => {
  for (const name of ['connectors', 'certs']) mkdirSync(join(folder, name));
  const write = (name: string, file: object) =>
    writeFileSync(join(folder, 'connectors', `${name}.json`), JSON.stringify(file));
  write('memory', people(undefined));
  const mappings = [
    { source: 'userName', target: 'uid' },
    { constant: secrets[5], target: 'userPassword', apply: 'onCreate' },
  ];
  write('away', people(undefined, { mappings }, unreachable));
  writeFileSync(join(folder, 'connectors/torn.json'), '{ "connectivity": ');
  writeFileSync(join(folder, 'certs/memory.token'), `${secrets[4]}\n`);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('import', () => {
  test('fills the space and prints its statistics, for people and for machines', async () => {
    const first = await commandLine(['import', 'memory', ...flags]);
    expect([first.code, first.stdout]).toEqual([
      0,
      expect.stringMatching(/^memory: fullImport success in \d+\.\d s: 16 seen, 16 added, 0 updated,/),
    ]);
    const second = await commandLine(['import', 'memory', '--full', '--json', ...flags]);
    expect(JSON.parse(second.stdout)).toMatchObject({
      profile: 'fullImport',
      outcome: 'success',
      counts: { seen: 16 },
    });
  });

  test.each([
    [['nobody'], /There is no connector file nobody\.json/],
    [['torn'], /has faults: run connector-host check torn/],
    [['away'], /^away cannot be imported: .*connectionLost.*check away --connect\.\n$/],
    [['memory', '--full', '--delta'], /exclude each other/],
  ])('import %j is refused in a sentence', async (args, words) => {
    const { code, stdout, stderr } = await commandLine(['import', ...args, ...flags], {
      TOKEN_OF_THE_TEST: 'x'.repeat(20),
    });
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(words);
  });

  test('is refused while another process works on the stores, and harms nothing', async () => {
    const lock = await lockStores(join(folder, 'state'), 'memory');
    const files = readdirSync(join(folder, 'state')).sort();
    try {
      const { code, stderr } = await commandLine(['import', 'memory', ...flags]);
      expect([code, stderr]).toEqual([
        1,
        expect.stringMatching(/a running host works on its stores; let that host run/),
      ]);
      expect(readdirSync(join(folder, 'state')).sort()).toEqual(files);
    } finally {
      lock.release();
      lock.release();
    }
    expect((await commandLine(['import', 'memory', ...flags])).code).toBe(0);
  });

  test('a lock ends with the process that holds it', async () => {
    const script = `
      const { DatabaseSync } = process.getBuiltinModule('node:sqlite') ?? require('@photostructure/sqlite');
      const database = new DatabaseSync(${JSON.stringify(join(folder, 'state/memory.lock'))});
      database.exec('BEGIN EXCLUSIVE');
      process.stdout.write('held');
      process.kill(process.pid, 'SIGKILL');`;
    expect(() => execFileSync(process.execPath, ['-e', script], { cwd: join(__dirname, '../..') })).toThrow();
    (await lockStores(join(folder, 'state'), 'memory')).release();
  });
});

describe('space export', () => {
  const rows = (text: string) => text.trimEnd().split('\r\n');

  test('is a table of people, beside a running host too', async () => {
    const lock = await lockStores(join(folder, 'state'), 'memory');
    try {
      const { code, stdout } = await commandLine(['space', 'export', '--csv', '--connector', 'memory', ...flags]);
      expect(code).toBe(0);
      const [header = '', ...lines] = rows(stdout);
      expect(header.split(',')).toEqual(expect.arrayContaining(['id', 'dn', 'uid', 'mail', 'sn']));
      expect(lines).toHaveLength(13);
      expect(header).not.toMatch(/password/i);
    } finally {
      lock.release();
    }
  });

  test('has the columns that are asked for, into a file of its owner', async () => {
    const output = join(folder, 'users.csv');
    const args = ['--attributes', 'uid, dn,nothing', '--output', output, '--connector', 'memory'];
    expect((await commandLine(['space', 'export', ...args, ...flags])).code).toBe(0);
    const [header, first] = rows(readFileSync(output, 'utf8'));
    expect([header, first]).toEqual([
      'uid,dn,nothing',
      expect.stringMatching(/^[a-z]+,"uid=[a-z]+,ou=[a-z]+,dc=example,dc=com",$/),
    ]);
    expect((statSync(output).mode & 0o777).toString(8)).toBe('600');
    const groups = ['--resource-type', 'Group', '--json', '--connector', 'memory', '--attributes', 'cn,member'];
    const { stdout } = await commandLine(['space', 'export', ...groups, ...flags]);
    const list = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(list).toHaveLength(3);
    expect(list.some(({ member }) => member.includes(';uid='))).toBe(true);
  });

  test('what a spreadsheet would take for a formula gets an apostrophe, unless it is asked for raw', async () => {
    const state = await openState(join(folder, 'state'), 'formula');
    const space = await openSpace({ folder: join(folder, 'state'), name: 'formula', state });
    const values = ['=1+1', '+1', '-1', '@SUM(A1)', '\tx', 'a=b', 'a;"b"'];
    for (const [index, sn] of values.entries()) {
      const dn = DN.parse(`uid=${index},dc=example`);
      const row = { id: `${index}`, anchor: `${index}`, objectType: 'User', normalizedDN: dn.normalized(), readAt: 1 };
      space.upsert({ ...row, matches: [], entry: new Entry(dn, { sn }) });
    }
    await space.close();
    await state.close();
    const args = ['space', 'export', '--connector', 'formula', '--attributes', 'sn', ...flags];
    const exported = await commandLine(args);
    expect([exported.code, exported.stderr]).toEqual([1, expect.stringMatching(/No import of formula has ended yet/)]);
    const cells = rows(exported.stdout).slice(1);
    expect(cells).toEqual(["'=1+1", "'+1", "'-1", "'@SUM(A1)", "'\tx", 'a=b', '"a;""b"""']);
    expect(rows((await commandLine([...args, '--raw-formulas'])).stdout)[1]).toBe('=1+1');
  });

  test('nothing to export, and a connector that has to be named, are sentences', async () => {
    const unknown = await commandLine(['space', 'export', '--connector', 'away', ...flags]);
    expect([unknown.code, unknown.stderr]).toEqual([1, expect.stringMatching(/knows no User of away .*import away/)]);
    const several = await commandLine(['space', 'export', ...flags]);
    expect([several.code, several.stderr]).toEqual([
      2,
      expect.stringMatching(/--connector: there are away, memory, torn/),
    ]);
  });
});

describe('collect', () => {
  const output = join(folder, 'bundle.tgz');
  let text = '';

  beforeAll(async () => {
    const log = join(folder, 'host.log');
    const lines = [
      { message: 'add', dn: 'uid=grace,ou=people,dc=example,dc=com', token: 'Bearer S3cret-kept-token' },
      { message: 'mail grace@example.com for cn=Grace Hopper+uid=grace,ou=people,dc=example,dc=com' },
      { message: 'escaped', dn: 'cn=Hopper\\, Grace,dc=example,dc=com', password: 'S3cret-of-the-environment' },
    ];
    writeFileSync(log, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    const env = { TOKEN_OF_THE_TEST: 'S3cret-of-the-environment' };
    const { code, stdout, stderr } = await commandLine(['collect', '--output', output, '--log', log, ...flags], env);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^ {2}connector-memory\.json +\d+ {2}connector file, without secrets$/m);
    text = stdout;
    const target = join(folder, 'unpacked');
    mkdirSync(target);
    execFileSync('tar', ['-xzf', output, '-C', target]);
    for (const name of readdirSync(join(target, 'bundle')))
      text += `\n== ${name}\n${readFileSync(join(target, 'bundle', name), 'utf8')}`;
  });

  test('is an archive that tar reads, for its owner', () => {
    expect((statSync(output).mode & 0o777).toString(8)).toBe('600');
    for (const name of ['versions.json', 'connector-away.json', 'connector-torn.json', 'state-memory.json', 'log.txt'])
      expect(text).toContain(`== ${name}\n`);
    expect(text).toContain('"outcome": "success"');
    expect(text).toContain('"node": ');
  });

  test('holds no secret, whatever it stood in', () => {
    expect(secrets.filter((secret) => text.includes(secret))).toEqual([]);
    expect(text).not.toContain('S3cret');
    expect(text).toContain('env:TOKEN_OF_THE_TEST');
  });

  test('holds no name of a person', () => {
    for (const word of ['grace', 'Grace', 'Hopper', 'alice']) expect(text).not.toContain(word);
    expect(text).toContain('uid=…,ou=people,dc=example,dc=com');
  });

  test('leaves an existing file alone, and writes a folder too', async () => {
    const again = await commandLine(['collect', '--output', output, ...flags]);
    expect([again.code, again.stderr]).toEqual([1, expect.stringMatching(/cannot be written/)]);
    const { stdout } = await commandLine(['collect', '--output', join(folder, 'bundle'), '--json', ...flags]);
    expect(JSON.parse(stdout).contents[0]).toMatchObject({ name: 'versions.json' });
    expect(existsSync(join(folder, 'bundle/versions.json'))).toBe(true);
  });

  test('what is disguised keeps its shape', () => {
    expect(withoutPeople('cn=a,ou=b,dc=c and port=1 level=2 o=x')).toBe('cn=…,ou=b,dc=c and port=1 level=2 o=x');
    const file = { password: ['x', 'file:y', 'enc:v1:abc'], other: 'x', __proto__: null };
    expect(withoutSecrets(file)).toEqual({ password: ['[secret]', 'file:y', 'enc:[secret]'], other: 'x' });
  });
});

test('init writes a demo connector that serves, and changes no file', async () => {
  const connectors = join(folder, 'new/connectors');
  const args = ['--connectors', connectors, '--certs', join(folder, 'new/certs'), '--state', join(folder, 'new/state')];
  const missing = await commandLine(['check', ...args]);
  expect([missing.code, missing.stderr]).toEqual([
    1,
    expect.stringMatching(/does not exist: make it \(connector-host init/),
  ]);
  expect((await commandLine(['init', ...args])).stdout).toMatch(/^Written: .*demo\.json\nNext: /);
  expect((await commandLine(['check', ...args])).stdout).toMatch(/demo\.json: ok/);
  writeFileSync(join(connectors, 'demo.json'), '{}');
  expect((await commandLine(['init', ...args])).stdout).toMatch(/left alone/);
  expect(readFileSync(join(connectors, 'demo.json'), 'utf8')).toBe('{}');
});
