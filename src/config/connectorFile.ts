/** Reads connector files: JSON with comments → options, all faults at once, each with its path and line. */
import { readFileSync } from 'node:fs';
import { basename, dirname, extname, resolve } from 'node:path';
import type { ConnectorOptions, FlowOptions, Limit, MappingOptions } from '../connector/options';
import { type ChangeOperation, changeOperations, withholdable } from '../connector/options';
import type { Secret } from '../telemetry/secret';
import { connectivitiesOf, connectivityFaults } from './connectivity';
import { type ConnectivitySecrets, connectivityOptions } from './connectivityOptions';
import { type ConnectorFile, connectorFileSchema } from './connectorSchema';
import { endpointFaults } from './endpointFaults';
import { type FileFault, type Finding, parseJsonFile } from './jsonFile';
import { withoutFaults } from './prune';
import { type Environment, fileOf, SecretFault, secretTokens, secretValue } from './secretReference';

export type { FileFault } from './jsonFile';

/** A file that was read: options when it has no faults; notices may stand beside them. */
export interface ConnectorFileResult {
  readonly name: string;
  readonly file: string;
  readonly options?: ConnectorOptions;
  /** What is left of a faulty file, to look for more faults in; never to be served. */
  readonly remainder?: ConnectorOptions;
  readonly faults: readonly FileFault[];
  /** The files that it refers to (secrets, certificates): when one of them changes, so does what this file means. */
  readonly uses?: readonly string[];
}

/** Names that may stand in a URL: letters, digits, `-` and `_`. */
const connectorName = /^[A-Za-z0-9_-]{1,64}$/;

/** Reads one connector file. Never throws for what stands in the file. */
export function readConnectorFile(file: string, environment: Environment): ConnectorFileResult {
  const name = basename(file, extname(file));
  if (!connectorName.test(name)) {
    const message = `"${name}" is no connector name: the file's name may have letters, digits, - and _ (at most 64) before .json`;
    return { name, file, faults: [{ path: '', message, severity: 'fault' }] };
  }
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const message = `the file cannot be read: ${error instanceof Error ? error.message : String(error)}`;
    return { name, file, faults: [{ path: '', message, severity: 'fault' }] };
  }
  return parseConnectorFile(text, name, file, environment);
}

