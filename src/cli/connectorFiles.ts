/** Connector files → what the registry takes, with a log line for each fault. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ConnectorFileResult, FileFault } from '../config/connectorFile';
import { hostEnvironment, readConnectorFolder, type TokenOrigin, tokenFile } from '../config/connectorFolder';
import type { ConnectorDefinition } from '../connector/registry';
import type { Log } from '../telemetry/log';
import type { ConnectorSources } from './configurationChanges';
import type { HostFlags } from './options';

/** The connectors of a folder at one moment. */
export interface ReadConnectors {
  readonly definitions: readonly ConnectorDefinition[];
  /** Every file whose change may change them. */
  readonly files: readonly string[];
  readonly faulty: boolean;
  /** What each of them is made of. */
  readonly sources: readonly ConnectorSources[];
  originOf(connector: string): TokenOrigin;
}

/** Reads the folder again and again; what it has said of a file it says again only when it differs. */
export class ConnectorFiles {
  readonly #log: Log;
  readonly #said = new Map<string, string>();

  constructor(log: Log) {
    this.#log = log;
  }

  /** @throws FolderFault when there is no such folder */
  read({ connectors, certs, sealKeyFile }: HostFlags): ReadConnectors {
    const environment = hostEnvironment(process.env, certs, sealKeyFile);
    const results = readConnectorFolder(connectors, environment);
    for (const { name, file, faults } of results) this.#report(name, file, faults);
    for (const name of this.#said.keys()) if (!results.some((one) => one.name === name)) this.#said.delete(name);
    return {
      definitions: results.map(definitionOf),
      files: [sealKeyFile, ...results.flatMap(({ name, file, uses = [] }) => [file, tokenFile(certs, name), ...uses])],
      sources: results.map(({ name, file, uses = [] }) => ({ name, file, uses: [tokenFile(certs, name), ...uses] })),
      faulty: results.some(({ options }) => options === undefined),
      originOf: (name) => environment.originOf(name),
    };
  }

  #report(connector: string, file: string, faults: readonly FileFault[]): void {
    const words = JSON.stringify(faults);
    if ((this.#said.get(connector) ?? '[]') === words) return;
    this.#said.set(connector, words);
    for (const { path, message, severity, line } of faults) {
      const place = { connector, file, ...(path === '' ? {} : { path }), ...(line === undefined ? {} : { line }) };
      this.#log.write(severity === 'fault' ? 'error' : 'warn', message, place);
    }
  }
}

function definitionOf({ name, options, faults }: ConnectorFileResult): ConnectorDefinition {
  if (options !== undefined) {
    const authorities = [options, ...options.partitions].map(({ connectivity }) => connectivity?.certificate.ca);
    return { name, options, revision: [...new Set(authorities)].map(revisionOf).join(' ').trim() };
  }
  const texts = faults.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`));
  return { name, fault: texts.join('; ') };
}

/** A renewed CA file keeps its name. */
function revisionOf(ca: string | undefined): string {
  if (ca === undefined) return '';
  try {
    return createHash('sha256').update(readFileSync(ca)).digest('base64url');
  } catch {
    return 'unreadable';
  }
}

/** The files of the host's certificate, its own and those that are brought. */
export function certificateFiles(certs: string): readonly string[] {
  return ['host.crt', 'host.key', 'self-signed.crt', 'self-signed.key'].map((name) => join(certs, name));
}
