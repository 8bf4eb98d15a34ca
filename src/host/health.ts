/** What load balancers and service managers ask, without a token: nothing here names a connector, a host or a secret. */
import type { Request, RequestHandler, Response } from 'express';
import type { ConnectorRegistry, ConnectorState, ConnectorStatus } from '../connector/handle';

/** What a connector that serves knows of its directory: an import has told, or will. */
type Knowledge = 'filled' | 'empty' | 'firstImport' | 'unreachable';

/** Whether the host can do its work, and how many connectors are in which state. */
export interface Readiness {
  readonly ready: boolean;
  readonly status: 'ready' | 'unavailable' | 'stopping';
  readonly connectors: Readonly<Partial<Record<ConnectorState, number>>>;
  /** Of those that serve, how many know what; `firstImport` runs, or is tried again, and lists are incomplete. */
  readonly spaces: Readonly<Partial<Record<Knowledge, number>>>;
  /** Entries that the first imports under way have read so far; absent when there is none. */
  readonly firstImportsSeen?: number;
}

/** Ready is a host that is not stopping and whose connectors all serve, those apart that are switched off. */
export function readiness(registry: Pick<ConnectorRegistry, 'all'>, stopping: boolean): Readiness {
  const connectors: Partial<Record<ConnectorState, number>> = {};
  const spaces: Partial<Record<Knowledge, number>> = {};
  let seen: number | undefined;
  for (const handle of registry.all()) {
    const status = handle.status();
    connectors[status.state] = (connectors[status.state] ?? 0) + 1;
    if (status.state !== 'serving' || status.import === undefined) continue;
    const knowledge = knowledgeOf(status);
    spaces[knowledge] = (spaces[knowledge] ?? 0) + 1;
    if (knowledge === 'firstImport') seen = (seen ?? 0) + (status.import?.seen ?? 0);
  }
  const ready = !stopping && !connectors.opening && !connectors.faulty;
  return {
    ready,
    status: stopping ? 'stopping' : ready ? 'ready' : 'unavailable',
    connectors,
    spaces,
    ...(seen !== undefined && { firstImportsSeen: seen }),
  };
}

function knowledgeOf({ entries, import: imports, directoryReachable }: ConnectorStatus): Knowledge {
  if (imports?.first && imports.running) return 'firstImport';
  if (directoryReachable === false) return 'unreachable';
  if (imports?.first) return 'firstImport';
  return entries === 0 ? 'empty' : 'filled';
}

/** `GET /healthz`: the process lives. */
export const healthz: RequestHandler = (_request: Request, response: Response): void => {
  response.json({ status: 'alive' });
};

/** `GET /readyz`: 200 when ready, else 503. */
export function readyz(registry: Pick<ConnectorRegistry, 'all'>, stopping: AbortSignal): RequestHandler {
  return (_request: Request, response: Response): void => {
    const { ready, ...body } = readiness(registry, stopping.aborted);
    response.status(ready ? 200 : 503).json(body);
  };
}
