import type { Express } from 'express';
import supertest from 'supertest';
import type { ResourceHandler } from '../../src/scim/handler';
import { isLong, jsonPieces } from '../../src/scim/jsonPieces';
import { base, openProvider, post, withBarbara } from './memoryProvider';
import { ecma, enterprise, userType } from './resourceTypes';

describe('projection', () => {
  it.each<[string, unknown]>([
    ['attributes=userName', { userName: 'barbara' }],
    ['attributes=name.givenName,emails.value', { name: { givenName: 'Barbara' }, emails: [{ value: 'b@x' }] }],
    ['attributes=NAME.middleName', {}],
    ['attributes=nothing', {}],
    ['Attributes=userName&attributes=mail', { userName: 'barbara', [ecma]: { mail: 'b@x' } }],
    [`attributes=${ecma}`, { [ecma]: { sn: 'Jensen', mail: 'b@x', employeeType: 'e' } }],
    [`attributes=${ecma}:surname`, { [ecma]: { surname: 'Jensen' } }],
    [`attributes=employeeType,password,${ecma}:export_password`, { [ecma]: { employeeType: 'e' } }],
    [
      `excludedAttributes=${ecma},emails,name.familyName,id,meta`,
      { userName: 'barbara', name: { givenName: 'Barbara' }, [enterprise]: { department: 'D' } },
    ],
    ['attributes=emails&excludedAttributes=emails.value', { emails: [{ type: 'work' }] }],
  ])('%s', async (search, expected) => {
    const { get } = await withBarbara();
    for (const path of ['/Users/id%2F1', '/Users']) {
      const { body } = await get(`${path}?${search}`).expect(200);
      const { schemas, id, ...rest } = path === '/Users' ? body.Resources[0] : body;
      expect(id).toBe('id/1');
      expect(schemas).toEqual([userType.schema.id, ...Object.keys(rest).filter((name) => name.startsWith('urn:'))]);
      expect(rest).toEqual(expected);
    }
  });

  it('keeps the alias with which a handler answers', async () => {
    const { get, users } = await withBarbara();
    users.resources.set('id/1', {
      id: 'id/1',
      schemas: ['urn:other'],
      [ecma]: { surname: 'J', unheard: 1, mail: null },
    });
    expect((await get('/Users/id%2F1')).body[ecma]).toEqual({ surname: 'J' });
    expect((await get('/Users/id%2F1')).body.schemas).toEqual([userType.schema.id, ecma]);
    expect((await get('/Users/id%2F1?attributes=sn')).body[ecma]).toEqual({ surname: 'J' });
  });
});

describe('answers with very many values', () => {
  const $ref = '../Users/x';

  async function withMembers(count: number) {
    const opened = openProvider();
    const { body } = await post(opened.app, { displayName: 'many' }, '/Groups').expect(201);
    const members = Array.from({ length: count }, (_, index) => ({ value: `m${index}`, $ref }));
    opened.groups.resources.set(body.id, { ...opened.groups.resources.get(body.id), members });
    const path = `/Groups/${encodeURIComponent(body.id)}`;
    const ask = (method: 'get' | 'head', url: string) =>
      supertest(opened.app)[method](`${base}${url}`).buffer(true).expect(200);
    return { ask, path };
  }

  it.each([1_000, 1_001, 25_000])('(%d) are what they would be at once', async (count) => {
    const { ask, path } = await withMembers(count);
    const one = JSON.parse((await ask('get', path)).text);
    expect(one.members).toHaveLength(count);
    expect(one.members.at(-1)).toEqual({ value: `m${count - 1}`, $ref: expect.stringMatching(/^http.*\/Users\/x$/) });
    const list = JSON.parse((await ask('get', '/Groups')).text);
    expect(list).toMatchObject({ totalResults: 1, itemsPerPage: 1 });
    expect(list.Resources[0]).toEqual(one);
    expect((await ask('head', path)).text ?? '').toBe('');
  });

  it('are the text that JSON.stringify makes', () => {
    const long = Array.from({ length: 2_500 }, (_, index) => index);
    const value = { a: undefined, 'b"': long, c: [{ d: long, e: null }, 'x', []], f: {}, g: { h: { i: long } }, j: 1 };
    expect([...jsonPieces(value)].join('')).toBe(JSON.stringify(value));
    expect([...jsonPieces({ a: 1 })]).toEqual(['{"a":1}']);
    expect(isLong({ x: { y: long } })).toBe(true);
    expect(isLong({ x: { y: long.slice(0, 1_000) } })).toBe(false);
  });
});

