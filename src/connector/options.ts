/**
 * The options of one connector, as `config/` hands them over: shapes and words checked, defaults in place, secrets
 * resolved into {@link Secret}s. What only the directory's schema can tell is checked when the connector opens.
 */
import type { ChangeOptions } from '../directory/changes/candidates';
import { DN } from '../directory/dn';
import { parseFilter } from '../directory/filter';
import { parseExpression } from '../mapping/expression';
import type { ObjectTypeOptions } from '../mapping/options';
import { type ChangeOperation, changeOperations } from '../space/state';
import type { Secret } from '../telemetry/secret';
import type { GuardRailOptions } from './guardRails';
import { cronFault, type Schedule } from './schedule';

export type { Apply, BitsFlow, Fault, FlowOptions, MappingOptions, ObjectTypeOptions } from '../mapping/options';
export { passwordHashes } from '../mapping/options';
export type { GuardRailOptions, Limit } from './guardRails';
export { type ChangeOperation, changeOperations };

export type Binding = 'Anonymous' | 'Basic' | 'SSL' | 'TLS' | 'Kerberos';

/** Controls that a file may switch off, for servers that list what they do not serve. */
export const withholdable = [
  'pagedResults',
  'vlv',
  'showDeleted',
  'permissiveModify',
  'postRead',
  'assertion',
  'manageDsaIT',
] as const;
export type WithholdableControl = (typeof withholdable)[number];

/** A secret token as far as the host has to know it: what a client sends is compared by its SHA-256 digest. */
export interface SecretToken {
  digest(): Buffer;
}

/** How to reach the directory (page *Connectivity*). */
export interface ConnectivityOptions {
  /** `auto`, `memory` (the embedded directory) or a name from the table of products. */
  readonly product: string;
  /** Tried in order. Empty for `memory`. */
  readonly hosts: readonly { readonly host: string; readonly port: number; readonly path?: string }[];
  readonly binding: Binding;
  readonly userName?: string;
  readonly password?: Secret;
  readonly connectionTimeoutMs: number;
  readonly operationTimeoutMs: number;
  readonly tlsMinimum: 'TLSv1.2' | 'TLSv1.3';
  /** Files are paths; they are read when the connector opens, so that a renewed one is found. */
  readonly certificate: {
    readonly ca?: string;
    readonly thumbprint?: string;
    readonly serverName?: string;
    readonly client?: { readonly file: string; readonly keyFile: string; readonly passphrase?: Secret };
  };
  readonly kerberos?: { readonly security: 'TLS' | 'SSL' | 'none'; readonly keytab?: string };
  readonly attributeAliases: readonly string[];
  readonly includeOperationalAttributes: boolean;
  readonly includeExtensibleAttributes: boolean;
  readonly allowManualAnchorSelection: boolean;
}

/** A namespace and the containers in it that are read and written (page *Partitions*). */
export interface PartitionOptions {
  readonly dn: string;
  /** Empty: the whole partition. */
  readonly containers: readonly string[];
  readonly excludedContainers: readonly string[];
  /** False: the partition is searched as a whole, and what is in no container is left out. */
  readonly searchOnlyInSelectedContainers: boolean;
  /** The server that holds it, where it is another one than the connector's. */
  readonly connectivity?: ConnectivityOptions;
}

/** A partition on a server of its own. */
export type ServedPartition = PartitionOptions & { readonly connectivity: ConnectivityOptions };

/** Whether a partition has a server of its own. */
export function hasServer(partition: PartitionOptions): partition is ServedPartition {
  return partition.connectivity !== undefined;
}

/** Who is told of this connector, besides those whom the host tells of all. */
export interface NotificationOptions {
  /** Mail addresses. */
  readonly to: readonly string[];
  /** Whether runs that ended well are told of too; absent: as the host has it. */
  readonly completedRuns?: boolean;
  /** Who gets the password that was made up for a new account: mail addresses, and `user` for the account's own. Absent: nobody. */
  readonly createdAccount?: readonly string[];
}

/** What is kept of exports. */
export interface ChangeLogOptions {
  readonly retentionDays: number;
  /** Names of attributes whose values are never kept, besides those that hold passwords. */
  readonly sensitiveAttributes: readonly string[];
  /** While exports that have failed are open, nothing more is written. */
  readonly gate: boolean;
}

/** One connector. */
export interface ConnectorOptions {
  readonly name: string;
  readonly description?: string;
  readonly active: boolean;
  readonly properties: {
    /** When full imports are due, besides the one at start; absent: never. */
    readonly autosync?: Schedule;
    /** Milliseconds by which one begins late by chance, at most. */
    readonly autosyncJitterMs: number;
    readonly secretTokens: readonly SecretToken[];
    readonly tokenInFile: boolean;
  };
  readonly connectivity: ConnectivityOptions;
  readonly global: {
    /** Milliseconds that a hit in the connector space counts without a live search. */
    readonly matchingMaxAgeMs: number;
    readonly passwordAttribute?: string;
    readonly partitionNames: readonly string[];
    /** How changes are found. */
    readonly deltaImport: ChangeOptions['method'];
    /** DN of the log, where the directory does not name it. */
    readonly changeLogDN?: string;
    /** The tree delete control may be used. */
    readonly treeDelete: boolean;
    /** Controls that are not used, although the root DSE may list them. */
    readonly withheldControls: readonly WithholdableControl[];
    /** Who changes the values that name a renamed or deleted entry. */
    readonly references: 'auto' | 'follow' | 'leave';
    /** What clients are shown beside what RFC 7643 names. */
    readonly published: { readonly directoryFace: boolean; readonly pagination: boolean };
  };
  /** RDN attribute type → object class of the parents that may be made; empty: parents are never made. */
  readonly provisioningHierarchy: Readonly<Record<string, string>>;
  /** Empty: the naming contexts of the root DSE. */
  readonly partitions: readonly PartitionOptions[];
  readonly changeLog: ChangeLogOptions;
  readonly guardRails: GuardRailOptions;
  readonly runProfiles: {
    /** `dryRun`: the operations that are only tried. */
    readonly export: { readonly enabled: boolean; readonly dryRun: readonly ChangeOperation[] };
    readonly fullImport: {
      readonly pageSize: number;
      /** `attribute` or `attribute:orderingRule`, for lists where there are no pages. */
      readonly sortKey?: string;
      /** Containers that are read at the same time. */
      readonly sideBySide: number;
      readonly accidentLimit: number;
    };
    readonly deltaImport: { readonly enabled: boolean; readonly intervalMs: number };
  };
  readonly notifications: NotificationOptions;
  readonly objectTypes: readonly ObjectTypeOptions[];
}

/** What is wrong with a text that has to be a DN, a filter, an expression or a cron expression; undefined when nothing is. */
export function textFault(kind: 'dn' | 'filter' | 'expression' | 'cron', text: string): string | undefined {
  if (kind === 'cron') return cronFault(text);
  try {
    if (kind === 'dn') DN.parse(text);
    else if (kind === 'filter') parseFilter(text);
    else parseExpression(text);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
