/**
 * What is asked for again and again is answered from what was made before, as long as nothing that it was made of has
 * changed: the entry, what is kept beside it, the names that clients use, and whom it names.
 */
import { people } from '../support/connectorFiles';
import { eventually, HostProcess } from '../support/hostProcess';
import { CORE_USER, ECMA_USER, ENTERPRISE_USER, type Json, type ScimClient } from '../support/scimClient';
import { slapdIsHere, startSystem, startTimeout } from '../support/system';

const replace = (path: string, value: unknown) => ({ op: 'replace', path, value });
const fresh = { global: { matching: { maxAge: 86_400 } } };

describe.each(slapdIsHere ? ['memory', 'OpenLDAP'] : ['memory'])('on %s', (directory) => {
  let host: HostProcess;
  let stop: () => Promise<void>;
  let client: ScimClient;

  beforeAll(async () => {
    if (directory === 'memory') {
      host = await HostProcess.start({ connectors: { reads: people(undefined, {}, fresh) } });
      stop = () => host.stop();
    } else {
      ({ host, stop } = await startSystem({ connectors: (slapd) => ({ reads: people(slapd, {}, fresh) }) }));
    }
    client = host.client('reads');
  }, startTimeout);
  afterAll(() => stop?.());

  const create = async (userName: string, more: object = {}) => {
    const { status, body, text } = await client.post('/Users', {
      schemas: [CORE_USER],
      userName,
      name: { familyName: userName },
      displayName: `Display ${userName}`,
      emails: [{ type: 'work', value: `${userName}@reads.example` }],
      ...more,
    });
    if (status !== 201) throw new Error(text);
    return String(body.id);
  };
  const expectOk = ({ status, text }: { status: number; text: string }) => {
    if (status >= 300) throw new Error(text);
  };
  /** Read in each way, twice: the second time it may be what was made the first time. */
  const read = async (id: string, userName: string): Promise<Json> => {
    const filters = [`emails.value eq "${userName}@reads.example"`, `userName eq "${userName}"`, `id eq "${id}"`];
    const queries = filters.map((filter) => `/Users?filter=${encodeURIComponent(filter)}`);
    const answers: Json[] = [];
    for (const query of [...queries, ...queries, '/Users?count=1000']) {
      const found = (await client.get(query)).body.Resources as unknown as Json[];
      answers.push(...found.filter((one) => String(one.id) === id));
    }
    for (let times = 0; times < 2; times += 1) answers.push((await client.get(`/Users/${id}`)).body);
    expect(answers).toHaveLength(9);
    for (const one of answers) expect(one).toEqual(answers[0]);
    return answers[0] ?? {};
  };
  /** One kind of look-up after the other: by URL, and as a message that is read as a whole each time. */
  const lookUps = async (filter: string, more: object = {}) => {
    const parameters = new URLSearchParams({ filter, ...more }).toString().replaceAll('+', '%20');
    const byUrl = (await client.get(`/Users?${parameters}`)).body;
    const byMessage = (await client.post('/Users/.search', { filter, ...more })).body;
    expect(byUrl).toEqual(byMessage);
    return (byUrl.Resources as unknown as Json[]).map(({ userName }) => userName);
  };
  const managerOf = (user: Json) => (user[ENTERPRISE_USER] as Json | undefined)?.manager as Json | undefined;

  test('look-ups of one kind, one value after the other', async () => {
    for (const name of ['form-a', 'form-b', 'form ü 1'])
      await create(name, {
        title: name,
        emails: [{ type: 'work', value: `${name.replace('ü', 'u').replaceAll(' ', '-')}@reads.example` }],
      });
    const mail = (name: string) =>
      `emails[type eq "work"].value eq "${name.replace('ü', 'u').replaceAll(' ', '-')}@reads.example"`;
    for (let times = 0; times < 2; times += 1)
      for (const name of ['form-a', 'FORM-B', 'form ü 1', 'form-nobody', 'form-a*', 'form-a)(uid=*', '']) {
        const found = ['form-a', 'form-b', 'form ü 1'].filter((one) => one === name.toLowerCase());
        expect(await lookUps(`userName eq "${name}"`)).toEqual(found);
        expect(await lookUps(`(active ne false and userName eq "${name}")`)).toEqual(found);
        expect(await lookUps(`title eq "form-a" and userName eq "${name}"`)).toEqual(
          found.filter((one) => one === 'form-a'),
        );
        expect(await lookUps(`${ECMA_USER}:uid eq "${name}"`)).toEqual(found);
        expect(await lookUps(mail(name))).toEqual(found);
        expect(await lookUps(mail(name).replace('work', 'home'))).toEqual([]);
        expect(await lookUps(mail(name), { attributes: 'userName' })).toEqual(found);
        expect(await lookUps(`userName eq "${name}"`, { count: 0 })).toEqual([]);
        expect(await lookUps(`userName eq "${name}"`, { startIndex: 2 })).toEqual([]);
        expect(await lookUps(`not (userName eq "${name}") and userName eq "form-a"`)).toEqual(
          found.includes('form-a') ? [] : ['form-a'],
        );
      }
  });

  test('a change of the entry, and of what is only kept beside it', async () => {
    const id = await create('rr-anna', { externalId: 'one' });
    const first = await read(id, 'rr-anna');
    expect(first.externalId).toBe('one');
    expectOk(await client.patch(`/Users/${id}`, replace('externalId', 'two')));
    const second = await read(id, 'rr-anna');
    expect(second.externalId).toBe('two');
    expect((second.meta as Json).version).not.toBe((first.meta as Json).version);
    expectOk(await client.patch(`/Users/${id}`, replace('title', 'Head')));
    expect(await read(id, 'rr-anna')).toMatchObject({ title: 'Head', externalId: 'two' });
    expectOk(await client.patch(`/Users/${id}`, { op: 'remove', path: 'externalId' }));
    const last = await read(id, 'rr-anna');
    expect(last).toMatchObject({ title: 'Head' });
    expect(last.externalId).toBeUndefined();
  });

  test('a change of whom it names', async () => {
    const boss = await create('rr-boss');
    const id = await create('rr-berta', { [ENTERPRISE_USER]: { manager: { value: boss } } });
    expect(managerOf(await read(id, 'rr-berta'))).toMatchObject({ value: boss, displayName: 'Display rr-boss' });
    expectOk(await client.patch(`/Users/${boss}`, replace('displayName', 'The Boss')));
    expect(managerOf(await read(id, 'rr-berta'))).toMatchObject({ value: boss, displayName: 'The Boss' });
    expectOk(await client.delete(`/Users/${boss}`));
    // The directory sees to those that name the entry in its own time.
    await eventually(async () => expect(managerOf(await read(id, 'rr-berta'))?.value).not.toBe(boss));
  });

  test('a name that a client begins to use', async () => {
    const id = await create('rr-cleo');
    expect((await read(id, 'rr-cleo'))[ECMA_USER]).not.toHaveProperty('telexNumber;x');
    const other = await create('rr-dora');
    expectOk(await client.patch(`/Users/${other}`, replace(`${ECMA_USER}:surname`, 'Dorn')));
    expect((await read(id, 'rr-cleo'))[ECMA_USER]).toMatchObject({ sn: 'rr-cleo', surname: 'rr-cleo' });
  });

  test('an entry that is gone, and another one under its name', async () => {
    const id = await create('rr-emma', { title: 'First' });
    await read(id, 'rr-emma');
    expectOk(await client.delete(`/Users/${id}`));
    expect((await client.get(`/Users/${id}`)).status).toBe(404);
    const again = await create('rr-emma', { title: 'Second' });
    expect(await read(again, 'rr-emma')).toMatchObject({ title: 'Second' });
    if (again !== id) expect((await client.get(`/Users/${id}`)).status).toBe(404);
  });

  test('renamed', async () => {
    const id = await create('rr-fred');
    await read(id, 'rr-fred');
    expectOk(await client.patch(`/Users/${id}`, replace('userName', 'rr-frederic')));
    const { body } = await client.get(`/Users?filter=${encodeURIComponent('emails.value eq "rr-fred@reads.example"')}`);
    expect(body.Resources).toMatchObject([{ id, userName: 'rr-frederic' }]);
    expect((await client.get(`/Users/${id}`)).body).toMatchObject({ userName: 'rr-frederic' });
  });
});
