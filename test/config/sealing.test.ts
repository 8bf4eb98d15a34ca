/** Sealed secrets, the key that they are sealed with, and its rotation; tokens that are kept and rolled. */
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { keptTokens, retireTokens, rollToken, tokenFile } from '../../src/config/keptTokens';
import { rotateSealKey } from '../../src/config/reseal';
import { SealKeys } from '../../src/config/sealing';
import type { SecretToken } from '../../src/connector/options';
import { Secret, TokenDigest } from '../../src/telemetry/secret';
import { file as connectorFile, environment, parse, said } from './connectorFiles';

let folder: string;
const keyFile = () => join(folder, 'secrets/seal.key');
const mode = (path: string) => (statSync(path).mode & 0o777).toString(8);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sealing-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('a seal key', () => {
  test('is made once, for this account only, and opens what it has sealed', () => {
    const keys = SealKeys.readOrMake(keyFile());
    expect([mode(keyFile()), mode(join(folder, 'secrets'))]).toEqual(['600', '700']);
    const before = readFileSync(keyFile(), 'utf8');
    for (const text of ['x', 'pässwörd "quoted" \\ 🔑', 'y'.repeat(10_000)]) {
      const sealed = keys.seal(new Secret(text));
      expect(sealed).toMatch(/^enc:1\.[0-9a-f]{8}\.[\w-]+$/);
      expect(keys.seal(new Secret(text))).not.toBe(sealed);
      expect(SealKeys.readOrMake(keyFile()).open(sealed).reveal()).toBe(text);
    }
    expect(readFileSync(keyFile(), 'utf8')).toBe(before);
  });

  test('opens nothing that was changed, cut, or sealed with another key', () => {
    const keys = SealKeys.readOrMake(keyFile());
    const sealed = keys.seal(new Secret('S3cret-itself'));
    const flip = (at: number) => sealed.slice(0, at) + (sealed[at] === 'A' ? 'B' : 'A') + sealed.slice(at + 1);
    for (const at of [15, 20, 30, 40])
      expect(() => keys.open(flip(at))).toThrow(/was changed after it had been sealed/);
    for (const text of ['enc:', 'enc:1.zz.x', 'enc:2.01234567.AAAA', sealed.slice(0, 30), `${sealed} `])
      expect(() => keys.open(text)).toThrow(/is not a sealed secret/);
    const others = SealKeys.readOrMake(join(folder, 'others/seal.key'));
    expect(() => others.open(sealed)).toThrow(/was sealed with another key \([0-9a-f]{8}\) than the one in .*others/);
    expect(() => SealKeys.read(join(folder, 'none'))).toThrow(/none does not exist: bring it back/);
    writeFileSync(keyFile(), 'not a key\n');
    expect(() => SealKeys.read(keyFile())).toThrow(/is no seal key file/);
  });
});

describe('a connector file', () => {
  const withSeal = () => ({ ...environment, unseal: (text: string) => SealKeys.read(keyFile()).open(text) });

  test('may hold sealed secrets and digests of tokens', () => {
    const keys = SealKeys.readOrMake(keyFile());
    const digest = new TokenDigest(new Secret('a token of 256 bits, say').digest()).toJSON();
    const hex = `sha256:${new Secret('another one').digest().toString('hex')}`;
    const tokens = [keys.seal(new Secret('twelve characters')), digest, hex];
    const result = parse(connectorFile({ properties: { secretToken: tokens } }), folder, withSeal());
    expect(result.faults).toEqual([]);
    const matches = (token: SecretToken | undefined, text: string) => token?.digest().equals(new Secret(text).digest());
    const [first, second, third] = result.options?.properties.secretTokens ?? [];
    expect(matches(first, 'twelve characters')).toBe(true);
    expect(matches(second, 'a token of 256 bits, say')).toBe(true);
    expect(matches(third, 'another one')).toBe(true);
    expect(JSON.stringify(result.options)).not.toMatch(/twelve|256 bits/);
  });

  test('says what is wrong with them without saying them', () => {
    const ldap = (password: string) =>
      connectorFile({ connectivity: { host: 'ldap.example.com', userName: 'cn=connector', password } });
    const faults = (text: string) => said(parse(text, folder, withSeal()));
    expect(faults(ldap('enc:1.01234567.AAAA'))[0]).toMatch(
      /^fault connectivity\.password: the seal key file .* does not exist/,
    );
    SealKeys.readOrMake(keyFile());
    expect(faults(ldap('enc:S3cret'))).toEqual([
      expect.stringMatching(/^fault connectivity\.password: is not a sealed secret/),
    ]);
    expect(faults(ldap(`sha256:${'0'.repeat(64)}`))).toEqual([expect.stringContaining('is a digest (sha256:…)')]);
    expect(faults(connectorFile({ properties: { secretToken: 'sha256:S3cret' } }))).toEqual([
      expect.stringContaining('is no SHA-256 digest'),
    ]);
    const short = SealKeys.read(keyFile()).seal(new Secret('short'));
    expect(faults(connectorFile({ properties: { secretToken: short } }))[0]).toContain('has 5 characters');
  });

  test('names the files that it refers to', () => {
    const text = connectorFile({
      properties: { secretToken: ['env:TOKEN', 'file:tokens/one'] },
      connectivity: { product: 'memory', certificate: { ca: 'ca.pem' } },
    });
    expect(parse(text, folder).uses).toEqual([join(folder, 'tokens/one'), join(folder, 'ca.pem')]);
  });
});