/** The text of a connector file → options. */
export function parseConnectorFile(
  text: string,
  name: string,
  file: string,
  environment: Environment,
): ConnectorFileResult {
  const json = parseJsonFile(text);
  if ('faults' in json) return { name, file, faults: json.faults };
  const result = connectorFileSchema.safeParse(json.value);
  const data = result.success ? result.data : withoutFaults(connectorFileSchema, json.value);
  const faults: FileFault[] = result.success ? [] : [...json.faultsOf(result.error, 'a connector file')];
  if (data === undefined) return { name, file, faults };
  // What is missing because it was faulty has been said already.
  const said = new Set(faults.map(({ path }) => path.split(/[.[]/, 1)[0]));
  const cross = [...crossFaults(data)].filter(({ at }) => result.success || !said.has(String(at[0])) || at.length > 1);
  faults.push(...cross.map((finding) => json.fault(finding, finding.severity)));
  const secrets = readSecrets(data, name, file, environment);
  faults.push(...secrets.faults.map((finding) => json.fault(finding)));
  faults.push(...secrets.notices.map((finding) => json.fault(finding, 'notice')));
  const uses = filesOf(data, dirname(file));
  const options = toOptions(data, name, file, secrets);
  if (faults.some(({ severity }) => severity === 'fault')) return { name, file, faults, uses, remainder: options };
  return { name, file, faults, uses, options };
}

function filesOf(file: ConnectorFile, folder: string): string[] {
  const found = connectivitiesOf(file).flatMap(({ connectivity: { certificate, password, kerberos } }) => {
    const references = [password, certificate.client?.passphrase];
    const secrets = references.flatMap((reference) => (reference && fileOf(reference, folder)) ?? []);
    const files = [certificate.ca, certificate.client?.file, certificate.client?.keyFile, kerberos?.keytab];
    return [...secrets, ...files.flatMap((one) => (one === undefined ? [] : resolve(folder, one)))];
  });
  const tokens = [file.properties.secretToken ?? []].flat().flatMap((reference) => fileOf(reference, folder) ?? []);
  return [...new Set([...tokens, ...found])];
}

/** What one value alone cannot tell. */
function* crossFaults(file: ConnectorFile): Iterable<Finding & { severity: 'fault' | 'notice' }> {
  const fault = (at: PropertyKey[], message: string) => ({ at, message, severity: 'fault' as const });
  yield* connectivityFaults(file);
  const seen = new Map<string, number>();
  const endpoints = new Map<string, number>();
  for (const [index, type] of file.objectTypes.entries()) {
    const at = ['objectTypes', index];
    const earlier = seen.get(type.resourceType);
    if (earlier !== undefined) {
      yield fault(
        [...at, 'resourceType'],
        `${type.resourceType} is already the resource type of objectTypes[${earlier}]: each may stand once`,
      );
    }
    seen.set(type.resourceType, index);
    const misplaced = earlier === undefined ? [...endpointFaults(type, index, endpoints)] : [];
    yield* misplaced.map(([key, message]) => fault([...at, key], message));
    if (type.queryAttribute !== undefined) {
      yield {
        at: [...at, 'queryAttribute'],
        message: 'is no longer used: look-ups use the anchor and matchingAttributes',
        severity: 'notice',
      };
    }
    for (const [position, attribute] of (type.attributes ?? []).entries()) {
      if (typeof attribute === 'object' && /^objectclass$/i.test(attribute.name) && attribute.treatAsSingleValue) {
        yield fault(
          [...at, 'attributes', position, 'treatAsSingleValue'],
          'objectClass has several values: it cannot be treated as a single value',
        );
      }
    }
  }
}

interface Secrets {
  readonly tokens: ConnectorOptions['properties']['secretTokens'];
  /** Of each connectivity, in the order of {@link connectivitiesOf}. */
  readonly connectivities: readonly ConnectivitySecrets[];
  readonly faults: Finding[];
  readonly notices: Finding[];
}

function readSecrets(file: ConnectorFile, name: string, path: string, environment: Environment): Secrets {
  const faults: Finding[] = [];
  const notices: Finding[] = [];
  const attempt = <T>(at: PropertyKey[], read: () => T): T | undefined => {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof SecretFault)) throw error;
      faults.push({ at, message: error.message });
      return undefined;
    }
  };
  const plain = (at: PropertyKey[]) => {
    notices.push({ at, message: 'stands in clear text in this file: use env:NAME or file:PATH' });
  };
  const folder = dirname(path);
  const at = ['properties', 'secretToken'];
  const tokens = attempt(at, () =>
    secretTokens(file.properties.secretToken, name, folder, environment, () => plain(at)),
  );
  const read = new Map<string, Secret | undefined>();
  // What a partition has from the connector is read, and complained of, once.
  const value = (reference: string | undefined, at: readonly PropertyKey[]) => {
    if (reference === undefined) return undefined;
    if (!read.has(reference))
      read.set(
        reference,
        attempt([...at], () => secretValue(reference, folder, environment, () => plain([...at]))),
      );
    return read.get(reference);
  };
  return {
    tokens: tokens ?? [],
    connectivities: connectivitiesOf(file).map(({ at, connectivity: { password, certificate } }) => ({
      password: value(password, [...at, 'password']),
      passphrase: value(certificate.client?.passphrase, [...at, 'certificate', 'client', 'passphrase']),
    })),
    faults,
    notices,
  };
}

