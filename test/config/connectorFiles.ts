/** What the tests of connector files are read with. */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ConnectorFileResult, parseConnectorFile } from '../../src/config/connectorFile';
import type { Environment } from '../../src/config/secretReference';
import { Secret } from '../../src/telemetry/secret';

export const environment: Environment = {
  variables: { TOKEN: 'twelve-chars', SHORT: 'eleven-char', EMPTY: '', BIND: 'bind-password' },
  keptTokens: () => [new Secret('made-once-and-kept')],
};

export function parse(text: string, folder = tmpdir(), from: Environment = environment): ConnectorFileResult {
  return parseConnectorFile(text, 'probe', join(folder, 'probe.json'), from);
}

/** A file that has no faults, with something else in the places named. */
export function file(changes: Record<string, unknown> = {}, type: Record<string, unknown> = {}): string {
  const objectTypes = [{ resourceType: 'User', targetObject: 'inetOrgPerson', ...type }];
  return JSON.stringify({ connectivity: { product: 'memory' }, objectTypes, ...changes }, undefined, 1);
}

/** `severity path: message`, one text per fault. */
export function said({ faults }: ConnectorFileResult): string[] {
  return faults.map(({ severity, path, message }) => `${severity} ${path}: ${message}`);
}
