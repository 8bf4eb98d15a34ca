/** What load balancers and service managers ask, without a token: nothing here names a connector, a host or a secret. */
import type { Request, RequestHandler, Response } from 'express';
import type { ConnectorRegistry, ConnectorState } from '../connector/handle';

/** Whether the host can do its work, and how many connectors are in which state. */
export interface Readiness {
  readonly ready: boolean;
  readonly status: 'ready' | 'unavailable' | 'stopping';
  readonly connectors: Readonly<Partial<Record<ConnectorState, number>>>;
}

/** Ready is a host that is not stopping and whose connectors all serve, those apart that are switched off. */
export function readiness(registry: Pick<ConnectorRegistry, 'all'>, stopping: boolean): Readiness {
  const connectors: Partial<Record<ConnectorState, number>> = {};
  for (const handle of registry.all()) {
    const { state } = handle.status();
    connectors[state] = (connectors[state] ?? 0) + 1;
  }
  const ready = !stopping && !connectors.opening && !connectors.faulty;
  return { ready, status: stopping ? 'stopping' : ready ? 'ready' : 'unavailable', connectors };
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
