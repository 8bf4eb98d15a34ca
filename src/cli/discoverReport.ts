/** What `discover` prints for people. */
import { certificateText } from '../connector/certificateText';
import type { DirectoryFinding, Discovery, NamedOid } from '../connector/discovery';
import type { ClassFinding, Population } from '../connector/population';

const mostLines = 200;

/** A server whose certificate is not trusted: the certificate, and the two ways to go on. */
export function untrustedReport({ tls }: Discovery, url: string): string {
  if (tls === undefined) return '';
  return [
    `The certificate of ${url} is not trusted: ${tls.distrust ?? ''}`,
    `  ${certificateText(tls.certificate, new Date())}`,
    'Nothing was sent to this server. To go on:',
    '  --ca FILE        with the PEM file of the authority that signed it (the safer way: it survives renewals)',
    `  --thumbprint ${tls.certificate.thumbprint.replaceAll(':', '')}`,
    '                   when you know by other means that this is the certificate of the server',
    '',
  ].join('\n');
}

/** Everything but the proposal. */
export function discoveryReport({ tls }: Discovery, directory: DirectoryFinding, tree: boolean): string {
  const { description, features } = directory;
  const version = [description.vendorName, description.vendorVersion].filter(Boolean).join(', ');
  const missing = features.filter(({ found }) => !found);
  return [
    line('product', `${directory.productName}${version === '' ? '' : ` (${version})`}`),
    line(
      'certificate',
      tls === undefined
        ? 'none: the connection is not encrypted'
        : certificateText(tls.certificate, new Date()).replace(/^certificate of /, ''),
    ),
    line('contexts', description.namingContexts.join('; ') || 'none is shown'),
    line('anchor', description.proposedAnchor),
    line('changes', changesText(directory)),
    ...(directory.writing === undefined ? [] : [line('writing', directory.writing)]),
    line('SASL', description.saslMechanisms.join(', ') || 'none'),
    ...oids('controls', directory.controls),
    ...oids('extensions', directory.extensions),
    line(
      'found',
      features
        .filter(({ found }) => found)
        .map(({ feature }) => feature)
        .join('; '),
    ),
    ...missing.map(({ feature, mandatory, otherwise }) =>
      line(mandatory ? 'MISSING' : 'missing', `${feature}: ${otherwise}`),
    ),
    ...directory.populations.flatMap((population) => [
      ...classes('people', population.people, population),
      ...classes('groups', population.groups, population),
      ...(tree ? treeLines(population) : []),
    ]),
    '',
  ].join('\n');
}

function line(name: string, text: string): string {
  return `${name.padEnd(12)} ${text}`;
}

function oids(title: string, list: readonly NamedOid[]): readonly string[] {
  if (list.length === 0) return [line(title, 'none are listed')];
  return list.map(({ oid, name }, index) =>
    line(index === 0 ? title : '', name === undefined ? oid : `${oid}  ${name}`),
  );
}

function changesText({ changeSources }: DirectoryFinding): string {
  if (changeSources.length === 0) return 'the directory does not tell what changed';
  return changeSources
    .map(({ name, readable }) => (readable ? name : `${name} (this account may not read it)`))
    .join('; ');
}

function classes(title: string, found: readonly ClassFinding[], population: Population): readonly string[] {
  const more = population.complete ? '' : 'at least ';
  if (found.length === 0) return [line(title, `none are to be seen below ${population.top}`)];
  return found.map(({ objectClass, count, containers }) => {
    const [first = '', ...others] = containers;
    const elsewhere =
      others.length === 0 ? '' : ` and ${others.length} more container${others.length === 1 ? '' : 's'}`;
    return line(title, `${more}${count} ${objectClass} in ${first}${elsewhere}`);
  });
}

function treeLines({ top, containers, entries, complete }: Population): readonly string[] {
  const shown = containers.slice(0, mostLines).map(({ dn, depth, children, total }) => {
    const below = total === children ? '' : `, ${total} in all`;
    return `  ${'  '.repeat(depth)}${depth === 0 ? dn : (dn.split(/(?<!\\),/, 1)[0] ?? dn)}  (${children}${below})`;
  });
  const rest = containers.length - shown.length;
  return [
    `\ncontainers below ${top}: entries right below each, and in all${complete ? '' : `; the first ${entries} entries only`}`,
    ...shown,
    ...(rest > 0 ? [`  and ${rest} more containers: give --tree DN to begin further down`] : []),
  ];
}
