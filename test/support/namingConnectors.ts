/** Connector files of entries that others name: by their names, or by their values. */
import { people } from './connectorFiles';
import type { Slapd } from './slapd';

/** Users, groups and the containers that they stand in; who is deleted is moved out of sight. */
export function tree(slapd: Slapd, anchor: string): object {
  const containers = ['people', 'groups', 'former'].map((ou) => `ou=${ou},${slapd.suffix}`);
  const [container, groups, former] = containers;
  return {
    ...people(slapd),
    partitions: [{ dn: slapd.suffix, containers }],
    objectTypes: [
      {
        resourceType: 'User',
        targetObject: 'inetOrgPerson',
        anchor,
        container,
        deprovisioning: { deleteFlow: { action: 'move', container: former } },
      },
      { resourceType: 'Group', targetObject: 'groupOfNames', anchor, container: groups },
      {
        resourceType: 'Unit',
        targetObject: 'organizationalUnit',
        anchor,
        container,
        mappings: [{ source: 'displayName', target: 'ou' }],
      },
    ],
  };
}

/** Groups that name their members by `uid`. */
export function posix(slapd: Slapd): object {
  const userMappings = [
    { source: 'userName', target: 'uid' },
    { source: 'displayName', target: 'cn' },
    { source: 'name.familyName', target: 'sn' },
  ];
  const groupMappings = [
    { source: 'displayName', target: 'cn' },
    { source: 'members.value', target: 'memberUid' },
    { constant: '77', target: 'gidNumber', apply: 'onCreate' },
  ];
  const user = {
    mappings: userMappings,
    dn: `Join("", "cn=", [displayName], ",ou=people,${slapd.suffix}")`,
    deprovisioning: { deleteFlow: { action: 'delete', recursive: true } },
  };
  const group = { resourceType: 'Group', targetObject: 'posixGroup', container: `ou=groups,${slapd.suffix}` };
  const file = people(slapd, user) as { readonly objectTypes: readonly object[] };
  return { ...file, objectTypes: [file.objectTypes[0], { ...group, mappings: groupMappings }] };
}
