/** /ServiceProviderConfig, /ResourceTypes and /Schemas (RFC 7644 §4, RFC 7643 §5–7), written once and answered as text. */
import { createHash } from 'node:crypto';
import { Types } from 'scimmy';
import { discoverySchemas, resourceTypeUrn, schemaUrn, serviceProviderConfigUrn } from './discoverySchemas';
import { ScimError } from './error';
import type { ETag } from './handler';
import { listResponse } from './list';
import type { AttributeDefinition, ResourceType, SchemaDefinition } from './resourceType';
import { type Features, maxBodyBytesOf, maxBulkOperations, type ServiceProvider } from './serviceProvider';

/** One answer: JSON text, and the version under which a client may keep it. */
export interface Description {
  readonly body: string;
  readonly etag: ETag;
}

/** All discovery answers under one base URI. Names are looked up without case. */
export interface Discovery {
  readonly serviceProviderConfig: Description;
  readonly resourceTypes: Description;
  readonly schemas: Description;
  resourceType(name: string): Description | undefined;
  schema(urn: string): Description | undefined;
}

/** More base URIs than a host is ever reached by; requests with invented Host headers shall not fill the memory. */
const maxBaseUris = 8;

/** Keeps the answers of one service provider until its resource types or features change. */
export class DiscoveryCache {
  #types: readonly ResourceType[] = [];
  #features: Features | undefined;
  readonly #byBaseUri = new Map<string, Discovery>();

  constructor(private readonly provider: ServiceProvider) {}

