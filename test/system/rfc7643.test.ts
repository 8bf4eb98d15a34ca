/** What RFC 7643 demands of schemas and resources, asked of the built program. `docs/conformance.md` names these tests. */
import { CORE_GROUP, onEachDirectory } from '../support/onEachDirectory';
import { CORE_USER, ECMA_USER, ENTERPRISE_USER, type Json } from '../support/scimClient';

interface Attribute {
  readonly name: string;
  readonly type: string;
  readonly multiValued: boolean;
  readonly description: string;
  readonly required: boolean;
  readonly caseExact?: boolean;
  readonly mutability: string;
  readonly returned: string;
  readonly uniqueness?: string;
  readonly canonicalValues?: string[];
  readonly referenceTypes?: string[];
  readonly subAttributes?: Attribute[];
}

onEachDirectory(
  (asked) => {
    const resources = (body: Json) => body.Resources as unknown as Json[];
    const attributesOf = async (urn: string) =>
      (await asked.client.get(`/Schemas/${urn}`)).body.attributes as unknown as Attribute[];
    const flat = (attributes: readonly Attribute[]): Attribute[] =>
      attributes.flatMap((one) => [one, ...flat(one.subAttributes ?? [])]);
    const posix = { homeDirectory: '/home/x', uidNumber: 1, gidNumber: 2 };

    test('names of attributes are those of the grammar, or those of the directory', async () => {
      for (const urn of [CORE_USER, CORE_GROUP, ENTERPRISE_USER])
        for (const { name } of flat(await attributesOf(urn))) expect(name).toMatch(/^\$?[A-Za-z][\w$-]*$/);
      for (const { name } of flat(await attributesOf(ECMA_USER))) expect(name).toMatch(/^[A-Za-z_-][\w.;-]*$/);
    });

    test('every attribute has its characteristics, and only simple ones within complex ones', async () => {
      const known = {
        type: ['string', 'boolean', 'decimal', 'integer', 'dateTime', 'reference', 'binary', 'complex'],
        mutability: ['readOnly', 'readWrite', 'immutable', 'writeOnly'],
        returned: ['always', 'never', 'default', 'request'],
        uniqueness: ['none', 'server', 'global', undefined],
      };
      for (const urn of [CORE_USER, CORE_GROUP, ENTERPRISE_USER, ECMA_USER]) {
        for (const attribute of flat(await attributesOf(urn))) {
          const { type, mutability, returned, uniqueness, referenceTypes, subAttributes, multiValued, required } =
            attribute;
          expect([known.type, known.mutability, known.returned]).toEqual([
            expect.arrayContaining([type]),
            expect.arrayContaining([mutability]),
            expect.arrayContaining([returned]),
          ]);
          expect(known.uniqueness).toContain(uniqueness);
          expect([typeof multiValued, typeof required, typeof attribute.description]).toEqual([
            'boolean',
            'boolean',
            'string',
          ]);
          if (type === 'reference') expect(referenceTypes?.length).toBeGreaterThan(0);
          if (type === 'string') expect(typeof attribute.caseExact).toBe('boolean');
          expect(type === 'complex').toBe(subAttributes !== undefined);
          for (const sub of subAttributes ?? []) expect(sub.type).not.toBe('complex');
          if (mutability === 'writeOnly') expect(returned).toBe('never');
        }
      }
    });

    test('types come from the directory’s schema', async () => {
      const own = new Map((await attributesOf(ECMA_USER)).map((one) => [one.name, one]));
      expect(own.get('uidNumber')).toMatchObject({ type: 'integer', multiValued: false });
      expect(own.get('jpegPhoto')).toMatchObject({ type: 'binary', multiValued: true, caseExact: true });
      expect(own.get('manager')).toMatchObject({ type: 'reference', referenceTypes: expect.arrayContaining(['User']) });
      expect(own.get('homeDirectory')).toMatchObject({ type: 'string', caseExact: true });
      expect(own.get('displayName')).toMatchObject({ type: 'string', caseExact: false, multiValued: false });
      expect(own.get('userPassword')).toMatchObject({ mutability: 'writeOnly', returned: 'never' });
      expect(own.get('_distinguishedName')).toMatchObject({ mutability: 'readOnly', uniqueness: 'server' });
    });

    test('a value of a wrong type is 400 invalidValue, and none is guessed', async () => {
      for (const [path, value] of [
        [`${ECMA_USER}:uidNumber`, 1.5],
        [`${ECMA_USER}:uidNumber`, '1e3'],
        [`${ECMA_USER}:uidNumber`, 2 ** 53],
        [`${ECMA_USER}:jpegPhoto`, 'no base64!'],
        ['active', 'perhaps'],
        ['displayName', { given: 'x' }],
        ['displayName', ['a', 'b']],
        ['name', 'Jane'],
        ['emails', [['x']]],
      ] as const) {
        const user = await asked.user({ [ECMA_USER]: posix });
        const { status, body } = await asked.patch(user, { op: 'replace', path, value });
        expect([path, value, status, body.scimType]).toEqual([path, value, 400, 'invalidValue']);
        expect(await asked.read(user)).toEqual(user);
        await asked.client.delete(`/Users/${user.id}`);
      }
    });

    test('integers, booleans and octets come back as they were sent', async () => {
      const photo = Buffer.from([0, 1, 254, 255]).toString('base64');
      const own = { ...posix, uidNumber: '9223372036854775807', jpegPhoto: [photo] };
      const user = await asked.user({ active: false, [ECMA_USER]: own });
      expect(user.active).toBe(false);
      expect(user[ECMA_USER]).toMatchObject(own);
      expect(await asked.read(user)).toEqual(user);
    });

    test('the order of attributes and of schemas says nothing', async () => {
      const userName = asked.name();
      const { status, body } = await asked.client.post('/Users', {
        [ECMA_USER]: posix,
        displayName: 'Order',
        userName,
        schemas: [ECMA_USER, CORE_USER],
      });
      expect([status, body.userName, body.displayName]).toEqual([201, userName, 'Order']);
    });

    test('null, an empty list and nothing at all are the same', async () => {
      const filled = { displayName: 'D', emails: [{ value: `${asked.name()}@example.com`, type: 'work' }] };
      for (const nothing of [null, '', []]) {
        const user = await asked.user({
          ...filled,
          emails: [{ value: `${asked.name()}@example.com` }],
          [ECMA_USER]: posix,
        });
        const put = await asked.client.put(`/Users/${user.id}`, {
          userName: user.userName,
          displayName: nothing,
          emails: nothing === '' ? null : nothing,
        });
        expect([put.status, put.body.displayName, put.body.emails]).toEqual([200, undefined, undefined]);
        const again = await asked.patch(user, { op: 'replace', path: 'title', value: nothing });
        expect([again.status, again.body]).toEqual([200, put.body]);
      }
    });

    test('null in a complex value clears that part alone', async () => {
      const user = await asked.user({ name: { givenName: 'G', familyName: 'F' }, [ECMA_USER]: posix });
      const { body } = await asked.patch(user, { op: 'replace', path: 'name', value: { givenName: null } });
      expect([body.name?.givenName, body.name?.familyName]).toEqual([undefined, 'F']);
    });

    test('no value with its type comes twice', async () => {
      const value = `${asked.name()}@example.com`;
      const twice = [
        { value, type: 'work' },
        { value: value.toUpperCase(), type: 'work' },
      ];
      const user = await asked.user({ emails: twice, [ECMA_USER]: posix });
      expect(user.emails).toHaveLength(1);
      const { body } = await asked.patch(user, { op: 'add', path: 'emails', value: [{ value, type: 'work' }] });
      expect(body.emails).toHaveLength(1);
    });

    test('schemas names the core schema and the extensions that have values, each once', async () => {
      const user = await asked.user({
        schemas: ['urn:other', CORE_USER],
        [ENTERPRISE_USER]: { department: 'D' },
        [ECMA_USER]: posix,
      });
      expect(user.schemas).toEqual([CORE_USER, ENTERPRISE_USER, ECMA_USER]);
      expect(user[ENTERPRISE_USER]).toEqual({ department: 'D' });
      const { body } = await asked.patch(user, { op: 'remove', path: ENTERPRISE_USER });
      expect([body.schemas, body[ENTERPRISE_USER]]).toEqual([[CORE_USER, ECMA_USER], undefined]);
    });

    test('ids are of the host, unlike each other, fit for a URL, and stay', async () => {
      const [one, two] = [await asked.user({ id: 'x', [ECMA_USER]: posix }), await asked.user({ [ECMA_USER]: posix })];
      expect(one.id).not.toBe(two.id);
      for (const { id } of [one, two, await asked.group(one)]) {
        expect(String(id)).toMatch(/^[A-Za-z0-9._~-]+$/);
        expect(String(id)).not.toContain('bulkId');
      }
      const renamed = await asked.patch(one, { op: 'replace', path: 'userName', value: asked.name() });
      expect([renamed.status, renamed.body.id]).toEqual([200, one.id]);
      expect(renamed.body.userName).not.toBe(one.userName);
    });

    test('externalId is the client’s: kept as it was sent, made by nobody else', async () => {
      const externalId = 'Ext-1 Ü';
      const user = await asked.user({ externalId, [ECMA_USER]: posix });
      expect([user.externalId, (await asked.user({ [ECMA_USER]: posix })).externalId]).toEqual([externalId, undefined]);
      expect((await asked.found(`externalId eq "${externalId}"`)).body.totalResults).toBe(1);
      expect((await asked.found(`externalId eq "${externalId.toLowerCase()}"`)).body.totalResults).toBe(0);
    });

    test('a user has a userName, and no answer ever has a password', async () => {
      for (const userName of [undefined, '', null, ' ', '\t \u00a0\n']) {
        const { status, body } = await asked.client.post('/Users', { userName, name: { familyName: 'N' } });
        expect([status, body.scimType]).toEqual([400, 'invalidValue']);
      }
      const own = { ...posix, export_password: 'S3cret-export-never-shown' };
      const user = await asked.user({ password: 'S3cret-export-never-shown', [ECMA_USER]: own });
      const all = await asked.client.get('/Users?attributes=password,userPassword,export_password');
      for (const text of [JSON.stringify(user), all.text, JSON.stringify(await asked.read(user))])
        expect(text).not.toMatch(/password/i);
    });

    test('what is required is no white space, however it is sent', async () => {
      const user = await asked.user({ [ECMA_USER]: posix });
      const group = await asked.group(user);
      const own = `/Users/${user.id}`;
      const before = await asked.read(user);
      const blank = { op: 'replace', path: 'userName', value: '  ' };
      const refusals = [
        await asked.client.put(own, { userName: '  ', displayName: 'D' }),
        await asked.patch(user, blank),
        await asked.patch(user, { op: 'replace', value: { userName: '  ' } }),
        await asked.patch(user, { op: 'replace', path: `${ECMA_USER}:uid`, value: '  ' }),
        await asked.client.post('/Users', { [ECMA_USER]: { ...posix, uid: '  ', sn: 'S', cn: 'C' } }),
        await asked.client.post('/Groups', { displayName: '   ' }),
        await asked.client.put(`/Groups/${group.id}`, { displayName: '   ' }),
        await asked.client.patch(`/Groups/${group.id}`, { op: 'replace', path: 'displayName', value: '   ' }),
      ];
      for (const { status, body } of refusals)
        expect([status, body]).toEqual([
          400,
          expect.objectContaining({ scimType: 'invalidValue', detail: expect.stringContaining('white space') }),
        ]);
      expect(await asked.read(user)).toEqual(before);
    });

    test('resource types name schemas that /Schemas has', async () => {
      const schemas = new Set(resources((await asked.client.get('/Schemas')).body).map(({ id, name }) => name && id));
      const types = resources((await asked.client.get('/ResourceTypes')).body);
      expect(types.map(({ name }) => name)).toEqual(expect.arrayContaining(['User', 'Group']));
      for (const { name, endpoint, schema, schemaExtensions } of types) {
        expect([name, endpoint]).toEqual([expect.any(String), expect.stringMatching(/^\/\w+$/)]);
        for (const urn of [schema, ...(schemaExtensions as unknown as Json[]).map((one) => one.schema)])
          expect(schemas).toContain(urn);
      }
    });

    test('the configuration says what is there, and how to authenticate', async () => {
      const { body } = await asked.client.get('/ServiceProviderConfig');
      for (const feature of ['patch', 'bulk', 'filter', 'changePassword', 'sort', 'etag'])
        expect([feature, body[feature]?.supported]).toEqual([feature, expect.any(Boolean)]);
      expect(body.filter?.maxResults).toBeGreaterThan(0);
      expect(body.authenticationSchemes).toEqual([
        expect.objectContaining({
          type: 'oauthbearertoken',
          name: expect.any(String),
          description: expect.any(String),
        }),
      ]);
    });
  },
  { auxiliaryClasses: ['posixAccount'] },
);
