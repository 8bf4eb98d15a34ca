/** What exports of an object type need, from the connector's parts. */
import type { ObjectType } from '../mapping/objectType';
import type { ConnectorContext } from './context';
import type { ExportContext } from './export';
import { makeParents } from './parents';

/** The export context of an object type. Parents are made only where the file has a provisioning hierarchy. */
export function exportContext({ directory, options }: ConnectorContext, { readAttributes }: ObjectType): ExportContext {
  const hierarchy = options.provisioningHierarchy;
  return {
    directory,
    readAttributes,
    ...(Object.keys(hierarchy).length === 0
      ? {}
      : { makeParents: (dn, operation) => makeParents(directory, hierarchy, dn, operation) }),
  };
}