  at(baseUri: string): Discovery {
    const types = this.provider.resourceTypes().map(({ type }) => type);
    const { features } = this.provider;
    const sameTypes =
      types.length === this.#types.length && types.every((type, position) => type === this.#types[position]);
    if (!sameTypes || features !== this.#features) {
      this.#types = types;
      this.#features = features;
      this.#byBaseUri.clear();
    }
    const known = this.#byBaseUri.get(baseUri);
    if (known) return known;
    if (this.#byBaseUri.size >= maxBaseUris) this.#byBaseUri.clear();
    const discovery = describeProvider(types, this.provider, baseUri);
    this.#byBaseUri.set(baseUri, discovery);
    return discovery;
  }
}

/** Discovery endpoints take no filter (RFC 7644 §4): a client that relied on one would take the whole for the part. */
export function refuseFilter(search: string): void {
  for (const name of new URLSearchParams(search).keys()) {
    if (name.toLowerCase() === 'filter') throw ScimError.forbidden('Discovery endpoints take no filter (RFC 7644 §4).');
  }
}

function describeProvider(types: readonly ResourceType[], provider: ServiceProvider, baseUri: string): Discovery {
  const schemas = new Map<string, object>();
  for (const schema of [...types.flatMap((type) => [type.schema, ...listed(type)]), ...discoverySchemas]) {
    const key = schema.id.toLowerCase();
    if (!schemas.has(key)) schemas.set(key, describeSchema(schema, baseUri));
  }
  const resourceTypes = new Map(types.map((type) => [type.name.toLowerCase(), describeResourceType(type, baseUri)]));
  const each = (resources: ReadonlyMap<string, object>): ReadonlyMap<string, Description> =>
    new Map([...resources].map(([key, resource]) => [key, versioned(JSON.stringify(resource))]));
  const eachSchema = each(schemas);
  const eachResourceType = each(resourceTypes);
  return {
    serviceProviderConfig: versioned(JSON.stringify(describeConfig(provider, baseUri))),
    resourceTypes: versioned(
      JSON.stringify(listResponse({ totalResults: resourceTypes.size, startIndex: 1 }, [...resourceTypes.values()])),
    ),
    schemas: versioned(
      JSON.stringify(listResponse({ totalResults: schemas.size, startIndex: 1 }, [...schemas.values()])),
    ),
    resourceType: (name) => eachResourceType.get(name.toLowerCase()),
    schema: (urn) => eachSchema.get(urn.toLowerCase()),
  };
}

function versioned(body: string): Description {
  return { body, etag: `W/"${createHash('sha1').update(body).digest('base64url')}"` };
}

function describeConfig(provider: ServiceProvider, baseUri: string): object {
  const { features, maxResults } = provider;
  return {
    schemas: [serviceProviderConfigUrn],
    ...(features.documentationUri !== undefined && { documentationUri: features.documentationUri }),
    patch: { supported: features.writes },
    bulk: { supported: features.writes, maxOperations: maxBulkOperations, maxPayloadSize: maxBodyBytesOf(provider) },
    filter: { supported: true, maxResults },
    changePassword: { supported: features.writes && features.changePassword },
    sort: { supported: features.sort },
    etag: { supported: features.etag },
    ...(features.pagination !== false && {
      pagination: {
        cursor: true,
        index: true,
        defaultPaginationMethod: 'index',
        defaultPageSize: maxResults,
        maxPageSize: maxResults,
      },
    }),
    authenticationSchemes: [
      {
        type: 'oauthbearertoken',
        name: 'Bearer token',
        description: 'The secret token of the connector, in the Authorization header.',
        specUri: 'https://www.rfc-editor.org/info/rfc6750',
        primary: true,
      },
    ],
    meta: { resourceType: 'ServiceProviderConfig', location: `${baseUri}/ServiceProviderConfig` },
  };
}

/** The extensions that discovery speaks of. */
function listed({ extensions }: ResourceType): readonly SchemaDefinition[] {
  return extensions.filter(({ hidden }) => !hidden);
}

function describeResourceType(type: ResourceType, baseUri: string): object {
  const { name, endpoint, description, schema } = type;
  return {
    schemas: [resourceTypeUrn],
    id: name,
    name,
    endpoint,
    description,
    schema: schema.id,
    schemaExtensions: listed(type).map(({ id, attributes }) => ({ schema: id, required: attributes.some(isDemanded) })),
    meta: { resourceType: 'ResourceType', location: `${baseUri}/ResourceTypes/${encodeURIComponent(name)}` },
  };
}

function describeSchema({ id, name, description, attributes }: SchemaDefinition, baseUri: string): object {
  return {
    schemas: [schemaUrn],
    id,
    name,
    description,
    attributes: visible(attributes).map(describeAttribute),
    meta: { resourceType: 'Schema', location: `${baseUri}/Schemas/${id}` },
  };
}

function visible(definitions: readonly AttributeDefinition[]): readonly AttributeDefinition[] {
  return definitions.filter(({ hidden }) => !hidden);
}

function isDemanded({ demanded = false }: AttributeDefinition): boolean {
  return demanded;
}

/** The name under which scimmy describes an attribute: its own are narrower than LDAP's (`userCertificate;binary`, OIDs). */
const standIn = 'attribute';

/** scimmy's description (RFC 7643 §7): its classes are the vocabulary, and refuse characteristics that contradict each other. */
function describeAttribute(definition: AttributeDefinition): object {
  const { name, type, canonicalValues, referenceTypes, subAttributes = [] } = definition;
  const isBinary = type === 'binary';
  const attribute = new Types.Attribute(type, standIn, {
    multiValued: definition.multiValued,
    description: definition.description ?? '',
    required: definition.required || isDemanded(definition),
    caseExact: isBinary || definition.caseExact,
    canonicalValues: canonicalValues ? [...canonicalValues] : false,
    referenceTypes: type === 'reference' ? [...(referenceTypes ?? ['uri'])] : false,
    mutable: definition.mutability,
    returned: definition.returned,
    uniqueness: isBinary ? 'none' : definition.uniqueness,
  });
  return {
    ...attribute.toJSON(),
    name,
    ...(type === 'complex' && { subAttributes: visible(subAttributes).map(describeAttribute) }),
  };
}
