/** Bulk requests (RFC 7644 §3.7). */
import supertest from 'supertest';
import { ScimError } from '../../src/scim/error';
import { createGroup, createUser, manager, opened, statuses } from './bulkRequests';
import { base, post } from './memoryProvider';
import { enterprise } from './resourceTypes';

describe('a bulk request', () => {
  it('answers each operation with its method, bulkId, version, location and status', async () => {
    const { bulk, users } = opened();
    const first = await bulk([createUser('a'), createUser('b')]);
    expect([first.status, first.body.schemas]).toEqual([200, ['urn:ietf:params:scim:api:messages:2.0:BulkResponse']]);
    expect(first.results).toEqual(
      ['a', 'b'].map((bulkId, index) => ({
        method: 'POST',
        bulkId,
        version: 'W/"1"',
        location: `https://host.example/ecma2host_X/scim/Users/id%2F${index + 1}`,
        status: '201',
      })),
    );
    const location = 'https://host.example/ecma2host_X/scim/Users/id%2F1';
    const second = await bulk([
      { method: 'PUT', path: '/Users/id%2F1', version: 'W/"1"', data: { userName: 'c' } },
      { method: 'patch', path: 'users/id%2F1', data: { Operations: [{ op: 'add', path: 'title', value: 't' }] } },
      { method: 'DELETE', path: '/Users/id%2F1', version: '3' },
    ]);
    expect(second.results).toEqual([
      { method: 'PUT', version: 'W/"2"', location, status: '200' },
      { method: 'PATCH', version: 'W/"3"', location, status: '200' },
      { method: 'DELETE', location, status: '204' },
    ]);
    expect(users.resources.has('id/1')).toBe(false);
  });

  it('goes on after errors, and each error says what is wrong', async () => {
    const { bulk, named } = opened();
    const { status, results } = await bulk([
      { method: 'POST', path: '/Users', bulkId: 'x', data: { title: 'no name' } },
      { method: 'DELETE', path: '/Users/nobody' },
      { method: 'PUT', path: '/Users/nobody', version: 'W/"1"', data: { userName: 'x' } },
      createUser('after'),
    ]);
    expect([status, statuses(results)]).toEqual([200, ['400', '404', '404', '201']]);
    expect(results[0]).toEqual({
      method: 'POST',
      bulkId: 'x',
      status: '400',
      response: expect.objectContaining({
        schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'],
        status: '400',
        scimType: 'invalidValue',
      }),
    });
    expect(results[1]?.location).toBe('https://host.example/ecma2host_X/scim/Users/nobody');
    expect(named('after')).toBeDefined();
  });

  it.each<[string, unknown, string, string]>([
    ['another method', { method: 'GET', path: '/Users/1' }, '400', 'method'],
    ['no method', { path: '/Users/1' }, '400', 'method'],
    ['no path', { method: 'DELETE' }, '400', 'path'],
    ['a create of a resource', { method: 'POST', path: '/Users/1', bulkId: 'q', data: {} }, '400', 'endpoint'],
    ['a change of all resources', { method: 'PATCH', path: '/Users', data: {} }, '400', 'resource'],
    ['a create without a bulkId', { method: 'POST', path: '/Users', data: { userName: 'q' } }, '400', 'bulkId'],
    ['no data', { method: 'PUT', path: '/Users/1' }, '400', 'data'],
    ['no endpoint of resources', { method: 'POST', path: '/Bulk', bulkId: 'q', data: {} }, '404', '/ResourceTypes'],
    ['discovery', { method: 'DELETE', path: '/Schemas/x' }, '404', '/ResourceTypes'],
    ['a search', { method: 'DELETE', path: '/Users/.search' }, '404', '/ResourceTypes'],
    ['a taken bulkId', createUser('a'), '400', 'taken'],
    ['an unknown bulkId', createUser('q', manager('bulkId:nobody')), '400', 'bulkId:nobody'],
    ['a version that is not there', { method: 'DELETE', path: '/Users/bulkId:a', version: 'W/"7"' }, '412', 'version'],
  ])('refuses %s, and that alone', async (_, operation, status, detail) => {
    const { bulk } = opened();
    const { results } = await bulk([createUser('a'), operation, createUser('b')]);
    expect(statuses(results)).toEqual(['201', status, '201']);
    expect(results[1]).toMatchObject({ response: { detail: expect.stringContaining(detail) } });
  });

  it.each<[string, unknown, number]>([
    ['no operations', { Operations: [] }, 400],
    ['no list', { Operations: {} }, 400],
    ['no object', [], 400],
    ['operations that are none', { Operations: ['POST'] }, 400],
    ['a count that is none', { Operations: [createUser('a')], failOnErrors: 'many' }, 400],
    ['more operations than maxOperations', { Operations: Array(1001).fill({}) }, 413],
    ['more octets than maxPayloadSize', { Operations: [createUser('a', { title: 't'.repeat(200_000) })] }, 413],
  ])('with %s is refused as a whole', async (_, body, status) => {
    const { app, users } = opened();
    const answer = await post(app, body, '/Bulk');
    expect([answer.status, JSON.parse(answer.text).status]).toEqual([status, String(status)]);
    expect(users.resources.size).toBe(0);
  });

  it('is announced with its limits, and is a POST', async () => {
    const { app } = opened();
    const { text } = await supertest(app).get(`${base}/ServiceProviderConfig`);
    expect(JSON.parse(text).bulk).toEqual({ supported: true, maxOperations: 1000, maxPayloadSize: 200_000 });
    const got = await supertest(app).get(`${base}/Bulk`);
    expect([got.status, got.headers.allow]).toEqual([405, 'POST']);
  });

  it('with failOnErrors ends after so many errors, and answers what was done', async () => {
    const { bulk, named } = opened();
    const wrong = (bulkId: string) => ({ ...createUser(bulkId), data: {} });
    const operations = [createUser('a'), wrong('b'), createUser('c'), wrong('d'), createUser('e')];
    const one = await bulk(operations, { failOnErrors: 1 });
    expect([one.status, statuses(one.results)]).toEqual([200, ['201', '400']]);
    expect(named('c')).toBeUndefined();
    const two = await bulk(operations, { failOnErrors: 2 });
    expect(statuses(two.results)).toEqual(['201', '400', '201', '400']);
  });

  it('logs what nobody expected, and does not tell it', async () => {
    const { bulk, users, errors, notes } = opened();
    users.delete = () => Promise.reject(new TypeError('secret inside'));
    const { results } = await bulk([{ method: 'DELETE', path: '/Users/1' }]);
    expect(statuses(results)).toEqual(['500']);
    expect(JSON.stringify(results)).not.toContain('secret');
    expect(errors).toEqual([new TypeError('secret inside')]);
    expect(notes.bulk).toEqual({ operations: 1, errors: 1 });
  });
});

