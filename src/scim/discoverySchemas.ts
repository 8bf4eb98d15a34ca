/** What discovery itself is made of: the schemas of RFC 7643 §8.7.2, which /Schemas lists beside those of the resource types. */
import { attribute, type Characteristics } from './core';
import type { AttributeDefinition, SchemaDefinition } from './resourceType';

const prefix = 'urn:ietf:params:scim:schemas:core:2.0';

export const serviceProviderConfigUrn = `${prefix}:ServiceProviderConfig`;
export const resourceTypeUrn = `${prefix}:ResourceType`;
export const schemaUrn = `${prefix}:Schema`;

const uri: Characteristics = { type: 'reference', referenceTypes: ['uri'], caseExact: true };
const external: Characteristics = { type: 'reference', referenceTypes: ['external'], caseExact: true };

/** Nothing that discovery tells can be written. */
function told(name: string, description: string, characteristics: Characteristics = {}): AttributeDefinition {
  return attribute(name, description, { mutability: 'readOnly', required: true, ...characteristics });
}

function complex(
  name: string,
  description: string,
  subAttributes: readonly AttributeDefinition[],
  characteristics: Characteristics = {},
): AttributeDefinition {
  return told(name, description, { type: 'complex', subAttributes, ...characteristics });
}

const supported = told('supported', 'Whether the operation is supported.', { type: 'boolean' });

const serviceProviderConfig: SchemaDefinition = {
  id: serviceProviderConfigUrn,
  name: 'ServiceProviderConfig',
  description: "The service provider's configuration",
  attributes: [
    told('documentationUri', 'Where people read on.', { ...external, required: false }),
    complex('patch', 'PATCH.', [supported]),
    complex('bulk', 'Bulk requests.', [
      supported,
      told('maxOperations', 'The most operations in one request.', { type: 'integer' }),
      told('maxPayloadSize', 'The largest request, in bytes.', { type: 'integer' }),
    ]),
    complex('filter', 'Filters.', [
      supported,
      told('maxResults', 'The most resources in one answer.', { type: 'integer' }),
    ]),
    complex('changePassword', 'Changes of passwords.', [supported]),
    complex('sort', 'Sorting.', [supported]),
    complex('etag', 'Versions of resources.', [supported]),
    complex(
      'pagination',
      'Pages of lists (RFC 9865).',
      [
        told('cursor', 'Whether pages can be asked for by cursor.', { type: 'boolean' }),
        told('index', 'Whether pages can be asked for by startIndex.', { type: 'boolean' }),
        told('defaultPaginationMethod', 'How, where a request does not say.', {
          required: false,
          canonicalValues: ['cursor', 'index'],
        }),
        told('defaultPageSize', 'Resources of a page where a request does not say.', {
          type: 'integer',
          required: false,
        }),
        told('maxPageSize', 'The most resources of a page.', { type: 'integer', required: false }),
      ],
      { required: false },
    ),
    complex(
      'authenticationSchemes',
      'How clients authenticate.',
      [
        told('type', 'The scheme.', {
          canonicalValues: ['oauth', 'oauth2', 'oauthbearertoken', 'httpbasic', 'httpdigest'],
        }),
        told('name', 'Its name.'),
        told('description', 'What it is.'),
        told('specUri', 'Its specification.', { ...external, required: false }),
        told('documentationUri', 'How to use it.', { ...external, required: false }),
        told('primary', 'Whether it is the preferred one.', { type: 'boolean', required: false }),
      ],
      { multiValued: true },
    ),
  ],
};

const resourceType: SchemaDefinition = {
  id: resourceTypeUrn,
  name: 'ResourceType',
  description: 'A type of resources',
  attributes: [
    told('id', 'Its name.', { required: false }),
    told('name', 'Its name, as in meta.resourceType.'),
    told('description', 'What it is.', { required: false }),
    told('endpoint', 'Its endpoint, relative to the base URI.', uri),
    told('schema', 'The URN of its core schema.', uri),
    complex(
      'schemaExtensions',
      'Its extensions.',
      [
        told('schema', 'The URN of the extension.', uri),
        told('required', 'Whether every resource has it.', { type: 'boolean' }),
      ],
      { multiValued: true, required: false },
    ),
  ],
};

/** The characteristics of RFC 7643 §7. */
const characteristics: readonly AttributeDefinition[] = [
  told('name', 'The name of the attribute.', { caseExact: true }),
  told('type', 'The type of its values.', {
    canonicalValues: ['string', 'complex', 'boolean', 'decimal', 'integer', 'dateTime', 'reference', 'binary'],
  }),
  told('multiValued', 'Whether it has several values.', { type: 'boolean' }),
  told('description', 'What it is.', { caseExact: true, required: false }),
  told('required', 'Whether it has to have a value.', { type: 'boolean' }),
  told('canonicalValues', 'Suggested values.', { multiValued: true, caseExact: true, required: false }),
  told('caseExact', 'Whether case counts.', { type: 'boolean', required: false }),
  told('mutability', 'How it can be changed.', {
    caseExact: true,
    canonicalValues: ['readOnly', 'readWrite', 'immutable', 'writeOnly'],
  }),
  told('returned', 'When it is returned.', {
    caseExact: true,
    canonicalValues: ['always', 'never', 'default', 'request'],
  }),
  told('uniqueness', 'How unique its values are.', {
    caseExact: true,
    required: false,
    canonicalValues: ['none', 'server', 'global'],
  }),
  told('referenceTypes', 'What it may refer to.', { multiValued: true, caseExact: true, required: false }),
];

const schema: SchemaDefinition = {
  id: schemaUrn,
  name: 'Schema',
  description: 'A schema and its attributes',
  attributes: [
    told('id', 'Its URN.', { ...uri }),
    told('name', 'Its name.', { required: false }),
    told('description', 'What it is.', { required: false }),
    complex(
      'attributes',
      'Its attributes.',
      [
        ...characteristics,
        complex('subAttributes', 'The attributes of a complex attribute.', characteristics, {
          multiValued: true,
          required: false,
        }),
      ],
      { multiValued: true },
    ),
  ],
};

/** The schemas of discovery's own answers. */
export const discoverySchemas: readonly SchemaDefinition[] = [serviceProviderConfig, resourceType, schema];
