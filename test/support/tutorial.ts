/** The tutorial's connectors, and look-ups in the spellings of identity providers. */
import { connectivity } from './connectorFiles';
import { ECMA_USER, type Json, type ScimClient } from './scimClient';
import type { Slapd } from './slapd';

export const SUFFIX = 'dc=Contoso,dc=lab';

/** *Select Attributes*: treated as single values. */
export const single = (...names: string[]) => names.map((name) => ({ name, treatAsSingleValue: true }));

/** A connector for users below the tutorial's naming context; going out of scope deletes. */
export const connector = (slapd: Slapd, objectType: object) => ({
  connectivity: connectivity(slapd),
  partitions: [{ dn: SUFFIX }],
  objectTypes: [
    {
      resourceType: 'User',
      matchingAttributes: ['mail'],
      targetObject: 'inetOrgPerson',
      deprovisioning: { disableFlow: { action: 'delete' }, deleteFlow: { action: 'delete' } },
      ...objectType,
    },
  ],
});

/** The name of an attribute of the directory, as a path. */
export const path = (name: string) => `${ECMA_USER}:${name}`;
/** The attributes of the directory in a resource. */
export const face = (resource: Json | undefined) => resource?.[ECMA_USER] as unknown as Record<string, unknown>;

export async function idsBy(client: ScimClient, filter: string): Promise<unknown[]> {
  return (await client.find(filter)).map(({ id }) => id);
}

/** Raw, as the identity provider writes it: `+` for a blank, quotes as they are. */
export async function idsByRaw(client: ScimClient, filter: string): Promise<unknown[]> {
  const { status, body } = await client.get(`/Users?filter=${filter.replaceAll(' ', '+')}`);
  expect(status).toBe(200);
  return (body.Resources as unknown as Json[]).map(({ id }) => id);
}
