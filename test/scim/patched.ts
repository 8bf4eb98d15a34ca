import { compilePatch } from '../../src/scim/patch';
import type { Resource } from '../../src/scim/resource';
import type { ResourceType } from '../../src/scim/resourceType';
import { ecma, enterprise, userType } from './resourceTypes';

/** One member of a PatchOp's `Operations`, right or wrong. */
export interface Operation {
  op: string;
  path?: unknown;
  value?: unknown;
}

/** Somebody to patch. */
export const person: Resource = {
  id: '1',
  userName: 'a',
  title: 't',
  name: { givenName: 'g', familyName: 'f' },
  emails: [
    { type: 'work', value: 'w@x', primary: true },
    { type: 'home', value: 'h@x' },
  ],
  [enterprise]: { manager: { value: 'M1', $ref: '../Users/M1', displayName: 'Em' }, department: 'd' },
  [ecma]: { sn: 's', objectClass: ['top', 'person'], entryUUID: 'u' },
};

/** The value, so frozen that whoever writes into it fails. */
export function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null) Object.values(Object.freeze(value)).forEach(frozen);
  return value;
}

/** What the operations make of a resource. */
export function patched(operations: Operation[], resource: Resource = person, type: ResourceType = userType): Resource {
  return compilePatch({ Operations: operations }, type).apply(frozen(resource));
}
