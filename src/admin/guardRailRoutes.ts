/** `/admin/connectors/{name}/guard-rails`: what limits deletes and disables, and the release of what was stopped. */
import type { Request, Response, Router } from 'express';
import { type GuardRailStatus, guardedOperations, type OperatedConnector } from '../connector/operations';
import { numberInBody, wordInBody } from './input';
import { onlyMethods } from './methods';
import { unlessRefused } from './refusal';

const mostMore = 1_000_000;

/** Adds the routes, relative to `/admin/connectors`. */
export function addGuardRails(router: Router, connectorOf: (request: Request) => OperatedConnector): void {
  router
    .route('/:name/guard-rails')
    .get(async (request: Request, response: Response) => {
      const { operations } = connectorOf(request);
      response.json({ guardRails: (await unlessRefused(() => operations.guardRails())).map(guardRailView) });
    })
    .all(onlyMethods('GET', 'HEAD'));
  router
    .route('/:name/guard-rails/release')
    .post(async (request: Request, response: Response) => {
      const { operations } = connectorOf(request);
      const operation = wordInBody(request, 'operation', ['all', ...guardedOperations] as const);
      const more = numberInBody(request, 'more', 0, mostMore);
      const chosen = operation === 'all' ? guardedOperations : [operation];
      const released = await unlessRefused(() => operations.release(chosen, more));
      response.json({ released, guardRails: operations.guardRails().map(guardRailView) });
    })
    .all(onlyMethods('POST'));
}

function guardRailView({ operation, limit, windowMs, counted, trippedAt }: GuardRailStatus): object {
  return {
    operation,
    state: trippedAt !== undefined ? 'tripped' : limit === undefined ? 'none' : 'open',
    ...(limit !== undefined && { limit }),
    counted,
    windowMs,
    ...(trippedAt !== undefined && { trippedAt: new Date(trippedAt).toISOString() }),
  };
}
