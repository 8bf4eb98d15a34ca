#!/usr/bin/env node
/**
 * npm run docs: writes docs/connector.schema.json and docs/connector-file.md from src/config/connectorSchema.ts, and
 * their like for host.json, so that none can say what the code does not do. A test fails when they are stale.
 */

const { writeFileSync } = require('node:fs');
const { join } = require('node:path');
const { z } = require('zod');
const { hostPages } = require('./generate-docs/hostFile');

/** The sections of the reference, in the order of the wizard's pages; each describes the keys of one object. */
const SECTIONS = [
  ['', 'The file', 'The top level. Only `connectivity` and `objectTypes` are required.'],
  [
    'properties',
    'properties',
    'Page *Properties*. The connector’s name is the file’s name; there is no extension DLL.',
  ],
  ['connectivity', 'connectivity', 'Page *Connectivity*.'],
  ['global', 'global', 'Page *Global*. What the root DSE says is detected and needs no key.'],
  [
    'partitions[]',
    'partitions',
    'Page *Partitions*: the part of the directory that is read and written. A write outside of it is refused with 400.',
  ],
  ['runProfiles', 'runProfiles', 'Pages *Run Profiles*, *Export*, *Full Import* and *DeltaImport*.'],
  [
    'objectTypes[]',
    'objectTypes',
    'Pages *Object Types* and *Select Attributes*. `User` and `Group` may stand once each.',
  ],
  [
    'objectTypes[].mappings[]',
    'mappings',
    'One mapping has a `target` and exactly one of `source`, `expression` and `constant`. A `source` works both ways; the other two only write. See [faces and mappings](faces-and-mappings.md) and [expressions](expressions.md).',
  ],
  [
    'objectTypes[].deprovisioning',
    'deprovisioning',
    'Page *Deprovisioning*: two flows. See [faces and mappings](faces-and-mappings.md#active-and-the-disable-flow).',
  ],
];

/** What the code's own descriptions leave out. A key that has both, or neither, is an error of this script. */
const WORDS = {
  $schema: 'For editors: `../docs/connector.schema.json` gives completion and hover text.',
  description: 'For people; not shown to clients.',
  properties: 'Name, timer and token.',
  connectivity: 'How to reach the directory.',
  global: 'What holds for the whole directory.',
  runProfiles: 'What may be written, and when the directory is read.',
  objectTypes: 'What is provisioned: users, groups, or both.',
  'connectivity.tlsMinimum': 'The oldest version of TLS that is spoken to the directory.',
  'connectivity.certificate': 'With `SSL` and `TLS`: how the directory’s certificate is checked. It always is.',
  'connectivity.includeOperationalAttributes':
    'Also shows attributes that the directory sets by itself; they are read-only.',
  'connectivity.includeExtensibleAttributes':
    'Also shows every attribute of the schema, for directories that use `extensibleObject`.',
  'global.matching': 'Look-ups in the connector space.',
  'global.deltaImport': 'Reading only what has changed.',
  'global.deltaImport.method':
    'How changes are found: see [imports](imports.md). `auto`: the best that the directory has and the account may read; `none`: full imports only.',
  'runProfiles.export': 'Writing to the directory.',
  'runProfiles.fullImport': 'Reading the whole scope: at start, and each time the autosync timer fires.',
  'runProfiles.fullImport.pageSize':
    'Entries per page of the paged results control (RFC 2696), or per window of a virtual list view.',
  'runProfiles.deltaImport': 'Reading what has changed, where the directory can tell.',
  'runProfiles.deltaImport.enabled': 'false: full imports only.',
  'objectTypes[].attributes[].name': 'A name of the attribute.',
  'objectTypes[].attributes[].treatAsSingleValue':
    'Clients see one value, though the schema allows several. Refused for objectClass.',
  'objectTypes[].mappings[].expression': 'An expression over the attributes of the resource.',
  'objectTypes[].mappings[].constant': 'The same text for every entry.',
  'objectTypes[].mappings[].apply':
    '`always`: whenever an attribute that the expression reads changes; `onCreate`: only when the entry is made.',
  'objectTypes[].deprovisioning': 'What becomes of an entry that is disabled or deleted.',
  'objectTypes[].deprovisioning.disableFlow.action': 'What to do.',
  'objectTypes[].deprovisioning.disableFlow.values': 'Attribute → value or values.',
  'objectTypes[].deprovisioning.disableFlow.container': 'DN of the container; inside the partitions.',
  'objectTypes[].deprovisioning.deleteFlow.action': 'What to do.',
  'objectTypes[].deprovisioning.deleteFlow.values': 'Attribute → value or values.',
  'objectTypes[].deprovisioning.deleteFlow.container': 'DN of the container; inside the partitions.',
};

/** Keys that a partition has as the connector has them. */
const OWN_CONNECTIVITY = /^partitions\[\]\.connectivity\./;

/** The variants of a schema: itself, or what it is a union of. */
const variants = (node) => node.anyOf ?? node.oneOf ?? [node];

/** Gives every key a description; calls `see(path, node, required)` for each. */
function walk(node, path, see) {
  const everyone = (variants(node)[0].required ?? []).filter((key) =>
    variants(node).every(({ required }) => required?.includes(key)),
  );
  for (const variant of variants(node)) {
    for (const [key, child] of Object.entries(variant.properties ?? {})) {
      const at = path === '' ? key : `${path}.${key}`;
      see(at, child, everyone.includes(key));
      walk(child, at, see);
    }
    if (variant.items) walk(variant.items, `${path}[]`, see);
  }
}