describe('bulkIds', () => {
  it('stand for ids in values, in paths and in filters, before and after the operation that creates them', async () => {
    const { bulk, named, users } = opened();
    const { results } = await bulk([
      createGroup('g', 'bulkId:u', 'bulkId:v'),
      createUser('u', manager('bulkId:v')),
      createUser('v'),
      { method: 'PATCH', path: '/Users/bulkId:v', data: { Operations: [{ op: 'add', path: 'title', value: 'Boss' }] } },
      {
        method: 'PATCH',
        path: '/Groups/bulkId:g',
        data: { Operations: [{ op: 'remove', path: 'members[value eq "bulkId:u"]' }] },
      },
      { method: 'DELETE', path: '/Users/bulkId:w' },
      createUser('w', { profileUrl: '../Users/bulkId:u' }),
    ]);
    expect(statuses(results)).toEqual(['201', '201', '201', '200', '200', '204', '201']);
    const [u, v] = [named('u'), named('v')];
    expect(named('g')?.members).toEqual([{ value: v?.id }]);
    expect(u?.[enterprise]).toEqual({ manager: { value: v?.id } });
    expect(v?.title).toBe('Boss');
    expect(users.resources.size).toBe(2);
    expect(results[3]?.location).toMatch(/Users\/id%2F\d$/);
  });

  it('of resources that refer to one another are resolved too', async () => {
    const { bulk, named } = opened();
    const { results } = await bulk([
      createGroup('a', 'bulkId:b', 'bulkId:u'),
      createGroup('b', 'bulkId:c'),
      createGroup('c', 'bulkId:a'),
      createUser('u', manager('bulkId:u')),
    ]);
    expect(statuses(results)).toEqual(['201', '201', '201', '201']);
    const idOf = (name: string) => named(name)?.id;
    expect(named('a')?.members).toEqual([{ value: idOf('b') }, { value: idOf('u') }]);
    expect(named('b')?.members).toEqual([{ value: idOf('c') }]);
    expect(named('c')?.members).toEqual([{ value: idOf('a') }]);
    expect(named('u')?.[enterprise]).toEqual({ manager: { value: idOf('u') } });
    expect(results.map(({ version }) => version)).toEqual(['W/"1"', 'W/"1"', 'W/"2"', 'W/"2"']);
  });

  it('of resources that were not created are 409, in a circle too', async () => {
    const { bulk, groups, named } = opened();
    const create = groups.create.bind(groups);
    groups.create = (resource, context) =>
      resource.displayName === 'b' ? Promise.reject(ScimError.forbidden('no')) : create(resource, context);
    const { results } = await bulk([
      createGroup('a', 'bulkId:b'),
      createGroup('b'),
      createGroup('c', 'bulkId:d'),
      createGroup('d', 'bulkId:c', 'bulkId:b'),
    ]);
    // The last one is there, but not as it was meant: its location says so.
    expect(statuses(results)).toEqual(['409', '403', '201', '409']);
    expect(results[0]).toMatchObject({ response: { detail: expect.stringContaining('bulkId:b') } });
    expect([named('a'), named('d')?.members]).toEqual([undefined, undefined]);
    expect(results[3]?.location).toBe(
      `https://host.example/ecma2host_X/scim/Groups/${encodeURIComponent(String(named('d')?.id))}`,
    );
  });
});
