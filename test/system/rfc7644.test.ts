/** What RFC 7644 demands of a service provider, asked of the built program. `docs/conformance.md` names these tests. */

import { CORE_GROUP, ERROR, LIST, onEachDirectory } from '../support/onEachDirectory';
import { CORE_USER, ECMA_USER, type Json } from '../support/scimClient';

onEachDirectory((asked) => {
  const values = (body: Json) => body.Resources as unknown as Json[];
  const refused = (status: number, scimType: string) => ({ schemas: [ERROR], status: String(status), scimType });

  test('who brings no token is told by which scheme to authenticate, before the body is looked at', async () => {
    for (const raw of [undefined, '{']) {
      const answer = await asked.stranger.send('POST', '/ecma2host_asked/scim/Users', {
        ...(raw === undefined ? {} : { raw }),
      });
      expect([answer.status, answer.headers['www-authenticate']]).toEqual([401, expect.stringMatching(/^Bearer /)]);
      expect(answer.body).toMatchObject({ schemas: [ERROR], status: '401' });
    }
  });

  test('messages have URNs of their own, which /Schemas does not list', async () => {
    const { body } = await asked.client.get('/Schemas');
    expect(body.schemas).toEqual([LIST]);
    for (const { id } of values(body)) expect(String(id)).not.toMatch(/^urn:ietf:params:scim:api:/);
  });

  test('a create answers 201 with the resource, its Location and meta', async () => {
    const { status, headers, body } = await asked.client.post('/Users', {
      schemas: [CORE_USER],
      userName: asked.name(),
      id: 'mine',
      groups: [{ value: 'g' }],
      meta: { resourceType: 'Other', created: '1999-01-01T00:00:00Z', location: 'x' },
    });
    expect([status, headers.location, headers.etag]).toEqual([201, body.meta?.location, body.meta?.version]);
    expect(body.meta).toMatchObject({ resourceType: 'User', created: expect.stringMatching(/^20.*Z$/) });
    expect(body.meta?.lastModified).toBe(body.meta?.created);
    expect(body.id).not.toBe('mine');
    expect(body.groups).toBeUndefined();
  });

  test('a duplicate is 409 uniqueness', async () => {
    const { userName } = await asked.user();
    const again = await asked.client.post('/Users', { userName: String(userName).toUpperCase() });
    expect([again.status, again.body]).toEqual([409, expect.objectContaining(refused(409, 'uniqueness'))]);
  });

  test('lists are ListResponses, empty ones too', async () => {
    const found = await asked.found('userName eq "nobody"');
    expect([found.status, found.body]).toEqual([200, expect.objectContaining({ schemas: [LIST], totalResults: 0 })]);
    const all = await asked.client.get('/Users?count=1&startIndex=-3');
    expect(all.body).toMatchObject({ schemas: [LIST], itemsPerPage: 1, startIndex: 1 });
    expect(values(all.body)).toHaveLength(1);
  });

  test.each([
    ['active gt true', 400],
    ['userName regex "x"', 400],
    ['(((', 400],
    ['userName', 400],
    ['password eq "x"', 400],
    ['name.givenName pr', 200],
    ['PLACEHOLDER eq "x"', 200],
  ])('the filter %s is answered %d', async (filter, status) => {
    const found = await asked.found(filter);
    expect([found.status, found.body]).toEqual([
      status,
      expect.objectContaining(status === 400 ? refused(400, 'invalidFilter') : { schemas: [LIST] }),
    ]);
  });

  test('case counts in a filter where the attribute is caseExact, and nowhere else', async () => {
    const { userName, id } = await asked.user();
    const upper = String(userName).toUpperCase();
    expect((await asked.found(`userName eq "${upper}"`)).body.totalResults).toBe(1);
    expect((await asked.found(`id eq "${id}"`)).body.totalResults).toBe(1);
    expect((await asked.found(`id eq "${String(id).toUpperCase()}"`)).body.totalResults).toBe(0);
  });

  test('one search finds resources of every type, filtered as everywhere', async () => {
    const { userName } = await asked.user({ displayName: 'Both' });
    await asked.group();
    const search = (body: object) => asked.client.post('/.search', { attributes: ['userName'], ...body });
    const found = await search({ filter: `(meta.resourceType eq "User") and (userName eq "${userName}")` });
    expect(values(found.body)).toEqual([{ schemas: [CORE_USER], id: expect.any(String), userName }]);
    const groups = await search({ filter: 'meta.resourceType eq "Group"', count: 0 });
    expect([groups.status, Number(groups.body.totalResults) > 0]).toEqual([200, true]);
  });

  test('sortBy sorts ascending unless told otherwise, without case where case does not count', async () => {
    for (const userName of ['Sorted-b', 'sorted-A', 'sorted-C']) await asked.user({ userName });
    const names = async (more: string) =>
      values((await asked.found('userName sw "sorted-"', `&sortBy=userName${more}`)).body).map((one) => one.userName);
    expect(await names('')).toEqual(['sorted-A', 'Sorted-b', 'sorted-C']);
    expect(await names('&sortOrder=descending')).toEqual(['sorted-C', 'Sorted-b', 'sorted-A']);
  });

  test('attributes and excludedAttributes are honoured by every answer, and never take the id away', async () => {
    const user = await asked.user({ displayName: 'Part', title: 'T' });
    const path = `/Users/${user.id}`;
    const patch = { body: { Operations: [{ op: 'replace', path: 'title', value: 'U' }] } };
    const put = { body: { userName: user.userName, displayName: 'Part' } };
    for (const [method, message] of [['GET'], ['PUT', put], ['PATCH', patch]] as const) {
      const { body } = await asked.client.send(method, `${path}?attributes=displayName`, message);
      expect([method, body]).toEqual([method, { schemas: [CORE_USER], id: user.id, displayName: 'Part' }]);
      const rest = (await asked.client.send(method, `${path}?excludedAttributes=id,displayName`, message)).body;
      expect([rest.id, rest.displayName]).toEqual([user.id, undefined]);
    }
    const made = await asked.client.post('/Users?attributes=userName', { userName: asked.name() });
    expect(Object.keys(made.body)).toEqual(['schemas', 'id', 'userName']);
  });

  test('a PUT replaces, ignores what is readOnly, and creates nothing', async () => {
    const user = await asked.user({ displayName: 'Before', title: 'T' });
    const body = {
      schemas: user.schemas,
      userName: user.userName,
      displayName: 'After',
      id: 'x',
      meta: { version: 'y' },
    };
    const put = await asked.client.put(`/Users/${user.id}`, body);
    expect([put.status, put.body.displayName, put.body.title, put.body.id]).toEqual([200, 'After', undefined, user.id]);
    const before = (await asked.client.get('/Users?count=0')).body.totalResults;
    expect((await asked.client.put('/Users/nobody', body)).status).toBe(404);
    expect((await asked.client.get('/Users?count=0')).body.totalResults).toBe(before);
  });

  test('a PUT clears what is taken out of a resource that was read', async () => {
    const emails = [{ type: 'work', value: `${asked.name()}@put.example` }];
    const user = await asked.user({ title: 'T', displayName: 'D', emails });
    const { title, emails: _emails, ...left } = user as { [name: string]: Json };
    const put = await asked.client.put(`/Users/${user.id}`, left);
    expect([put.status, put.body.title, put.body.emails, put.body.displayName]).toEqual([
      200,
      undefined,
      undefined,
      'D',
    ]);
    const group = await asked.group(user);
    const emptied = await asked.client.put(`/Groups/${group.id}`, { ...group, members: [] });
    expect([emptied.status, emptied.body.members]).toEqual([200, undefined]);
    expect((await asked.client.put(`/Users/${user.id}`, { ...left, title })).body.title).toBe('T');
  });

  test('a PUT without a required attribute is 400, and changes nothing', async () => {
    const user = await asked.user({ displayName: 'Kept' });
    const put = await asked.client.put(`/Users/${user.id}`, { schemas: [CORE_USER], displayName: 'Nameless' });
    expect([put.status, put.body]).toEqual([400, expect.objectContaining(refused(400, 'invalidValue'))]);
    expect(await asked.read(user)).toEqual(user);
    // The directory's own face has its own mandatory attributes.
    const own = await asked.client.put(`/Users/${user.id}`, { [ECMA_USER]: { title: 'T' } });
    expect([own.status, own.body.userName]).toEqual([200, user.userName]);
  });

  test('a PATCH is all or nothing', async () => {
    const user = await asked.user({ displayName: 'Before' });
    const change = { op: 'replace', path: 'displayName', value: 'After' };
    for (const [wrong, scimType] of [
      [{ op: 'remove', path: 'userName' }, 'mutability'],
      [{ op: 'replace', path: 'id', value: 'x' }, 'mutability'],
      [{ op: 'add', path: 'nothing', value: 'x' }, 'invalidPath'],
      [{ op: 'replace', path: 'emails[type ne "work"].value', value: 'x' }, 'noTarget'],
      [{ op: 'add', path: 'title' }, 'invalidValue'],
      [{ op: 'remove' }, 'noTarget'],
      [{ op: 'copy', path: 'title' }, 'invalidSyntax'],
    ] as const) {
      const { status, body } = await asked.patch(user, change, wrong);
      expect([wrong, status, body]).toEqual([wrong, 400, expect.objectContaining(refused(400, scimType))]);
      expect(await asked.read(user)).toEqual(user);
    }
  });

  test('a PATCH answers 200 with the resource as it now is', async () => {
    const user = await asked.user();
    const add = { op: 'add', path: 'name', value: { givenName: 'Given', familyName: 'Family' } };
    const { status, body, headers } = await asked.patch(user, add, { op: 'replace', path: 'title', value: 'New' });
    expect([status, body.title, headers.etag]).toEqual([200, 'New', body.meta?.version]);
    expect(body.name).toMatchObject({ givenName: 'Given', familyName: 'Family' });
    expect(await asked.read(user)).toEqual(body);
    expect((await asked.patch(user, { op: 'remove', path: 'title' })).body.title).toBeUndefined();
  });

  test('of several values at most one is primary', async () => {
    const email = (local: string) => ({ value: `${asked.name()}-${local}@example.com`, type: local, primary: true });
    const user = await asked.user({ emails: [email('work')] });
    const { body } = await asked.patch(user, { op: 'add', path: 'emails', value: [email('home')] });
    const emails = body.emails as unknown as Json[];
    expect(emails.map(({ type, primary }) => [type, primary])).toEqual([
      ['work', false],
      ['home', true],
    ]);
    expect(
      (await asked.client.post('/Users', { userName: asked.name(), emails: [email('a'), email('b')] })).status,
    ).toBe(400);
    expect((await asked.patch(user, { op: 'remove', path: 'emails' })).body.emails).toBeUndefined();
  });

  test('a deleted resource is 404 for every operation, and in no list; its name is free', async () => {
    const user = await asked.user();
    const path = `/Users/${user.id}`;
    const gone = await asked.client.delete(path);
    expect([gone.status, gone.text]).toEqual([204, '']);
    const patch = { body: { Operations: [{ op: 'add', path: 'title', value: 'x' }] } };
    for (const [method, message] of [
      ['GET'],
      ['DELETE'],
      ['PUT', { body: { userName: 'x' } }],
      ['PATCH', patch],
    ] as const)
      expect([method, (await asked.client.send(method, path, message)).status]).toEqual([method, 404]);
    expect((await asked.found(`userName eq "${user.userName}"`)).body.totalResults).toBe(0);
    expect((await asked.user({ userName: user.userName })).id).not.toBe(user.id);
  });

  test('bodies and answers are JSON in UTF-8, whatever is asked for', async () => {
    const displayName = 'Zoë 日本 😀';
    const user = await asked.user({ displayName });
    for (const Accept of ['application/scim+json', 'application/json', 'text/html', '*/*']) {
      const { headers, body } = await asked.client.get(`/Users/${user.id}`, { Accept });
      expect([headers['content-type'], body.displayName]).toEqual([
        'application/scim+json; charset=utf-8',
        displayName,
      ]);
    }
    const latin1 = { 'Content-Type': 'application/scim+json; charset=iso-8859-1' };
    expect((await asked.client.send('POST', '/Users', { headers: latin1, raw: '{}' })).status).toBe(415);
  });

  test('/Me is 501, other methods are 405 with what is allowed, other paths 404; each error is a message', async () => {
    for (const [method, path, status, allow] of [
      ['GET', '/Me', 501],
      ['GET', '/nothing', 404],
      ['GET', '/Users/nobody', 404],
      ['GET', '/Schemas/urn:nothing', 404],
      ['DELETE', '/Schemas', 405, 'GET, HEAD'],
      ['PUT', '/ServiceProviderConfig', 405, 'GET, HEAD'],
      ['PATCH', '/ResourceTypes', 405, 'GET, HEAD'],
      ['DELETE', '/Users', 405, 'GET, HEAD, POST'],
    ] as const) {
      const answer = await asked.client.send(method, path);
      expect([path, answer.status, answer.headers.allow]).toEqual([path, status, allow]);
      expect(answer.body).toMatchObject({ schemas: [ERROR], status: String(status), detail: expect.any(String) });
    }
    const head = await asked.client.send('HEAD', '/Users?count=1');
    expect([head.status, head.text]).toEqual([200, '']);
  });

  test('discovery is there, as the RFC has it', async () => {
    const config = await asked.client.get('/ServiceProviderConfig?filter=x&startIndex=9');
    expect([config.status, config.body.schemas]).toEqual([
      200,
      ['urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig'],
    ]);
    expect(config.body).toMatchObject({
      patch: { supported: true },
      bulk: { supported: true },
      etag: { supported: true },
    });
    for (const endpoint of ['/Schemas', '/ResourceTypes']) {
      const { status, body } = await asked.client.get(`${endpoint}?startIndex=2&count=1&sortBy=id`);
      expect([status, body.schemas, body.totalResults]).toEqual([200, [LIST], values(body).length]);
      for (const one of values(body)) {
        const url = new URL(String(one.meta?.location));
        const path = url.pathname.split('/scim')[1] ?? '';
        expect((await asked.client.get(path)).body).toEqual(one);
      }
      expect((await asked.client.get(`${endpoint}?filter=id%20pr`)).status).toBe(403);
    }
  });

  test('members are added through the group, each with the id and the URI of its resource', async () => {
    const user = await asked.user();
    const group = await asked.group();
    const add = { op: 'add', path: 'members', value: [{ value: user.id, type: 'User' }] };
    const patched = await asked.client.patch(`/Groups/${group.id}`, add);
    expect([200, 204]).toContain(patched.status);
    const { body } = await asked.client.get(`/Groups/${group.id}`);
    expect(body.schemas).toContain(CORE_GROUP);
    const [member] = body.members as unknown as Json[];
    expect([member?.value, member?.$ref]).toEqual([user.id, user.meta?.location]);
    const path = new URL(String(member?.$ref)).pathname.split('/scim')[1] ?? '';
    expect((await asked.client.get(path)).body.id).toBe(user.id);
  });
});
