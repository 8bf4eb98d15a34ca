/** Where the connectors are, where their secret tokens are, and one command to copy for each. */
import type { TokenOrigin } from '../config/connectorFolder';
import type { ConnectorDefinition } from '../connector/registry';
import type { Host } from '../host/host';
import type { ReadConnectors } from './connectorFiles';
import { here, quote } from './words';

/** Writes to standard output, beside the log. Never a token: only where it is. */
export function announce(host: Host, { definitions, originOf }: ReadConnectors): void {
  for (const definition of definitions) {
    if (!('options' in definition) || !definition.options.active) continue;
    const endpoint = `https://localhost:${host.port}/ecma2host_${definition.name}/scim`;
    const token = tokenText(definition, originOf(definition.name));
    process.stdout.write(
      [
        '',
        `  ${endpoint}`,
        `  secret token: ${token.where}`,
        '',
        `  curl --cacert ${quote(here(host.certificate.file))} -H "Authorization: Bearer ${token.shell}" ${quote(`${endpoint}/Users?count=3`)}`,
        '',
        '',
      ].join('\n'),
    );
  }
}

function tokenText(definition: ConnectorDefinition, origin: TokenOrigin): { where: string; shell: string } {
  if ('options' in definition && definition.options.properties.tokenInFile) {
    return { where: 'as the connector file names it', shell: '$SECRET_TOKEN' };
  }
  if (origin.kind === 'environment')
    return { where: `in the environment variable ${origin.variable}`, shell: `$${origin.variable}` };
  const file = here(origin.file);
  return { where: `in ${file}`, shell: `$(head -n 1 ${quote(file)})` };
}
