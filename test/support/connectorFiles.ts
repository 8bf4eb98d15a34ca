/** Connector files for tests. */
import { join } from 'node:path';
import type { Slapd } from './slapd';

/** How to reach a slapd of a test, with its connector's account. */
export function connectivity({ host, port, folder, connectorDN }: Slapd, more: object = {}): object {
  return {
    host,
    port,
    binding: 'Basic',
    userName: connectorDN,
    password: `file:${join(folder, 'connector.password')}`,
    ...more,
  };
}

/** A connector of inetOrgPerson below `ou=people`; without a slapd one of the embedded directory. */
export function people(slapd: Slapd | undefined, objectType: object = {}, more: object = {}): object {
  const suffix = slapd?.suffix ?? 'dc=example,dc=com';
  const containers = ['people', 'groups', 'former'].map((ou) => `ou=${ou},${suffix}`);
  return {
    connectivity: slapd === undefined ? { product: 'memory' } : connectivity(slapd),
    partitions: [{ dn: suffix, containers }],
    objectTypes: [
      {
        resourceType: 'User',
        targetObject: 'inetOrgPerson',
        matchingAttributes: ['mail', 'employeeNumber'],
        container: `ou=people,${suffix}`,
        ...objectType,
      },
      { resourceType: 'Group', targetObject: 'groupOfNames', container: `ou=groups,${suffix}` },
    ],
    ...more,
  };
}