describe('a rotation', () => {
  const path = (name: string) => join(folder, 'connectors', name);
  const sealed = (text: string) => SealKeys.readOrMake(keyFile()).seal(new Secret(text));
  const opened = (name: string) =>
    [...readFileSync(path(name), 'utf8').matchAll(/enc:1[^"]*/g)].map(([text]) =>
      SealKeys.read(keyFile()).open(text).reveal(),
    );
  const template = (one: string, two: string) => `{
  // kept as it is: "enc:1.00000000.comment"
  "properties": { "secretToken": ["env:A",   "${one}"] }, /* and this */
  "connectivity": {
    "password": "${two}",
  },\r\n}\n`;

  beforeEach(() => mkdirSync(join(folder, 'connectors')));

  test('seals every secret again with a new key, and touches nothing else in the files', () => {
    const [one, two] = [sealed('first'), sealed('second')];
    writeFileSync(path('a.json'), template(one, two));
    chmodSync(path('a.json'), 0o640);
    writeFileSync(path('b.json'), '{ "password": "env:B" }');
    writeFileSync(path('real'), `{ "password": "${sealed('third')}" }`);
    symlinkSync(path('real'), path('c.json'));
    const keyBefore = readFileSync(keyFile(), 'utf8');
    const b = statSync(path('b.json')).mtimeMs;
    const { files, complete } = rotateSealKey(keyFile(), ['a.json', 'b.json', 'c.json'].map(path));
    expect(complete).toBe(true);
    expect(files.map(({ secrets, fault }) => [secrets, fault])).toEqual([
      [2, undefined],
      [0, undefined],
      [1, undefined],
    ]);
    const after = readFileSync(path('a.json'), 'utf8');
    const [, newOne = '', newTwo = ''] = [...after.matchAll(/enc:1\.[^"]*/g)].map(([text]) => text);
    expect(after).toBe(template(newOne, newTwo));
    expect([newOne === one, newTwo === two]).toEqual([false, false]);
    expect([newOne, newTwo].map((text) => SealKeys.read(keyFile()).open(text).reveal())).toEqual(['first', 'second']);
    expect(opened('real')).toEqual(['third']);
    expect([mode(path('a.json')), statSync(path('b.json')).mtimeMs]).toEqual(['640', b]);
    expect(readFileSync(keyFile(), 'utf8')).not.toBe(keyBefore);
    expect(() => SealKeys.read(keyFile()).open(one)).toThrow(/another key/);
    expect([mode(keyFile()), readdirSync(join(folder, 'connectors')).sort()]).toEqual([
      '600',
      ['a.json', 'b.json', 'c.json', 'real'],
    ]);
  });

  test('keeps the old key while a file could not be done, and ends with the same new key', () => {
    writeFileSync(path('good.json'), `{ "password": "${sealed('good')}" }`);
    const torn = `{ "password": "${sealed('torn')}", `;
    writeFileSync(path('torn.json'), torn);
    writeFileSync(path('lost.json'), '{ "password": "enc:1.01234567.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" }');
    const all = ['good.json', 'torn.json', 'lost.json'].map(path);
    const first = rotateSealKey(keyFile(), all);
    expect(first.complete).toBe(false);
    expect(first.files.map(({ fault }) => fault)).toEqual([
      undefined,
      expect.stringMatching(/^is not JSON/),
      expect.stringMatching(/^a sealed secret in it was sealed with another key/),
    ]);
    expect(readFileSync(path('torn.json'), 'utf8')).toBe(torn);
    expect(opened('torn.json')).toEqual(['torn']);
    const goodOnce = readFileSync(path('good.json'), 'utf8');
    writeFileSync(path('torn.json'), `${torn} }`);
    rmSync(path('lost.json'));
    expect(rotateSealKey(keyFile(), all.slice(0, 2)).complete).toBe(true);
    expect(readFileSync(path('good.json'), 'utf8')).toBe(goodOnce);
    expect([...opened('good.json'), ...opened('torn.json')]).toEqual(['good', 'torn']);
    expect(SealKeys.read(keyFile()).isRotating).toBe(false);
  });
});

test('kept tokens are rolled with the newest first, and retired', () => {
  const values = (tokens: readonly Secret[]) => tokens.map((token) => token.reveal());
  const [made = ''] = values(keptTokens(folder, 'people'));
  expect(made).toMatch(/^[\w-]{43}$/);
  const [newest = '', ...older] = values(rollToken(folder, 'people'));
  expect(older).toEqual([made]);
  expect(newest).not.toBe(made);
  expect(values(keptTokens(folder, 'people'))).toEqual([newest, made]);
  expect(values(retireTokens(folder, 'people'))).toEqual([newest]);
  expect(values(keptTokens(folder, 'people'))).toEqual([newest]);
  expect(mode(tokenFile(folder, 'people'))).toBe('600');
});
