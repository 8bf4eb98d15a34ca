/** What this host needs of a directory and what it would like to find, with what follows where it is missing. */
import { Oid } from '../directory/controls';
import type { Directory } from '../directory/directory';
import type { Entry } from '../directory/entry';
import type { ChangeSourceFinding } from './changeSourceFinding';

/** One feature. */
export interface FeatureFinding {
  readonly feature: string;
  readonly found: boolean;
  /** Without it a connector cannot work, or not safely. */
  readonly mandatory: boolean;
  /** What follows from its absence. */
  readonly otherwise: string;
}

/** Pages, else sorted lists, else nothing: then whether an import can read all depends on a limit. */
function readingInParts(directory: Directory): FeatureFinding {
  const lists = [Oid.virtualListView, Oid.serverSideSort].every((oid) => directory.supports(oid));
  if (directory.supports(Oid.pagedResults) || !lists)
    return {
      feature: 'paged results (RFC 2696)',
      found: directory.supports(Oid.pagedResults),
      mandatory: true,
      otherwise:
        'there are no virtual list views either, so that an import is one answer, and a size limit of the server cuts it off: raise that limit for the account',
    };
  return {
    feature: 'virtual list views with server side sorting (RFC 2891), in the place of paged results',
    found: directory.description.proposedAnchor !== 'dn',
    mandatory: true,
    otherwise:
      'no immutable id to sort by: name an attribute that entries do not change in runProfiles.fullImport.sortKey',
  };
}

/** Judges a root DSE and a schema. Some servers serve what they do not list, so what is missing is a warning. */
export function featuresOf(
  directory: Directory,
  rootDSE: Entry,
  changeSources: readonly ChangeSourceFinding[],
): readonly FeatureFinding[] {
  const { description, schema } = directory;
  const versions = rootDSE.values('supportedLDAPVersion').map(String);
  const served = (feature: string, oid: string, otherwise: string, mandatory = false): FeatureFinding => ({
    feature,
    found: directory.supports(oid),
    mandatory,
    otherwise,
  });
  return [
    {
      feature: 'LDAP version 3',
      found: versions.length === 0 || versions.includes('3'),
      mandatory: true,
      otherwise: 'the host speaks no other version',
    },
    {
      feature: 'schema that can be read (RFC 4512)',
      found: schema.objectClasses.length > 0,
      mandatory: true,
      otherwise: 'no object type can be configured: let the account read the subschema subentry',
    },
    {
      feature: 'naming contexts in the root DSE',
      found: description.namingContexts.length > 0,
      mandatory: false,
      otherwise: 'name the partitions in the connector file yourself',
    },
    readingInParts(directory),
    {
      feature: 'an immutable id for every entry',
      found: description.proposedAnchor !== 'dn',
      mandatory: false,
      otherwise: 'the anchor is the DN; the host keeps ids over its own renames, but not over those made beside it',
    },
    {
      feature: 'a source of changes',
      found: changeSources.some(({ readable }) => readable),
      mandatory: false,
      otherwise: 'what is changed beside the host is seen at the next full import',
    },
    served('post-read (RFC 4527)', '1.3.6.1.1.13.2', 'each write is followed by a read'),
    served('assertion (RFC 4528)', '1.3.6.1.1.12', 'If-Match is checked by a read just before the write'),
    served(
      'all operational attributes (RFC 3673)',
      '1.3.6.1.4.1.4203.1.5.1',
      'operational attributes are asked for by name',
    ),
    served('tree delete', '1.2.840.113556.1.4.805', 'an entry that has entries below it cannot be deleted'),
    served('StartTLS', '1.3.6.1.4.1.1466.20037', 'encrypt by LDAPS (binding SSL)'),
  ];
}