function toOptions(file: ConnectorFile, name: string, path: string, secrets: Secrets): ConnectorOptions {
  const { runProfiles } = file;
  const folder = dirname(path);
  const connectivities = connectivitiesOf(file);
  const connectivityOf = (partition?: number) => {
    const index = connectivities.findIndex((one) => one.partition === partition);
    const { connectivity } = connectivities[index] ?? file;
    return connectivityOptions(connectivity, folder, secrets.connectivities[index] ?? {});
  };
  return {
    name,
    description: file.description,
    active: file.active,
    properties: {
      ...scheduleOf(file.properties),
      secretTokens: secrets.tokens,
      tokenInFile: file.properties.secretToken !== undefined,
    },
    connectivity: connectivityOf(),
    global: {
      matchingMaxAgeMs: file.global.matching.maxAge * 1000,
      passwordAttribute: file.global.passwordAttribute,
      partitionNames: file.global.partitionNames,
      deltaImport: file.global.deltaImport.method,
      changeLogDN: file.global.deltaImport.changeLogDN,
      treeDelete: file.global.supportedControls.treeDelete,
      withheldControls: withholdable.filter((name) => !file.global.supportedControls[name]),
      references: file.global.references,
      published: file.global.published,
    },
    provisioningHierarchy: file.provisioningHierarchy,
    partitions: file.partitions.map(({ connectivity, ...partition }, index) =>
      connectivity === undefined ? partition : { ...partition, connectivity: connectivityOf(index) },
    ),
    changeLog: {
      retentionDays: file.changeLog.retention,
      sensitiveAttributes: file.changeLog.sensitiveAttributes,
      gate: file.changeLog.gate,
    },
    guardRails: {
      windowMs: file.guardRails.window * 60_000,
      delete: limitOf(file.guardRails.delete),
      disable: limitOf(file.guardRails.disable),
    },
    runProfiles: {
      export: { enabled: runProfiles.export.enabled, dryRun: dryRunOf(runProfiles.export.dryRun) },
      fullImport: {
        pageSize: runProfiles.fullImport.pageSize,
        ...(runProfiles.fullImport.sortKey !== undefined && { sortKey: runProfiles.fullImport.sortKey }),
        sideBySide: runProfiles.fullImport.sideBySide,
        accidentLimit: shareOf(runProfiles.fullImport.accidentLimit),
      },
      deltaImport: { enabled: runProfiles.deltaImport.enabled, intervalMs: runProfiles.deltaImport.interval * 1000 },
    },
    notifications: file.notifications,
    objectTypes: file.objectTypes.map(toObjectType),
  };
}

function scheduleOf({ autosyncTimer, autosyncJitter }: ConnectorFile['properties']) {
  const autosyncJitterMs = autosyncJitter * 1000;
  if (typeof autosyncTimer === 'string') return { autosync: { cron: autosyncTimer }, autosyncJitterMs };
  const everyMs = autosyncTimer * 60_000;
  // A short timer is not to be drowned in chance.
  return everyMs === 0
    ? { autosyncJitterMs }
    : { autosync: { everyMs }, autosyncJitterMs: Math.min(autosyncJitterMs, everyMs / 10) };
}

/** `"10%"` → 0.1. */
const shareOf = (percentage: string) => Number.parseFloat(percentage) / 100;

function dryRunOf(given: ConnectorFile['runProfiles']['export']['dryRun']): readonly ChangeOperation[] {
  return typeof given === 'boolean' ? (given ? changeOperations : []) : given;
}

function limitOf(given: number | string | undefined): Limit | undefined {
  if (given === undefined) return undefined;
  return typeof given === 'number' ? { count: given } : { share: shareOf(given) };
}

function toObjectType(type: ConnectorFile['objectTypes'][number]): ConnectorOptions['objectTypes'][number] {
  const { deprovisioning, attributes, mappings, queryAttribute: _unused, ...rest } = type;
  return {
    ...rest,
    attributes: attributes?.map((attribute) => (typeof attribute === 'string' ? { name: attribute } : attribute)),
    mappings: mappings?.map(toMapping),
    disableFlow: deprovisioning.disableFlow as FlowOptions | undefined,
    deleteFlow: deprovisioning.deleteFlow as FlowOptions,
  };
}

function toMapping(mapping: NonNullable<ConnectorFile['objectTypes'][number]['mappings']>[number]): MappingOptions {
  if ('source' in mapping) return { kind: 'direct', ...mapping };
  if ('expression' in mapping) return { kind: 'expression', ...mapping };
  return { kind: 'constant', ...mapping };
}
