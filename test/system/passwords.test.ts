/** Passwords on an OpenLDAP with a policy: every way in, hashes that it can check, and refusals that name no value. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { people } from '../support/connectorFiles';
import { HostProcess, secret } from '../support/hostProcess';
import { type LdapLook, lookInto } from '../support/ldapLook';
import { CORE_USER, ECMA_USER, type Json } from '../support/scimClient';
import { type Slapd, startSlapd } from '../support/slapd';
import { describeOnSlapd, startTimeout } from '../support/system';

const policies: Record<string, object> = {
  plain: {},
  random: { initial: 'random', length: 30, mustChange: true },
  none: { initial: 'none' },
  ssha: { hash: 'SSHA' },
  ssha512: { hash: 'SSHA512' },
  pbkdf2: { hash: 'PBKDF2-SHA512' },
  modify: { method: 'passwordModify', mustChange: true },
  selected: { initial: 'random' },
  brief: { initial: 'random', length: 8 },
};

describeOnSlapd('passwords', () => {
  let slapd: Slapd;
  let look: LdapLook;
  let host: HostProcess;

  beforeAll(async () => {
    slapd = (await startSlapd({ faults: false })) as Slapd;
    const file = join(slapd.folder, 'slapd.conf');
    const conf = readFileSync(file, 'utf8');
    writeFileSync(
      file,
      conf.replace('moduleload ppolicy', 'moduleload ppolicy\nmoduleload pw-sha2\nmoduleload pw-pbkdf2'),
    );
    await slapd.restart();
    look = await lookInto(slapd);
    await look.set(`cn=default,ou=policies,${slapd.suffix}`, 'pwdMinLength', ['12']);
    await look.set(`cn=default,ou=policies,${slapd.suffix}`, 'pwdCheckQuality', ['1']);
    await look.set(`cn=default,ou=policies,${slapd.suffix}`, 'pwdInHistory', ['3']);
    const mappings = [
      { source: 'userName', target: 'cn' },
      { source: 'name.familyName', target: 'sn' },
    ];
    const attributes = ['cn', 'sn', 'description'];
    host = await HostProcess.start({
      connectors: Object.fromEntries(
        Object.entries(policies).map(([name, password]) => [
          name,
          people(slapd, { mappings, matchingAttributes: [], password, ...(name === 'selected' && { attributes }) }),
        ]),
      ),
      secrets: [slapd.connectorPassword],
    });
  }, startTimeout);

  afterAll(async () => {
    await host?.stop();
    await look?.close();
    await slapd?.stop();
  });

  const dnOf = (userName: string) => `cn=${userName},ou=people,${slapd.suffix}`;
  const user = (userName: string, more: object = {}) => ({
    schemas: [CORE_USER],
    userName,
    name: { familyName: 'Schloss' },
    ...more,
  });
  const post = (connector: string, body: object) => host.client(connector).post('/Users', body);
  async function create(connector: string, userName: string, more: object = {}): Promise<Json> {
    const { status, body, text } = await post(connector, user(userName, more));
    if (status !== 201) throw new Error(`${userName}: ${status} ${text}`);
    expect(text).not.toMatch(/password/i);
    return body;
  }

  test('three names for one thing, each in the same Add', async () => {
    for (const [name, more] of [
      ['core', (value: string) => ({ password: value })],
      ['virtual', (value: string) => ({ [ECMA_USER]: { export_password: value } })],
      ['attribute', (value: string) => ({ [ECMA_USER]: { userPassword: value } })],
    ] as const) {
      await create('plain', name, more(secret(`pw-${name}`)));
      expect(await look.canBind(dnOf(name), secret(`pw-${name}`))).toBe(true);
      const log = await look.find(`(&(objectClass=auditWriteObject)(reqDN=${dnOf(name)}))`, 'cn=accesslog');
      expect(log.map(({ values }) => values.reqType)).toEqual([['add']]);
    }
    const both = { password: secret('pw-one'), [ECMA_USER]: { export_password: secret('pw-two') } };
    expect((await post('plain', user('contradiction', both))).status).toBe(400);
  });

  test('a change of the password writes nothing else, and a change of anything else no password', async () => {
    const { id } = await create('plain', 'changing', { password: secret('pw-before') });
    const client = host.client('plain');
    const changed = await client.patch(`/Users/${id}`, { op: 'replace', path: 'password', value: secret('pw-after') });
    expect([changed.status, changed.text.includes('assword')]).toEqual([200, false]);
    expect(await look.canBind(dnOf('changing'), secret('pw-after'))).toBe(true);
    expect(await look.canBind(dnOf('changing'), secret('pw-before'))).toBe(false);
    await client.patch(`/Users/${id}`, { op: 'replace', path: `${ECMA_USER}:description`, value: 'Changed' });
    expect(await look.canBind(dnOf('changing'), secret('pw-after'))).toBe(true);
  });

  test('set also where the file does not select its attribute', async () => {
    const { id } = await create('selected', 'selected', { password: secret('pw-selected') });
    expect(await look.canBind(dnOf('selected'), secret('pw-selected'))).toBe(true);
    const value = secret('pw-selected-2');
    const path = `${ECMA_USER}:export_password`;
    expect((await host.client('selected').patch(`/Users/${id}`, { op: 'replace', path, value })).status).toBe(200);
    expect(await look.canBind(dnOf('selected'), value)).toBe(true);
  });

  test('hashed by the host, checked by the directory', async () => {
    for (const [connector, form] of [
      ['ssha', /^\{SSHA\}[A-Za-z0-9+/=]{48}$/],
      ['ssha512', /^\{SSHA512\}[A-Za-z0-9+/=]{108}$/],
      ['pbkdf2', /^\{PBKDF2-SHA512\}\d+\$[A-Za-z0-9./]{22}\$[A-Za-z0-9./]{86}$/],
    ] as const) {
      const { id } = await create(connector, connector, { password: secret(`pw-${connector}`) });
      expect((await look.at(dnOf(connector)))?.userPassword).toEqual([expect.stringMatching(form)]);
      expect(await look.canBind(dnOf(connector), secret(`pw-${connector}`))).toBe(true);
      const path = `/Users/${id}`;
      await host.client(connector).patch(path, { op: 'replace', path: 'password', value: secret('pw-again') });
      expect((await look.at(dnOf(connector)))?.userPassword).toEqual([expect.stringMatching(form)]);
      expect(await look.canBind(dnOf(connector), secret('pw-again'))).toBe(true);
    }
  });

  test('a first password that nobody knows, none at all, and the flag that asks for another one', async () => {
    await create('random', 'random1');
    await create('random', 'random2');
    const [one, two] = [await look.at(dnOf('random1')), await look.at(dnOf('random2'))];
    expect([one?.pwdReset, one?.userPassword?.length]).toEqual([['TRUE'], 1]);
    expect(one?.userPassword).not.toEqual(two?.userPassword);
    await create('random', 'chosen', { password: secret('pw-chosen') });
    expect(await look.canBind(dnOf('chosen'), secret('pw-chosen'))).toBe(true);
    const none = await create('none', 'none', { password: secret('pw-none') });
    expect((await look.at(dnOf('none')))?.userPassword).toBeUndefined();
    const path = `/Users/${none.id}`;
    await host.client('none').patch(path, { op: 'replace', path: 'password', value: secret('pw-later') });
    expect(await look.canBind(dnOf('none'), secret('pw-later'))).toBe(true);
  });

  test('the password modify operation: the directory hashes, and an entry whose password is refused is not left behind', async () => {
    const { id } = await create('modify', 'modified', { password: secret('pw-modify') });
    expect(await look.canBind(dnOf('modified'), secret('pw-modify'))).toBe(true);
    expect((await look.at(dnOf('modified')))?.pwdReset).toEqual(['TRUE']);
    expect((await post('modify', user('refused', { password: 'short' }))).status).toBe(400);
    expect(await look.at(dnOf('refused'))).toBeUndefined();
    expect((await post('modify', user('refused', { password: secret('pw-long') }))).status).toBe(201);

    const path = `/Users/${id}`;
    const title = { op: 'replace', path: `${ECMA_USER}:description`, value: 'Both' };
    const client = host.client('modify');
    const both = (value: string) => client.patch(path, title, { op: 'replace', path: 'password', value });
    expect((await both('tiny')).status).toBe(400);
    expect((await look.at(dnOf('modified')))?.description).toBeUndefined();
    expect((await both(secret('pw-modify-2'))).status).toBe(200);
    expect((await look.at(dnOf('modified')))?.description).toEqual(['Both']);
    expect(await look.canBind(dnOf('modified'), secret('pw-modify-2'))).toBe(true);
  });

  test('what a policy refuses is said in words, without the value', async () => {
    const short = await post('plain', user('short', { password: 'a1b2c3' }));
    expect([short.status, short.body.scimType]).toEqual([400, 'invalidValue']);
    expect(short.body.detail).toMatch(/^password: .*too short/);
    expect(short.text).not.toContain('a1b2c3');
    expect(await look.at(dnOf('short'))).toBeUndefined();

    const { id } = await create('plain', 'history', { password: secret('pw-history') });
    const client = host.client('plain');
    const set = (value: string) => client.patch(`/Users/${id}`, { op: 'replace', path: 'password', value });
    expect((await set(secret('pw-history-2'))).status).toBe(200);
    const again = await set(secret('pw-history'));
    expect([again.status, again.text.includes('S3cret')]).toEqual([400, false]);
    expect(again.body.detail).toMatch(/used before/);
  });

  test('what a policy refuses of the connector’s own making is told to whoever configures it', async () => {
    const brief = await post('brief', user('brief'));
    expect([brief.status, brief.body.detail]).toEqual([
      400,
      expect.stringMatching(/^password: .*made up for "cn=brief,.*too short.*password\.length/),
    ]);
    expect(await look.at(dnOf('brief'))).toBeUndefined();

    const policy = `cn=default,ou=policies,${slapd.suffix}`;
    const { id } = await create('ssha', 'hashed');
    await look.set(policy, 'pwdCheckQuality', ['2']);
    const change = { op: 'replace', path: 'password', value: secret('pw-hashed') };
    const answers = [
      await post('ssha', user('hashed2', { password: secret('pw-hashed') })),
      await host.client('ssha').patch(`/Users/${id}`, change),
    ];
    await look.set(policy, 'pwdCheckQuality', ['1']);
    for (const { status, body } of answers)
      expect([status, body.detail]).toEqual([400, expect.stringMatching(/password\.hash is SSHA/)]);
  });
});
