/** What happens in connectors that somebody outside may want to be told: the host notifies of it, nothing here waits for that. */
import type { Resource } from '../scim/resource';
import type { RunRecord } from '../space/run';
import type { Secret } from '../telemetry/secret';

/** One thing that has happened. Every event names its connector. */
export type ConnectorEvent =
  /** A run of a run profile has ended, however it ended. */
  | { readonly kind: 'runEnded'; readonly connector: string; readonly record: RunRecord }
  /** The directory can be reached again. */
  | { readonly kind: 'directoryReached'; readonly connector: string }
  /** The directory cannot be reached any more; said once until it can. */
  | { readonly kind: 'directoryLost'; readonly connector: string; readonly reason: string }
  /** An account was created with a password that the connector has made up. Only where its file asks for it. */
  | {
      readonly kind: 'accountCreated';
      readonly connector: string;
      readonly resourceType: string;
      readonly dn: string;
      /** As the client has sent it, without passwords. */
      readonly resource: Resource;
      readonly password: Secret;
    };

/** Hears events. It must not throw, and returns at once. */
export type EventObserver = (event: ConnectorEvent) => void;