function describe(schema) {
  const used = new Set();
  const known = new Map();
  walk(schema, '', (path, node) => {
    if (node.description !== undefined) known.set(path, node.description);
  });
  walk(schema, '', (path, node) => {
    if (WORDS[path] !== undefined && known.has(path))
      throw new Error(`${path} is described in the code: remove its words here`);
    const same = path.replace(OWN_CONNECTIVITY, 'connectivity.');
    node.description ??= known.get(path) ?? known.get(same) ?? WORDS[same];
    if (node.description === undefined) throw new Error(`${path} is described nowhere: add .describe(…) in the code`);
    used.add(path);
  });
  const unused = Object.keys(WORDS).filter((path) => !used.has(path));
  if (unused.length > 0) throw new Error(`there is no key ${unused.join(', ')}`);
  return schema;
}

function typeOf(node) {
  if (node.const !== undefined) return `\`"${node.const}"\``;
  if (node.enum) return node.enum.map((value) => `\`"${value}"\``).join(', ');
  if (node.anyOf || node.oneOf) {
    const actions = variants(node).map((variant) => variant.properties?.action?.const);
    if (actions.every(Boolean)) return 'object, see below';
    return [...new Set(variants(node).map(typeOf))].join(' or ');
  }
  if (node.type === 'array') return `list of ${typeOf(node.items)}`;
  if (node.type === 'object' && node.properties === undefined) return 'object: name → text';
  return node.type === 'string'
    ? 'text'
    : node.type === 'boolean'
      ? 'true, false'
      : node.type === 'object'
        ? 'object'
        : 'number';
}

/** A default worth showing: not the empty one of an object whose keys have their own. */
function defaultOf(node, required) {
  if (required) return 'required';
  if (node.default === undefined || (node.type === 'object' && node.properties)) return '';
  return `\`${JSON.stringify(node.default)}\``;
}

const cell = (text) => text.replaceAll('|', '\\|');

function table(schema, section) {
  const prefix = section === '' ? '' : `${section}.`;
  const rows = new Map();
  const nested = (path) =>
    SECTIONS.some(([other]) => other !== section && (path === other || path === other.replace(/\[\]$/, '')));
  walk(schema, '', (path, node, required) => {
    if (!path.startsWith(prefix)) return;
    const key = path.slice(prefix.length);
    const owner = SECTIONS.map(([name]) => name)
      .filter((name) => name === '' || path.startsWith(`${name}.`))
      .sort((a, b) => b.length - a.length)[0];
    if (owner !== section || rows.has(key) || /Flow\./.test(key) || OWN_CONNECTIVITY.test(path)) return;
    const see = nested(path) && section !== path ? ` See [below](#${path.split('.').at(-1).toLowerCase()}).` : '';
    rows.set(
      key,
      `| \`${key}\` | ${cell(typeOf(node))} | ${cell(defaultOf(node, required))} | ${cell(node.description + see)} |`,
    );
  });
  return ['| key | value | default | meaning |', '|---|---|---|---|', ...rows.values()].join('\n');
}

const FLOWS = `A flow is one of:

| \`action\` | beside it | on disable (\`"active": false\`) | on delete |
|---|---|---|---|
| \`none\` | – | accepted and remembered by the host; the entry stays as it is | the entry stays as it is, and is hidden from clients |
| \`setAttribute\` | \`values\` | these values replace those of the entry; enabling puts the former ones back | the values are set, and the entry is hidden from clients |
| \`setBits\` | \`attribute\`, \`bits\`, \`initial\` | these bits of an integer are set and its other bits stay; enabling clears them | the bits are set, and the entry is hidden from clients |
| \`move\` | \`container\` | the entry moves there; enabling moves it back | the entry moves there, and is hidden from clients |
| \`delete\` | – | the entry is deleted | the entry is deleted |

Without a \`disableFlow\` the connector has no \`active\`, and \`"active": false\` is refused with 400.`;

function reference(schema) {
  const sections = SECTIONS.map(([path, title, intro]) =>
    [`## ${title}`, intro, table(schema, path), ...(title === 'deprovisioning' ? [FLOWS] : [])].join('\n\n'),
  );
  return `<!-- Made by npm run docs from src/config/connectorSchema.ts: do not edit. -->

# The connector file

\`connectors/<name>.json\` is one connector, served at \`/ecma2host_<name>/scim\`. The name has letters, digits, \`-\` and \`_\`, at most 64,
and is case-sensitive. The file is JSON; comments and trailing commas are allowed. Files that end in \`.example.json\` are not opened.

Unknown keys, wrong types, and texts that are no DN, filter or expression are faults; \`connector-host check\` names each with its line and its path.
Lists are written \`key[]\` below. A section that is absent has the defaults of its keys.

${sections.join('\n\n')}
`;
}

/** File name in docs/ → its text. */
function pages(connectorFileSchema, host) {
  const schema = describe(z.toJSONSchema(connectorFileSchema, { io: 'input' }));
  return {
    'connector.schema.json': `${JSON.stringify({ title: 'Connector file', ...schema }, undefined, 2)}\n`,
    'connector-file.md': reference(schema),
    ...hostPages(host),
  };
}

module.exports = { pages };

if (require.main === module) {
  const { connectorFileSchema } = require('../dist/config/connectorSchema');
  const host = require('../dist/config/hostSchema');
  for (const [name, text] of Object.entries(pages(connectorFileSchema, host)))
    writeFileSync(join(__dirname, '../docs', name), text);
}
