/** Filters, lists and pages, through a connector against the embedded directory and OpenLDAP. */
import { people } from '../support/connectorFiles';
import { HostProcess } from '../support/hostProcess';
import { CORE_USER, ECMA_USER, ENTERPRISE_USER, type Json, type ScimClient } from '../support/scimClient';
import { slapdIsHere, startSystem, startTimeout } from '../support/system';

const photo = Buffer.from([0, 0x28, 0x2a, 0x29, 0x5c, 0xff]).toString('base64');
const encoded = (filter: string) => encodeURIComponent(filter);

describe.each(slapdIsHere ? ['memory', 'OpenLDAP'] : ['memory'])('on %s', (directory) => {
  let host: HostProcess;
  let stop: () => Promise<void>;
  let client: ScimClient;
  const ids = new Map<string, string>();

  const create = async (userName: string, more: object = {}) => {
    const body = { schemas: [CORE_USER], userName, name: { familyName: userName }, ...more };
    const { status, body: answer, text } = await client.post('/Users', body);
    if (status !== 201) throw new Error(`${userName}: ${status} ${text}`);
    ids.set(userName, String(answer.id));
    return String(answer.id);
  };
  const names = (resources: unknown) => (resources as Json[]).map(({ userName }) => String(userName));
  const list = async (query: string) => {
    const { status, body, text } = await client.get(`/Users?${query}`);
    if (status !== 200) throw new Error(`${query}: ${status} ${text}`);
    return body;
  };

  beforeAll(async () => {
    if (directory === 'memory') {
      host = await HostProcess.start({ connectors: { queries: people(undefined) } });
      stop = () => host.stop();
    } else {
      ({ host, stop } = await startSystem({ connectors: (slapd) => ({ queries: people(slapd) }) }));
    }
    client = host.client('queries');
    const anna = await create('q-anna', {
      title: 'Star *(x)\\ & | +1',
      emails: [{ type: 'work', value: 'q-anna@Query.example', primary: true }],
      externalId: 'Ext-1',
      [ENTERPRISE_USER]: { department: 'A' },
    });
    await create('q-berta', {
      title: 'star',
      emails: [
        { type: 'work', value: 'q-berta@query.example' },
        { type: 'home', value: 'berta@home.example', primary: true },
      ],
      externalId: 'ext-1',
    });
    await create('q-cleo', {
      [ENTERPRISE_USER]: { employeeNumber: '0042', manager: { value: anna } },
      [ECMA_USER]: { jpegPhoto: [photo], description: ['one', 'two'] },
    });
  }, startTimeout);
  afterAll(() => stop?.());

  describe('filters', () => {
    const ours = 'userName sw "q-" and ';
    test.each<[filter: string, found: string]>([
      ['title eq "Star *(x)\\\\ & | +1"', 'anna'],
      ['title eq "STAR *(X)\\\\ & | +1"', 'anna'],
      ['title co "*(x)\\\\"', 'anna'],
      ['title co "*"', 'anna'],
      ['title eq "*"', ''],
      ['title sw "st*r"', ''],
      ['title eq "st\\u0061r"', 'berta'],
      ['title ew "+1"', 'anna'],
      ['title eq "star)(uid=*"', ''],
      [`${ours}title co "star"`, 'anna berta'],
      ['externalId eq "Ext-1"', 'anna'],
      ['externalId eq "EXT-1"', ''],
      ['externalId co "xt-1"', 'anna berta'],
      ['userName eq "Q-ANNA"', 'anna'],
      ['UserName Eq "q-anna"', 'anna'],
      [`${CORE_USER}:userName eq "q-anna"`, 'anna'],
      [`${ECMA_USER}:uid eq "q-anna"`, 'anna'],
      [`${ECMA_USER.toUpperCase()}:UID eq "q-anna"`, 'anna'],
      ['emails eq "q-anna@query.example"', 'anna'],
      ['emails.value co "@query.example"', 'anna berta'],
      ['emails[type eq "home"].value eq "berta@home.example"', 'berta'],
      ['emails[type eq "home" and primary eq true]', 'berta'],
      ['emails[type eq "work" and value co "berta@home"]', ''],
      ['emails[not (type eq "work") and value pr]', 'berta'],
      ['emails.type eq "home"', 'berta'],
      ['emails.primary eq True and userName sw "q-"', 'anna berta'],
      [`${ours}not (title pr)`, 'cleo'],
      [`${ours}title eq null`, 'cleo'],
      [`${ours}title ne "star"`, 'anna cleo'],
      [`${ours}(title co "*" or ${ENTERPRISE_USER}:employeeNumber eq "0042")`, 'anna cleo'],
      ['userName eq "q-anna" or userName eq "q-berta" and title eq "none"', 'anna'],
      ['(userName eq "q-anna" or userName eq "q-berta") and title eq "none"', ''],
      [`${ENTERPRISE_USER}:employeeNumber eq "0042"`, 'cleo'],
      [`${ENTERPRISE_USER}:employeeNumber eq 42`, ''],
      [`${ENTERPRISE_USER}:manager.value eq "{{q-anna}}"`, 'cleo'],
      [`id eq "{{q-cleo}}" and ${ENTERPRISE_USER}:manager eq "{{q-anna}}"`, 'cleo'],
      [`id eq "{{q-berta}}" and ${ENTERPRISE_USER}:manager eq "{{q-anna}}"`, ''],
      ['id eq "{{q-berta}}"', 'berta'],
      ['id eq "no-such-id"', ''],
      [`${ECMA_USER}:jpegPhoto eq "${photo}"`, 'cleo'],
      [`${ECMA_USER}:jpegPhoto pr`, 'cleo'],
      [`${ECMA_USER}:description eq "two"`, 'cleo'],
      [`${ECMA_USER}:description[value eq "two"]`, 'cleo'],
      [`${ECMA_USER}:-dn- eq "UID=q-anna, ou=people,dc=example,dc=com"`, 'anna'],
      [`${ECMA_USER}:-dn- eq "no DN"`, ''],
      [`${ours}${ECMA_USER}:-dn- ne "uid = q-anna,ou=people,dc=example,dc=com"`, 'berta cleo'],
      [`${ECMA_USER}:manager eq "uid=q-anna , OU=people,dc=example,dc=com"`, 'cleo'],
      [`${ours}meta.created gt "2020-01-01T00:00:00Z"`, 'anna berta cleo'],
      [`${ours}meta.created gt "2020-01-01T02:00:00.000+02:00"`, 'anna berta cleo'],
      [`${ours}meta.created lt "2020-01-01"`, ''],
      [`${ours}meta.resourceType eq "User" and meta.lastModified ge "2020-01-01T00:00:00Z"`, 'anna berta cleo'],
      [`${ours}userName gt "q-b" and userName le "q-cleo"`, 'berta cleo'],
      ['nosuch eq "x"', ''],
      [`${ours}not (nosuch eq "x")`, ''],
      ['nosuch eq "x" or userName eq "q-anna"', 'anna'],
      ['urn:example:nosuch:2.0:User:attribute eq "x"', ''],
      ['userName eq q-anna', 'anna'],
    ])('%s', async (filter, found) => {
      const asked = filter.replace(/\{\{(.*?)\}\}/g, (_, name: string) => String(ids.get(name)));
      const byUrl = await list(`filter=${encoded(asked)}`);
      const { totalResults, Resources } = byUrl;
      const expected = found === '' ? [] : found.split(' ').map((name) => `q-${name}`);
      expect([totalResults, names(Resources).sort()]).toEqual([expected.length, expected]);
      // A URL is read by its form where it has one that was seen before, a message is always read as a whole.
      expect((await client.post('/Users/.search', { filter: asked })).body).toEqual(byUrl);
      expect(await list(`filter=${encoded(asked)}`)).toEqual(byUrl);
    });

    test('a date is compared as the instant that it means', async () => {
      const created = (await list(`filter=${encoded('userName eq "q-anna"')}`)).Resources as unknown as Json[];
      const at = new Date(String(created[0]?.meta?.created));
      const elsewhere = `${new Date(at.getTime() + 3 * 3_600_000).toISOString().slice(0, 19)}+03:00`;
      const { Resources } = await list(`filter=${encoded(`userName eq "q-anna" and meta.created eq "${elsewhere}"`)}`);
      expect(names(Resources)).toEqual(['q-anna']);
    });

    test('a plus is a blank, quotes need no encoding, and an encoded plus is one', async () => {
      expect(names((await list('filter=userName+eq+"q-anna"')).Resources)).toEqual(['q-anna']);
      expect(names((await list('filter=title+ew+"%2b1"')).Resources)).toEqual(['q-anna']);
    });

    test.each<[filter: string, position: number]>([
      ['title eq', 9],
      ['title eq "x" and', 17],
      ['(title pr', 10],
      ['title is "y"', 7],
      ["title eq 'x'", 10],
      ['title eq “x”', 10],
      ['title eq "x', 10],
      ['title eq "x" userName pr', 14],
      ['emails[type eq "work"', 22],
      ['title gt true and active gt true', 26],
      ['password eq "x"', 1],
      ['meta.created gt "yesterday"', 17],
      [`${'('.repeat(40)}title pr${')'.repeat(40)}`, 33],
    ])('%s is refused, with the place of the fault', async (filter, position) => {
      const { status, body } = await client.get(`/Users?filter=${encoded(filter)}`);
      expect([status, body.scimType, body.detail]).toEqual([
        400,
        'invalidFilter',
        expect.stringMatching(new RegExp(`at character ${position}\\b`)),
      ]);
    });
  });

  describe('lists', () => {
    const ours = `filter=${encoded('userName sw "q-"')}`;

    test.each<[query: string, shown: string[], startIndex: number]>([
      ['startIndex=0&count=2', ['q-anna', 'q-berta'], 1],
      ['startIndex=-7', ['q-anna', 'q-berta', 'q-cleo'], 1],
      ['startIndex=3&count=99999999999999999999', ['q-cleo'], 3],
      ['startIndex=4', [], 4],
      ['startIndex=2&count=1', ['q-berta'], 2],
      ['count=0', [], 1],
      ['count=-3', [], 1],
    ])('%s', async (window, shown, startIndex) => {
      const page = await list(`${ours}&sortBy=userName&${window}`);
      expect([names(page.Resources), page.totalResults, page.itemsPerPage, page.startIndex]).toEqual([
        shown,
        3,
        shown.length,
        startIndex,
      ]);
    });

    test.each(['startIndex=one', 'count=1.5', 'count=1&count=2', 'sortBy=userName&sortOrder=up'])(
      '%s is refused',
      async (query) => expect((await client.get(`/Users?${query}`)).status).toBe(400),
    );

    test.each<[query: string, order: string]>([
      ['sortBy=title', 'berta anna cleo'],
      ['sortBy=title&sortOrder=descending', 'cleo anna berta'],
      ['sortBy=emails&sortOrder=Descending', 'cleo anna berta'],
      [`sortBy=${ENTERPRISE_USER}:employeeNumber`, 'cleo'],
      ['sortBy=name.familyName&sortOrder=descending', 'cleo berta anna'],
      ['sortBy=emails[type eq "work"].value', 'anna berta cleo'],
    ])('%s', async (query, order) => {
      const expected = order.split(' ').map((name) => `q-${name}`);
      const found = names((await list(`${ours}&${query.replaceAll(' ', '%20')}`)).Resources);
      expect(found.slice(0, expected.length)).toEqual(expected);
      expect(found).toHaveLength(3);
    });

    test('attributes by sub-attribute, by URN and by a schema; id and schemas are always there', async () => {
      const one = async (query: string) => {
        const { Resources } = await list(`filter=${encoded('userName eq "q-cleo"')}&${query}`);
        return (Resources as unknown as Json[])[0] as Json;
      };
      const base = { schemas: expect.any(Array), id: ids.get('q-cleo') };
      expect(await one('attributes=name.familyName')).toEqual({ ...base, name: { familyName: 'q-cleo' } });
      expect(await one(`attributes=${ENTERPRISE_USER}:manager.value,userName`)).toEqual({
        ...base,
        userName: 'q-cleo',
        [ENTERPRISE_USER]: { manager: { value: ids.get('q-anna') } },
      });
      expect(await one(`attributes=${ENTERPRISE_USER}`)).toMatchObject({
        [ENTERPRISE_USER]: { employeeNumber: '0042' },
      });
      const without = await one(`excludedAttributes=${ECMA_USER},${ENTERPRISE_USER}:manager,name.familyName,id`);
      expect(without).toMatchObject({ id: ids.get('q-cleo'), [ENTERPRISE_USER]: { employeeNumber: '0042' } });
      expect(without).not.toHaveProperty([ECMA_USER]);
      expect(without).not.toHaveProperty([ENTERPRISE_USER, 'manager']);
    });

    test('POST /.search looks through all resource types, on a type through one; attributes as list or as text', async () => {
      await client.post('/Groups', { displayName: 'q-group', members: [{ value: ids.get('q-anna') }] });
      const filter = 'userName sw "q-" or displayName eq "q-group"';
      const root = await client.post('/.search', { filter, attributes: ['userName', 'displayName'] });
      expect([root.status, root.body.totalResults]).toEqual([200, 4]);
      const types = (root.body.Resources as unknown as Json[]).map(({ schemas }) => String(schemas?.[0]));
      expect(new Set(types).size).toBe(2);
      const byGet = await client.get(`/?filter=${encoded(filter)}&attributes=userName,displayName&count=10`);
      expect([byGet.status, byGet.body]).toEqual([200, root.body]);
      const one = await client.post('/Users/.search', { filter, attributes: 'userName,displayName', count: 2 });
      expect([one.status, one.body.totalResults, one.body.itemsPerPage]).toEqual([200, 3, 2]);
      expect((await client.post('/Groups/.search', { filter: 'nosuch pr' })).body.totalResults).toBe(0);
      expect((await client.post('/.search', { filter: 'nosuch eq' })).body.scimType).toBe('invalidFilter');
    });

    describe('while entries come and go', () => {
      const count = 8;
      const uid = (round: string, n: number) => `w-${round}-${String(n).padStart(2, '0')}`;

      /** Walks in pages of two; after each page somebody who was seen leaves, and somebody new comes. */
      async function walked(round: string, query: string, byCursor: boolean): Promise<string[]> {
        for (let n = 0; n < count; n += 1) await create(uid(round, n), { title: `t${(n * 7) % 5}` });
        const seen: string[] = [];
        let place: string | undefined = byCursor ? 'cursor=' : 'startIndex=1';
        for (let pages = 1; place !== undefined; pages += 1) {
          const page = await list(`${query}&count=2&${place}`);
          const shown = names(page.Resources);
          seen.push(...shown);
          const { nextCursor } = page;
          const next = 1 + pages * 2;
          if (byCursor) place = nextCursor === undefined ? undefined : `cursor=${nextCursor}`;
          else place = shown.length === 0 ? undefined : `startIndex=${next}`;
          const [leaver] = shown;
          if (leaver?.startsWith('w-')) expect((await client.delete(`/Users/${ids.get(leaver)}`)).status).toBe(204);
          await create(uid(round, 100 + pages), { title: 't0' });
        }
        return seen.filter((name) => name.startsWith(`w-${round}-`) && name.length === uid(round, 0).length);
      }

      test.each([
        ['all', '', true],
        ['index', '', false],
        ['filter', `filter=${encoded('title sw "t" and userName sw "w-filter"')}`, true],
        ['sort', `filter=${encoded('userName sw "w-sort"')}&sortBy=title&sortOrder=descending`, true],
        ['walk', `filter=${encoded('userName co "-walk-" and meta.resourceType eq "User"')}&sortBy=title`, true],
      ])('nobody who stays is missed or seen twice: %s', async (round, query, byCursor) => {
        const seen = await walked(round, query, byCursor);
        const expected = Array.from({ length: count }, (_, n) => uid(round, n));
        expect(seen.toSorted()).toEqual(expected);
      });
    });
  });
});
