/** What a connector is given by whoever runs it. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RequestContext } from '../scim/serviceProvider';
import type { Log } from '../telemetry/log';
import type { Metrics } from '../telemetry/metrics';
import type { EventObserver } from './events';

/** What a connector needs of its surroundings. */
export interface Surroundings {
  readonly stateDirectory: string;
  readonly log: Log;
  readonly clock?: () => Date;
  /** How the host knows a request: its id, who asks, where its log line is. */
  readonly requests: RequestWiring;
  /** What counts what connectors do. */
  readonly metrics?: Pick<Metrics, 'ldapOperation' | 'importEnded' | 'exported'>;
  /** Takes each change, for a file that others watch. */
  readonly audit?: (record: Readonly<Record<string, unknown>>) => void;
  /** Who is told what happens. */
  readonly events?: EventObserver;
}

/** The host's side of a request. */
export interface RequestWiring {
  baseUri(request: IncomingMessage, connector: string): string;
  contextOf(request: IncomingMessage, response: ServerResponse): RequestContext;
  onError(error: unknown, request: IncomingMessage): void;
  /** Asked at each request. */
  readonly requestTimeoutMs: number;
  /** Octets of the largest body that is read; asked when a connector opens. */
  readonly maxBodyBytes?: number;
}
