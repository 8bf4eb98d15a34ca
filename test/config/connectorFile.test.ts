/** Connector files: their text, secrets, defaults and folders. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ConnectorFileResult, parseConnectorFile, readConnectorFile } from '../../src/config/connectorFile';
import { FolderFault, hostEnvironment, readConnectorFolder } from '../../src/config/connectorFolder';
import type { ConnectorOptions } from '../../src/connector/options';
import { scopeDigest } from '../../src/connector/readScope';
import { received, sendable } from '../../src/connector/sentOptions';
import type { Secret } from '../../src/telemetry/secret';
import { environment, file, parse, said } from './connectorFiles';

const folder = mkdtempSync(join(tmpdir(), 'config-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('the text', () => {
  test('comments and trailing commas are allowed', () => {
    const result = parse(`{
      // a line, /* and a block */
      "connectivity": { "product": "memory", /* here too */ },
      "objectTypes": [{ "resourceType": "User", "targetObject": "person", }],
    }`);
    expect(result.faults).toEqual([]);
  });

  test.each(['', 'connectivity', 'properties'])(
    '__proto__ in "%s" is a key like any other, and no key of a file',
    (at) => {
      const hostile = '"__proto__": { "active": false, "host": "evil" }';
      const text =
        at === ''
          ? `{ ${hostile}, ${file().slice(1)}`
          : `{ "${at}": { ${at === 'connectivity' ? '"product": "memory", ' : ''}${hostile} }, ${file(at === 'connectivity' ? { connectivity: undefined } : {}).slice(1)}`;
      expect(said(parse(text))).toEqual([`fault ${at === '' ? '' : `${at}.`}__proto__: is no key of a connector file`]);
      expect(Object.prototype).not.toHaveProperty('host');
    },
  );
});

describe('secrets', () => {
  const withToken = (secretToken: unknown) => file({ properties: { secretToken } });
  const tokens = (result: ConnectorFileResult) =>
    result.options?.properties.secretTokens.map((token) => (token as Secret).reveal());

  beforeAll(() => {
    mkdirSync(join(folder, 'secrets'));
    writeFileSync(join(folder, 'secrets/token'), 'token from a file\nand a second line\n');
    writeFileSync(join(folder, 'secrets/empty'), '\nthe first line counts\n');
  });

  test('come from variables and files, several of them so that one can be rolled', () => {
    const result = parse(withToken(['env:TOKEN', 'file:secrets/token']), folder);
    expect(result.faults).toEqual([]);
    expect(tokens(result)).toEqual(['twelve-chars', 'token from a file']);
  });

  test('are made by the host where the file names none', () => {
    expect(tokens(parse(file()))).toEqual(['made-once-and-kept']);
    expect(said(parse(file(), folder, { variables: {} }))).toEqual([
      'fault properties.secretToken: is missing: name the secret token as env:NAME or file:PATH',
    ]);
  });

  test.each([
    ['env:NOWHERE', 'the environment variable NOWHERE is not set: set it and start again'],
    ['env:EMPTY', 'the environment variable EMPTY is not set: set it and start again'],
    ['env:SHORT', 'the secret token has 11 characters: it needs at least 12'],
    ['file:secrets/none', `the secret file ${join(folder, 'secrets/none')} does not exist`],
    ['file:secrets/empty', `the secret file ${join(folder, 'secrets/empty')} is empty: its first line is the secret`],
  ])('%s cannot be had', (reference, message) => {
    expect(said(parse(withToken(reference), folder))).toEqual([`fault properties.secretToken: ${message}`]);
  });

  test('in clear text are noticed, and never quoted', () => {
    const result = parse(
      file({
        properties: { secretToken: 'in-clear-text' },
        connectivity: { host: 'h', userName: 'cn=a', password: 'pass-in-clear' },
      }),
    );
    const message = 'stands in clear text in this file: use env:NAME or file:PATH';
    expect(said(result)).toEqual([
      `notice properties.secretToken: ${message}`,
      `notice connectivity.password: ${message}`,
    ]);
    expect(JSON.stringify(result)).not.toMatch(/in-clear/);
    expect(result.options?.connectivity.password?.reveal()).toBe('pass-in-clear');
  });
});

test('defaults: a host, an account, a base and an object type are enough', () => {
  const { options, faults } = parse(
    file({
      connectivity: { hosts: ['a', 'b:1389', '[::1]:7', '::1'], userName: 'cn=a', password: 'env:BIND' },
      partitions: [{ dn: 'dc=example,dc=com' }],
    }),
  );
  expect(faults).toEqual([]);
  expect(options).toMatchObject({
    active: true,
    properties: { autosync: { everyMs: 7_200_000 }, autosyncJitterMs: 30_000 },
    connectivity: {
      product: 'auto',
      hosts: [
        { host: 'a', port: 389 },
        { host: 'b', port: 1389 },
        { host: '::1', port: 7 },
        { host: '::1', port: 389 },
      ],
      binding: 'Basic',
      connectionTimeoutMs: 180_000,
      operationTimeoutMs: 30_000,
      tlsMinimum: 'TLSv1.2',
      certificate: {},
      includeOperationalAttributes: false,
      includeExtensibleAttributes: false,
      allowManualAnchorSelection: false,
    },
    global: { matchingMaxAgeMs: 60_000, deltaImport: 'auto', partitionNames: [] },
    provisioningHierarchy: {},
    partitions: [
      { dn: 'dc=example,dc=com', containers: [], excludedContainers: [], searchOnlyInSelectedContainers: true },
    ],
    runProfiles: {
      export: { enabled: true },
      fullImport: { pageSize: 500, accidentLimit: 0.1 },
      deltaImport: { enabled: true, intervalMs: 30_000 },
    },
    objectTypes: [
      { auxiliaryClasses: [], matchingAttributes: [], stored: ['externalId'], deleteFlow: { action: 'delete' } },
    ],
  });
  expect(options?.objectTypes[0]?.disableFlow).toBeUndefined();
});

test('with SSL the port is 636, and files of certificates stand relative to the connector file', () => {
  const connectivity = { host: 'h', binding: 'SSL', certificate: { ca: '../ca.pem' } };
  expect(parse(file({ connectivity }), folder).options?.connectivity).toMatchObject({
    hosts: [{ host: 'h', port: 636 }],
    certificate: { ca: join(folder, '../ca.pem') },
  });
});

describe('a folder', () => {
  const connectors = join(folder, 'connectors');
  beforeAll(() => {
    mkdirSync(connectors);
    for (const name of ['people.json', 'groups.json', 'people.example.json', 'notes.txt', 'no name.json'])
      writeFileSync(join(connectors, name), file());
  });

  test('is read in the order of its names; examples are left alone, and faults of one file are no fault of another', () => {
    const found = readConnectorFolder(connectors, environment);
    expect(found.map(({ name, options }) => [name, options !== undefined])).toEqual([
      ['groups', true],
      ['no name', false],
      ['people', true],
    ]);
    expect(found[1]?.faults[0]?.message).toBe(
      '"no name" is no connector name: the file\'s name may have letters, digits, - and _ (at most 64) before .json',
    );
  });

  test('that is not there says how to name another one', () => {
    expect(() => readConnectorFolder(join(folder, 'none'), environment)).toThrow(
      new FolderFault(
        `The connector folder ${join(folder, 'none')} does not exist: make it (connector-host init makes one with a demo connector), or name another one with --connectors DIR.`,
      ),
    );
  });

  test('a token is made once per connector, for the eyes of the host only', () => {
    const certs = join(folder, 'certs');
    const host = hostEnvironment({}, certs);
    const token = host.keptTokens?.('people')[0]?.reveal();
    expect(token).toMatch(/^[\w-]{43}$/);
    expect(hostEnvironment({}, certs).keptTokens?.('people')[0]?.reveal()).toBe(token);
    expect(host.keptTokens?.('groups')[0]?.reveal()).not.toBe(token);
    expect(statSync(join(certs, 'people.token')).mode & 0o777).toBe(0o600);
    expect(statSync(certs).mode & 0o777).toBe(0o700);
    expect(host.originOf('people')).toEqual({ kind: 'file', file: join(certs, 'people.token') });
    const given = hostEnvironment({ SECRET_TOKEN: 'for-every-connector' }, certs);
    expect(given.keptTokens?.('people')[0]?.reveal()).toBe('for-every-connector');
    expect(given.originOf('people')).toEqual({ kind: 'environment', variable: 'SECRET_TOKEN' });
  });
});

test('the files that come with the project have no faults', () => {
  const shipped = join(__dirname, '../../connectors');
  for (const name of readdirSync(shipped).filter((one) => one.endsWith('.json'))) {
    const text = readFileSync(join(shipped, name), 'utf8');
    const references = text.replace(/"(?:file|env):[^"]*"/g, '"a secret of the test"');
    const { faults } = parseConnectorFile(references, 'shipped', join(shipped, name), environment);
    expect(faults.filter(({ severity }) => severity === 'fault')).toEqual([]);
  }
  expect(readConnectorFile(join(shipped, 'none.json'), environment).faults[0]?.message).toContain('ENOENT');
});

describe('a partition on a server of its own', () => {
  const connectivity = {
    host: 'one.example.com',
    port: 1389,
    binding: 'SSL',
    userName: 'cn=one',
    password: 'env:BIND',
    operationTimeout: 7,
    certificate: { ca: 'ca.pem' },
  };
  const withPartition = (own: object, more: object = {}) =>
    parse(
      file({
        connectivity: { ...connectivity, ...more },
        partitions: [{ dn: 'dc=a' }, { dn: 'dc=b', connectivity: own }],
      }),
      folder,
    );

  test('has from the connector what it does not name itself', () => {
    const { options, faults, uses } = withPartition({ host: 'two.example.com', certificate: { ca: 'two.pem' } });
    expect(faults).toEqual([]);
    const [first, second] = options?.partitions ?? [];
    expect(first).not.toHaveProperty('connectivity');
    const { password, ...plain } = second?.connectivity ?? {};
    expect((password as Secret).reveal()).toBe('bind-password');
    expect(plain).toMatchObject({
      hosts: [{ host: 'two.example.com', port: 636 }],
      binding: 'SSL',
      userName: 'cn=one',
      operationTimeoutMs: 7_000,
      certificate: { ca: join(folder, 'two.pem') },
    });
    expect(uses).toEqual([join(folder, 'ca.pem'), join(folder, 'two.pem')]);
  });

  test('has an account of its own as a whole', () => {
    const account = { userName: 'cn=two', password: 'env:TOKEN' };
    const own = withPartition({ hosts: ['two', 'three:99'], ...account }).options?.partitions[1]?.connectivity;
    expect(own?.hosts.map(({ host, port }) => `${host}:${port}`)).toEqual(['two:636', 'three:99']);
    expect([own?.userName, own?.password?.reveal()]).toEqual(['cn=two', 'twelve-chars']);
    expect(said(withPartition({ host: 'two', userName: 'cn=two' }))).toEqual([
      'fault partitions[1].connectivity: userName and password belong together: give both, or neither for an anonymous bind',
    ]);
    const anonymous = withPartition({ host: 'two', binding: 'Anonymous' }).options?.partitions[1]?.connectivity;
    expect([anonymous?.binding, anonymous?.userName, anonymous?.hosts[0]?.port]).toEqual(['Anonymous', undefined, 389]);
  });

  test('faults are told at its place, and those of what it has from the connector once', () => {
    expect(said(withPartition({ host: 'two', hosts: ['three'], binding: 'NTLM' }))).toEqual([
      expect.stringContaining('fault partitions[1].connectivity.binding: NTLM is not supported'),
    ]);
    expect(said(withPartition({ host: 'two', hosts: ['three'] }))).toEqual([
      'fault partitions[1].connectivity.hosts: host and hosts are both given: keep one of them',
    ]);
    expect(said(withPartition({ host: 'two' }, { password: 'env:NOWHERE' }))).toEqual([
      'fault connectivity.password: the environment variable NOWHERE is not set: set it and start again',
    ]);
    const memory = { connectivity: { product: 'memory' }, partitions: [{ dn: 'dc=b', connectivity: { host: 'two' } }] };
    expect(said(parse(file(memory)))).toEqual([
      'fault partitions[0].connectivity: is of no use: the embedded directory is one server',
    ]);
  });

  test('reaches the process of an import with its secrets, which stand beside the options', () => {
    const { options } = withPartition({ host: 'two', userName: 'cn=two', password: 'env:TOKEN' });
    const sent = sendable(options as ConnectorOptions);
    expect(JSON.stringify(sent.options)).not.toMatch(/bind-password|twelve-chars/);
    const back = received(JSON.parse(JSON.stringify(sent)));
    expect(back.connectivity.password?.reveal()).toBe('bind-password');
    expect(back.partitions[1]?.connectivity?.password?.reveal()).toBe('twelve-chars');
    expect(scopeDigest(back)).toBe(scopeDigest(withPartition({ host: 'moved' }).options as ConnectorOptions));
  });
});
