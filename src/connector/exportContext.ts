/** What exports of an object type need, from the connector's parts. */
import { isDNAnchor } from '../mapping/anchor';
import type { ObjectType } from '../mapping/objectType';
import type { ConnectorContext } from './context';
import type { ExportContext } from './export';
import { makeParents } from './parents';

/** The export context of an object type. Parents are made only where the file has a provisioning hierarchy. */
export function exportContext(
  { directory, options }: ConnectorContext,
  { readAttributes, anchor, schema, disableFlow, deleteFlow }: ObjectType,
): ExportContext {
  const flags = [disableFlow, deleteFlow].flatMap((flow) =>
    flow?.action === 'setBits' ? [schema.canonicalName(flow.attribute)] : [],
  );
  const hierarchy = options.provisioningHierarchy;
  return {
    directory,
    readAttributes,
    ...(isDNAnchor(anchor) ? {} : { anchor }),
    ...(flags.length === 0 ? {} : { flags: new Set(flags) }),
    ...(Object.keys(hierarchy).length === 0
      ? {}
      : { makeParents: (dn, operation) => makeParents(directory, hierarchy, dn, operation) }),
  };
}
