/** What the host, and everybody above it, sees of a connector: a name, its secret tokens' digests, its state and its service provider. */
import type { ServiceProvider } from '../scim/serviceProvider';
import type { RunProgress } from './runProgress';

/**
 * `opening`: the directory has not been reached yet, it opens by itself as soon as it is; `faulty`: its options or its
 * stores are wrong, somebody has to act; `inactive`: switched off by its options.
 */
export type ConnectorState = 'serving' | 'opening' | 'faulty' | 'inactive';

/** A connector at this moment. Texts are for people; they carry no secrets. */
export interface ConnectorStatus {
  readonly state: ConnectorState;
  /** Why it is not serving, and what to do. */
  readonly detail?: string;
  /** Entries in the connector space. */
  readonly entries?: number;
  readonly import?: Partial<RunProgress> & {
    readonly running: boolean;
    /** No import has ended well yet, so lists are incomplete. */
    readonly first?: boolean;
    readonly lastOutcome?: string;
    /** ISO 8601. */
    readonly lastEnd?: string;
  };
  readonly directoryReachable?: boolean;
}

/** A connector as the host serves it. */
export interface ConnectorHandle {
  /** The `<name>` of `/ecma2host_<name>/scim`; case-sensitive. */
  readonly name: string;
  /** SHA-256 of each secret token that is accepted (several while one is being replaced), each 32 octets. */
  readonly tokenDigests: readonly Buffer[];
  /** That of {@link status}, which each request may ask for. */
  readonly state: ConnectorState;
  status(): ConnectorStatus;
  /** Undefined as long as the state is not `serving`. A reopened connector has another one. */
  readonly provider: ServiceProvider | undefined;
  /**
   * The entries of the connector space as chunks of one JSON array, of one resource type or of all. Rejects with a
   * ScimError before the first chunk: 404 for an unknown resource type, 503 while the first import runs and nothing is known.
   */
  cache(resourceType?: string): AsyncIterable<string>;
}

/** The connectors of this host. It may change at any time: ask it for each request. */
export interface ConnectorRegistry {
  get(name: string): ConnectorHandle | undefined;
  all(): readonly ConnectorHandle[];
  /** Ends imports, closes sessions and stores. */
  close(): Promise<void>;
}