describe('lists', () => {
  async function withFive() {
    const opened = openProvider();
    for (const userName of ['a', 'b', 'c', 'd', 'e']) await post(opened.app, { userName }).expect(201);
    for (const displayName of ['g', 'h']) await post(opened.app, { displayName }, '/Groups').expect(201);
    const list = async (search: string) =>
      JSON.parse((await supertest(opened.app).get(`${base}/Users?${search}`)).text);
    return { ...opened, list };
  }

  it('are windows', async () => {
    const { list } = await withFive();
    const names = (page: { Resources: { userName: string }[] }) =>
      page.Resources.map(({ userName }) => userName).join('');
    const all = await list('');
    expect(all).toMatchObject({
      schemas: ['urn:ietf:params:scim:api:messages:2.0:ListResponse'],
      totalResults: 5,
      itemsPerPage: 3,
      startIndex: 1,
    });
    expect(names(all)).toBe('abc');
    const second = await list('startIndex=4&count=100');
    expect(second).toMatchObject({ totalResults: 5, itemsPerPage: 2, startIndex: 4 });
    expect(names(second)).toBe('de');
    expect(await list('startIndex=-4&count=0')).toMatchObject({
      totalResults: 5,
      itemsPerPage: 0,
      startIndex: 1,
      Resources: [],
    });
    expect(await list('count=-1')).toMatchObject({ itemsPerPage: 0 });
    expect(await list('startIndex=99999999999999999999')).toMatchObject({ totalResults: 5, itemsPerPage: 0 });
  });

  it.each([
    ['filter=userName+eq+"b"', 1],
    ['filter=userName%20eq%20%22B%22', 1],
    ['FILTER=PLACEHOLDER+eq+"8646d011"', 0],
    ['filter=userName eq "a" or userName eq "b"&aadOptscim062020', 2],
    ['filter=&count=', 5],
    ['sortBy=userName&sortOrder=sideways', 5],
  ])('%s finds %d', async (search, totalResults) => {
    const { list } = await withFive();
    expect(await list(search.replaceAll(' ', '%20'))).toMatchObject({ totalResults });
  });

  it.each([
    ['startIndex=x', 'invalidValue', 'startIndex'],
    ['count=1.5', 'invalidValue', 'count'],
    ['filter=userName', 'invalidFilter', 'character 9'],
    ['filter=a+pr&filter=b+pr', 'invalidValue', 'filter'],
  ])('%s is refused', async (search, scimType, detail) => {
    const { list } = await withFive();
    const body = await list(search);
    expect(body).toMatchObject({ schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'], status: '400', scimType });
    expect(body.detail).toContain(detail);
  });

  it('may be asked for by POST, of one type or of all', async () => {
    const { app } = await withFive();
    const search = async (path: string, body: unknown) => JSON.parse((await post(app, body, path)).text);
    expect(
      await search('/Users/.search', { filter: 'userName eq "b"', attributes: ['userName'], count: 0 }),
    ).toMatchObject({ totalResults: 1, itemsPerPage: 0 });
    const all = await search('/.search', { startIndex: 5, attributes: ['displayName', 'userName'] });
    expect(all).toMatchObject({ totalResults: 7, itemsPerPage: 3, startIndex: 5 });
    expect(all.Resources.map((one: Record<string, unknown>) => one.userName ?? one.displayName)).toEqual([
      'e',
      'g',
      'h',
    ]);
    expect(await search('/.search', { filter: { a: 1 } })).toMatchObject({ status: '400', scimType: 'invalidValue' });
    expect(await search('/Users/.search', [])).toMatchObject({ status: '400', scimType: 'invalidSyntax' });
  });
});

describe('discovery', () => {
  const read = async (app: Express, path: string, host = 'host.example') =>
    JSON.parse(
      (
        await supertest(app)
          .get(base + path)
          .set('X-Host', host)
          .expect(200)
      ).text,
    );

  it('describes the provider and its resource types', async () => {
    const { app } = openProvider();
    expect(await read(app, '/serviceproviderconfig')).toMatchObject({
      patch: { supported: true },
      bulk: { supported: true },
      filter: { supported: true, maxResults: 3 },
      sort: { supported: false },
      etag: { supported: true },
      authenticationSchemes: [{ type: 'oauthbearertoken' }],
      meta: { location: 'https://host.example/ecma2host_X/scim/ServiceProviderConfig' },
    });
    const types = await read(app, '/ResourceTypes');
    expect(types).toMatchObject({ totalResults: 2, itemsPerPage: 2, startIndex: 1 });
    expect(types.Resources[0]).toEqual({
      schemas: ['urn:ietf:params:scim:schemas:core:2.0:ResourceType'],
      id: 'User',
      name: 'User',
      endpoint: '/Users',
      description: 'People',
      schema: userType.schema.id,
      schemaExtensions: [
        { schema: enterprise, required: false },
        { schema: ecma, required: false },
      ],
      meta: { resourceType: 'ResourceType', location: 'https://host.example/ecma2host_X/scim/ResourceTypes/User' },
    });
    expect(await read(app, '/ResourceTypes/user')).toEqual(types.Resources[0]);
  });

  it('promises no writes where none are served, from the moment on in which it is so', async () => {
    const writing = { writes: true, sort: false, etag: true, changePassword: true };
    let features = writing;
    const { app } = openProvider({
      get features() {
        return features;
      },
    });
    const supported = async () => {
      const { patch, bulk, changePassword, filter } = await read(app, '/ServiceProviderConfig');
      return [patch, bulk, changePassword, filter].map((one: { supported: boolean }) => one.supported);
    };
    expect(await supported()).toEqual([true, true, true, true]);
    features = { ...writing, writes: false };
    expect(await supported()).toEqual([false, false, false, true]);
  });

  it('does not tell of cursors where it is not to', async () => {
    const features = { writes: true, sort: false, etag: true, changePassword: true };
    expect(await read(openProvider({ features }).app, '/ServiceProviderConfig')).toMatchObject({
      pagination: { cursor: true, index: true },
    });
    const plain = await read(
      openProvider({ features: { ...features, pagination: false } }).app,
      '/ServiceProviderConfig',
    );
    expect(plain).not.toHaveProperty('pagination');
  });

  it('describes every schema with every attribute, whatever its name, and leaves out what is not said', async () => {
    const { app } = openProvider();
    const schemas = await read(app, '/schemas');
    expect(schemas).toMatchObject({ totalResults: 7, itemsPerPage: 7 });
    expect(JSON.stringify(schemas)).not.toContain('null');
    const described = await read(app, `/Schemas/${ecma.toUpperCase()}`);
    expect(schemas.Resources).toContainEqual(described);
    expect(described.meta.location).toBe(`https://host.example/ecma2host_X/scim/Schemas/${ecma}`);
    const names = described.attributes.map(({ name }: { name: string }) => name);
    const served = userType.extensions[1]?.attributes.flatMap(({ name, hidden }) => (hidden ? [] : name));
    expect(names).toEqual(served);
    expect(described.attributes.find(({ name }: { name: string }) => name === 'userCertificate;binary')).toMatchObject({
      type: 'binary',
      multiValued: true,
      caseExact: true,
      mutability: 'readWrite',
    });
    const members = (await read(app, '/Schemas/urn:ietf:params:scim:schemas:core:2.0:Group')).attributes[1];
    expect(members.subAttributes[1]).toMatchObject({
      name: '$ref',
      type: 'reference',
      referenceTypes: ['User', 'Group'],
      mutability: 'immutable',
    });
  });

  it('follows the host name and the resource types', async () => {
    const { app, endpoints } = openProvider();
    for (let i = 0; i < 20; i++)
      expect((await read(app, '/Schemas', `h${i}`)).Resources[0].meta.location).toContain(`//h${i}/`);
    endpoints.pop();
    expect(await read(app, '/ResourceTypes')).toMatchObject({ totalResults: 1 });
    endpoints[0] = { type: { ...userType, description: 'Others' }, handler: endpoints[0]?.handler as ResourceHandler };
    expect((await read(app, '/ResourceTypes/User')).description).toBe('Others');
  });
});
