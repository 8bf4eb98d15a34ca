/** Reading what a directory says of itself: the root DSE (RFC 4512 §5.1) and the subschema subentry (§4.4). */
import type { SearchRequest } from './directory';
import { DN } from './dn';
import type { Entry } from './entry';
import { isLdapError, LdapError, ResultCode } from './error';
import { equality, present } from './filter';
import { Schema } from './schema';

type Search = (request: SearchRequest) => Promise<readonly Entry[]>;

const SCHEMA_ATTRIBUTES = [
  'objectClass',
  'attributeTypes',
  'objectClasses',
  'ldapSyntaxes',
  'matchingRules',
  'dITContentRules',
];

/** Where subschema subentries stand on servers whose root DSE does not say. */
const USUAL_SUBENTRIES = ['cn=schema', 'cn=subschema'];

/** The root DSE with its operational attributes, which many servers return only for `+`. */
export async function readRootDSE(search: Search): Promise<Entry> {
  const [entry] = await search({
    base: DN.root,
    scope: 'base',
    filter: present('objectClass'),
    attributes: ['*', '+'],
  });
  if (entry) return entry;
  const advice = 'The directory shows no root DSE: the account may read nothing of it, or this is no LDAP v3 server.';
  throw new LdapError(ResultCode.noSuchObject, 'search', '', advice);
}

/**
 * Whether a search below the root finds entries, which tells the ports of a Global Catalog from those of its domain
 * controller: that one knows no entry to begin at. Only servers that keep a catalog are asked.
 */
export async function isSearchedFromRoot(search: Search, rootDSE: Entry): Promise<boolean> {
  if (rootDSE.first('isGlobalCatalogReady')?.toUpperCase() !== 'TRUE') return false;
  const filter = equality('objectClass', 'domainDNS');
  try {
    return (await search({ base: DN.root, scope: 'sub', filter, attributes: [], sizeLimit: 1 })).length > 0;
  } catch (error) {
    if (error instanceof LdapError && typeof error.result === 'number') return false;
    throw error;
  }
}

/** The schema, wherever this server publishes it: `known` where nothing has changed. */
export async function readSchema(
  search: Search,
  rootDSE: Entry,
  onFault: (text: string) => void,
  known?: Schema,
): Promise<Schema> {
  const read = (subschema: Entry): Schema => Schema.from(subschema, onFault, known);
  const announced = rootDSE.first('subschemaSubentry');
  for (const name of announced ? [announced] : USUAL_SUBENTRIES) {
    const request = {
      base: DN.parse(name),
      scope: 'base',
      filter: present('objectClass'),
      attributes: SCHEMA_ATTRIBUTES,
    } as const;
    const schema = await schemaAmong(search, request, read);
    if (schema) return schema;
  }
  // Some X.500 servers show it only to a search one level below the root DSE.
  const filter = equality('objectClass', 'subschema');
  const request = { base: DN.root, scope: 'one', filter, attributes: SCHEMA_ATTRIBUTES, sizeLimit: 10 } as const;
  const schema = await schemaAmong(search, request, read);
  if (schema) return schema;
  const advice =
    'The directory shows no schema: let the account read the attributes attributeTypes and objectClasses of this entry.';
  throw new LdapError(ResultCode.noSuchObject, 'search', announced ?? USUAL_SUBENTRIES.join(' or '), advice);
}

async function schemaAmong(
  search: Search,
  request: SearchRequest,
  read: (subschema: Entry) => Schema,
): Promise<Schema | undefined> {
  try {
    const subschema = (await search(request)).find(
      (entry) => entry.has('attributeTypes') && entry.has('objectClasses'),
    );
    return subschema && read(subschema);
  } catch (error) {
    if (isLdapError(error, ResultCode.noSuchObject, ResultCode.insufficientAccessRights)) return undefined;
    throw error;
  }
}
