/** From a root DSE (RFC 4512 §5.1) to a {@link DirectoryDescription}. Pure: what is read is handed in. */
import type { DirectoryDescription } from './directory';
import type { Entry } from './entry';
import type { Schema } from './schema';
import { INTERNAL_CONTEXTS, products, type Signs, traitsOf } from './traits';

/** Attributes of a root DSE that name contexts which are not for people. `defaultNamingContext` can be one of them, so it is not asked. */
const CONTEXTS_OF_THE_SERVER = [
  'configContext',
  'monitorContext',
  'changelog',
  'subschemaSubentry',
  'configurationNamingContext',
  'schemaNamingContext',
  'ibm-configurationnamingcontext',
  'dynamicConfigContext',
];

/** The naming contexts in which slapo-accesslog writes, in the examples that everybody follows. */
const ACCESS_LOG = /^cn=(accesslog|deltalog)$/;

/** Attributes that tell one server of a product from another, the most exact first. */
const IDENTITIES = ['dsServiceName', 'ibm-serverId', 'netscapemdsuffix', 'dsaName', 'serverName'];

/** What else is known of a directory when it is described. */
export interface Circumstances {
  /** Overrides what the root DSE says of itself. */
  readonly product?: string;
  /** Host and port: the server's identity where its root DSE gives none. */
  readonly answeredBy?: string;
  /** A search below the root has found entries. */
  readonly searchedFromRoot?: boolean;
}

/** Describes the directory. */
export function detect(
  rootDSE: Entry,
  schema: Schema,
  { product, answeredBy, searchedFromRoot = false }: Circumstances = {},
): DirectoryDescription {
  const shown = (signs: Signs): boolean =>
    shows(rootDSE, signs) && (signs.searchedFromRoot === undefined || searchedFromRoot);
  const key = product ?? products.find(([, { signs }]) => signs.some(shown))?.[0] ?? 'generic';
  const traits = traitsOf(key);
  const optional = { vendorName: rootDSE.first('vendorName'), vendorVersion: rootDSE.first('vendorVersion') };
  const subschemaSubentry = rootDSE.first('subschemaSubentry');
  const accessLog = list(rootDSE, 'namingContexts').find((context) => ACCESS_LOG.test(spelling(context)));
  const changeLog = rootDSE.first('changelog');
  const serverId = IDENTITIES.map((name) => rootDSE.first(name)).find((value) => value) ?? answeredBy;
  return {
    product: key,
    ...(optional.vendorName === undefined ? {} : { vendorName: optional.vendorName }),
    ...(optional.vendorVersion === undefined ? {} : { vendorVersion: optional.vendorVersion }),
    namingContexts: namingContexts(rootDSE, traits.internalContexts),
    supportedControls: list(rootDSE, 'supportedControl').filter((oid) => !traits.unserved.includes(oid)),
    supportedExtensions: list(rootDSE, 'supportedExtension'),
    supportedFeatures: list(rootDSE, 'supportedFeatures'),
    saslMechanisms: list(rootDSE, 'supportedSASLMechanisms'),
    ...(subschemaSubentry === undefined ? {} : { subschemaSubentry }),
    // An id that the schema does not have would be missing from every entry.
    proposedAnchor: schema.attributeType(traits.anchor) ? traits.anchor : 'dn',
    passwordAttribute: traits.passwordAttribute,
    ...(serverId === undefined ? {} : { serverId }),
    ...(accessLog === undefined ? {} : { accessLog }),
    ...(changeLog === undefined ? {} : { changeLog }),
  };
}

function shows(rootDSE: Entry, signs: Signs): boolean {
  const { vendorName, vendorVersion, objectClass, attribute, capability } = signs;
  return (
    (vendorName === undefined || vendorName.test(rootDSE.first('vendorName') ?? '')) &&
    (vendorVersion === undefined || vendorVersion.test(rootDSE.first('vendorVersion') ?? '')) &&
    (objectClass === undefined ||
      list(rootDSE, 'objectClass').some((name) => name.toLowerCase() === objectClass.toLowerCase())) &&
    (attribute === undefined || rootDSE.has(attribute)) &&
    (capability === undefined || list(rootDSE, 'supportedCapabilities').includes(capability))
  );
}

/** Values as text, each once: Samba repeats some. */
function list(entry: Entry, name: string): string[] {
  return [...new Set(entry.values(name).map((value) => value.toString()))];
}

function namingContexts(rootDSE: Entry, internal: readonly RegExp[]): string[] {
  const ofTheServer = new Set(CONTEXTS_OF_THE_SERVER.flatMap((name) => list(rootDSE, name)).map(spelling));
  const patterns = [...INTERNAL_CONTEXTS, ...internal];
  return list(rootDSE, 'namingContexts').filter((context) => {
    const text = spelling(context);
    return !ofTheServer.has(text) && !patterns.some((pattern) => pattern.test(text));
  });
}

/** One spelling for a context: lower case, no blanks around separators. */
function spelling(context: string): string {
  const trimmed = (text: string, separator: string): string[] => text.split(separator).map((part) => part.trim());
  return trimmed(context.toLowerCase(), ',')
    .map((rdn) => trimmed(rdn, '=').join('='))
    .join(',');
}
