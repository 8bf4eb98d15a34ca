/** What happens in connectors that somebody outside may want to be told: the host notifies of it, nothing here waits for that. */
import type { Resource } from '../scim/resource';
import type { RunRecord } from '../space/run';
import type { Secret } from '../telemetry/secret';
import type { NotificationOptions } from './options';

/** One thing that has happened. */
export type ConnectorEvent = Happening & {
  readonly connector: string;
  /** What the connector's file says of notifications. */
  readonly notifications: NotificationOptions;
};

/** What can happen. */
export type Happening =
  /** A run of a run profile has ended, however it ended. */
  | { readonly kind: 'runEnded'; readonly record: RunRecord }
  /** The directory can be reached again. */
  | { readonly kind: 'directoryReached' }
  /** The directory cannot be reached any more; said once until it can. */
  | { readonly kind: 'directoryLost'; readonly reason: string }
  /** A guard rail stops an operation from now on. `detail` says how many there were in which time, and where to release it. */
  | { readonly kind: 'limitReached'; readonly operation: string; readonly detail: string }
  /** An operator has released the guard rail, or its window has passed. */
  | { readonly kind: 'limitReleased'; readonly operation: string }
  /** An account was created with a password that the connector has made up. Only where its file asks for it. */
  | {
      readonly kind: 'accountCreated';
      readonly dn: string;
      /** As the client is answered. */
      readonly resource: Resource;
      readonly password: Secret;
    };

/** Hears events. It must not throw, and returns at once. */
export type EventObserver = (event: ConnectorEvent) => void;
