/**
 * AD LDS, played by slapd: the identity provider's tables for it, by the letter. What a real one does beyond its users'
 * attributes is not proved here.
 */

import { Client } from 'ldapts';
import type { ServerUnderTest } from '../../support/directoryServer';
import { HostProcess } from '../../support/hostProcess';
import { ECMA_USER, type ScimClient } from '../../support/scimClient';
import { face, idsBy, idsByRaw, path, single } from '../../support/tutorial';
import { testProduct } from '../product';
import { runScimTests } from '../scim';

const START_MS = 240_000;
const PARENT = 'CN=CloudUsers,CN=App,DC=Contoso,DC=lab';

testProduct('AD LDS (emulated)', 'adlds', (server, open) => {
  test('is detected, with its unique id and its password attribute', async () => {
    const directory = await open();
    try {
      const expected = { product: 'adlds', proposedAnchor: 'objectGUID', passwordAttribute: 'unicodePwd' };
      expect(directory.description).toMatchObject(expected);
    } finally {
      await directory.close();
    }
  });

  // slapd takes unicodePwd as any attribute, and binds by userPassword only.
  runScimTests(server, { disabledBinds: true, passwords: false });
  runTableTests(server);
});

/** The wizard's pages: target object, anchor, query attribute, and the attributes that are chosen. */
const connectorOf = ({ port, connector, caFile }: ServerUnderTest) => ({
  connectivity: {
    host: 'localhost',
    port,
    binding: 'TLS',
    userName: connector.dn,
    password: `file:${connector.passwordFile}`,
    certificate: { ca: caFile },
  },
  partitions: [{ dn: 'DC=Contoso,DC=lab' }],
  objectTypes: [
    {
      resourceType: 'User',
      targetObject: 'User',
      anchor: 'ObjectGUID',
      matchingAttributes: ['userPrincipalName'],
      attributes: single('msDS-UserAccountDisabled', 'userPrincipalName', 'displayName'),
      deprovisioning: { disableFlow: { action: 'delete' }, deleteFlow: { action: 'delete' } },
    },
  ],
});

function runTableTests(server: () => ServerUnderTest): void {
  describe('the table for AD LDS', () => {
    let host: HostProcess;
    let client: ScimClient;
    let id: string;
    const upn = 'B.Simon@contoso.com';
    const dn = `CN=B.Simon,${PARENT}`;
    beforeAll(async () => {
      host = await HostProcess.start({
        connectors: { LDS: connectorOf(server()) },
        secrets: [server().connector.password],
      });
      await host.imported(['LDS']);
      client = host.client('LDS');
    }, START_MS);
    afterAll(() => host?.stop(), START_MS);

    test('the attribute list shows the attributes that were chosen, each with one value', async () => {
      const { body } = await client.get(`/Schemas/${ECMA_USER}`);
      const shown = (body.attributes as unknown as { name: string; multiValued: boolean }[]).map((each) => [
        each.name,
        each.multiValued,
      ]);
      expect(Object.fromEntries(shown)).toMatchObject({
        '-dn-': false,
        'msDS-UserAccountDisabled': false,
        userPrincipalName: false,
        displayName: false,
      });
    });

    test('a user is created from the four mappings', async () => {
      expect(await idsByRaw(client, `${path('userPrincipalName')} eq "${upn}"`)).toEqual([]);
      const { status, body } = await client.post('/Users', {
        schemas: [ECMA_USER],
        externalId: 'B.Simon',
        [ECMA_USER]: {
          '-dn-': dn,
          userPrincipalName: upn,
          'msDS-UserAccountDisabled': 'False',
          displayName: 'B Simon',
        },
      });
      expect([status, body.detail]).toEqual([201, undefined]);
      expect(face(body)).toMatchObject({ userPrincipalName: upn, displayName: 'B Simon' });
      expect(String(face(body)['-dn-']).toLowerCase()).toBe(dn.toLowerCase());
      id = String(body.id);
    });

    test('it is matched by its user principal name, whatever the case', async () => {
      for (const value of [upn, upn.toLowerCase()])
        expect(await idsBy(client, `${path('userPrincipalName')} eq "${value}"`)).toEqual([id]);
      expect((await client.get(`/Users/${id}`)).body).toMatchObject({ id });
    });

    test.each([
      ['True', true],
      ['False', false],
    ])('isSoftDeleted %s arrives as msDS-UserAccountDisabled', async (value, disabled) => {
      const patch = { op: 'Replace', path: path('msDS-UserAccountDisabled'), value };
      const { status, body } = await client.patch(`/Users/${id}`, patch);
      expect([status, body.detail]).toEqual([200, undefined]);
      const read = (await client.get(`/Users/${id}`)).body;
      expect(face(read)['msDS-UserAccountDisabled']).toBe(disabled);
      const filter = `(&(userPrincipalName=${upn})(msDS-UserAccountDisabled=${value.toUpperCase()}))`;
      expect(await dnsOf(server(), filter)).toEqual([dn.toLowerCase()]);
    });

    test('a user out of scope goes for good, by the disable flow of the wizard', async () => {
      expect((await client.patch(`/Users/${id}`, { op: 'Replace', path: 'active', value: 'False' })).status).toBe(204);
      expect(await idsBy(client, `${path('userPrincipalName')} eq "${upn}"`)).toEqual([]);
      expect(await dnsOf(server(), `(userPrincipalName=${upn})`)).toEqual([]);
    });
  });
}

/** What somebody else finds in the directory. */
async function dnsOf({ url, admin, suffix }: ServerUnderTest, filter: string): Promise<string[]> {
  const other = new Client({ url });
  try {
    await other.bind(admin.dn, admin.password);
    const { searchEntries } = await other.search(suffix, { filter, attributes: ['cn'] });
    return searchEntries.map((entry) => entry.dn.toLowerCase());
  } finally {
    await other.unbind();
  }
}
