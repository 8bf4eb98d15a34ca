/** `/admin/connectors`: their states, their runs, and the switch of each. */
import { type Request, type RequestHandler, type Response, Router } from 'express';
import type { OperatedConnector, OperatedRegistry } from '../connector/operations';
import { addChanges } from './changeRoutes';
import { AdminError } from './error';
import { addGuardRails } from './guardRailRoutes';
import { numberInQuery, wordInBody, wordInQuery } from './input';
import { onlyMethods } from './methods';
import { unlessRefused } from './refusal';
import { connectorDetails, connectorView, runUnderWayView, runView } from './views';

const importProfiles = ['fullImport', 'deltaImport'] as const;
const usualRuns = 20;
const mostRuns = 200;

/** The routes, relative to `/admin/connectors`. */
export function connectorRoutes(registry: OperatedRegistry): RequestHandler {
  const router = Router({ caseSensitive: true });
  const connectorOf = (request: Request): OperatedConnector => {
    const name = String(request.params.name);
    const connector = registry.get(name);
    if (connector) return connector;
    const known = registry.all().map((one) => one.name);
    const hint = known.length === 0 ? 'this host has none' : `this host has ${known.join(', ')}`;
    throw new AdminError(404, `There is no such connector: ${hint}.`);
  };
  router
    .route('/')
    .get((_request: Request, response: Response) => {
      response.json({ connectors: registry.all().map(connectorView) });
    })
    .all(onlyMethods('GET', 'HEAD'));
  router
    .route('/:name')
    .get((request: Request, response: Response) => {
      response.json(connectorDetails(connectorOf(request)));
    })
    .all(onlyMethods('GET', 'HEAD'));
  addRuns(router, connectorOf);
  addSwitch(router, connectorOf);
  addChanges(router, connectorOf);
  addGuardRails(router, connectorOf);
  return router;
}

function addRuns(router: Router, connectorOf: (request: Request) => OperatedConnector): void {
  router
    .route('/:name/runs')
    .get(async (request: Request, response: Response) => {
      const { operations } = connectorOf(request);
      const profile = wordInQuery(request, 'profile', [...importProfiles, 'export'] as const);
      const failedOnly = wordInQuery(request, 'failed', ['true', 'false'] as const) === 'true';
      const limit = numberInQuery(request, 'limit', usualRuns, mostRuns);
      const selection = { failedOnly, limit, ...(profile !== undefined && { profile }) };
      const runs = await unlessRefused(() => operations.runs(selection));
      response.json({ runs: runs.map(runView) });
    })
    .post(async (request: Request, response: Response) => {
      const { name, operations } = connectorOf(request);
      const profile = wordInBody(request, 'profile', importProfiles);
      const run = await unlessRefused(() => operations.startRun(profile));
      response
        .status(202)
        .location(`/admin/connectors/${encodeURIComponent(name)}/runs/current`)
        .json(runUnderWayView(run));
    })
    .all(onlyMethods('GET', 'HEAD', 'POST'));
  router
    .route('/:name/runs/current')
    .get((request: Request, response: Response) => {
      const run = connectorOf(request).operations.currentRun();
      if (run === undefined) throw noRun();
      response.json(runUnderWayView(run));
    })
    .delete(async (request: Request, response: Response) => {
      if (!(await connectorOf(request).operations.cancelRun())) throw noRun();
      response.status(204).end();
    })
    .all(onlyMethods('GET', 'HEAD', 'DELETE'));
}

function addSwitch(router: Router, connectorOf: (request: Request) => OperatedConnector): void {
  for (const action of ['activate', 'deactivate'] as const) {
    router
      .route(`/:name/${action}`)
      .post(async (request: Request, response: Response) => {
        const connector = connectorOf(request);
        await unlessRefused(() => connector.operations[action]());
        response.json(connectorView(connector));
      })
      .all(onlyMethods('POST'));
  }
}

function noRun(): AdminError {
  return new AdminError(404, 'No run is under way; those that have ended are at …/runs.');
}
