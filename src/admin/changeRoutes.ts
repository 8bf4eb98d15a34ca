/** `/admin/connectors/{name}/changes`: the change log of a connector. */
import type { Request, Response, Router } from 'express';
import { type ChangeSelection, changeOperations, changeOutcomes, changeView } from '../connector/changeReport';
import type { OperatedConnector } from '../connector/operations';
import { AdminError } from './error';
import { momentInQuery, numberInBody, numberInQuery, numbersInBody, textInQuery, wordInQuery } from './input';
import { onlyMethods } from './methods';
import { unlessRefused } from './refusal';

const usualChanges = 100;
const mostChanges = 1_000;

/** Adds the routes, relative to `/admin/connectors`. */
export function addChanges(router: Router, connectorOf: (request: Request) => OperatedConnector): void {
  router
    .route('/:name/changes')
    .get(async (request: Request, response: Response) => {
      const { name, operations } = connectorOf(request);
      const limit = numberInQuery(request, 'limit', usualChanges, mostChanges);
      const selection = selectionOf(request);
      const changes = await unlessRefused(async () => {
        const found = [];
        for await (const change of operations.changes(selection)) {
          found.push(changeView(name, change));
          if (found.length === limit) break;
        }
        return found;
      });
      const last = changes.length === limit ? changes.at(-1) : undefined;
      response.json({ changes, ...(last !== undefined && { before: last.number }) });
    })
    .all(onlyMethods('GET', 'HEAD'));
  router
    .route('/:name/changes/resend')
    .post(async (request: Request, response: Response) => {
      const { operations } = connectorOf(request);
      const numbers = numbersInBody(request, 'numbers', mostChanges);
      const after = numberInBody(request, 'after', 0, Number.MAX_SAFE_INTEGER);
      const until = numberInBody(request, 'until', Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
      const gone = new AbortController();
      response.once('close', () => gone.abort());
      const operator = {
        requestId: String(response.getHeader('X-Request-Id')),
        actor: 'administrator',
        signal: gone.signal,
      };
      const selection = { after, until, ...(numbers !== undefined && { numbers }) };
      response.json(await unlessRefused(() => operations.resend(selection, operator)));
    })
    .all(onlyMethods('POST'));
  router
    .route('/:name/changes/drop')
    .post(async (request: Request, response: Response) => {
      const { operations } = connectorOf(request);
      const numbers = numbersInBody(request, 'numbers', mostChanges) ?? [];
      response.json({ dropped: await unlessRefused(() => operations.drop(numbers)) });
    })
    .all(onlyMethods('POST'));
  router
    .route('/:name/changes/:number')
    .get(async (request: Request, response: Response) => {
      const { name, operations } = connectorOf(request);
      const change = await unlessRefused(() => operations.change(numberInPath(request)));
      if (change === undefined) throw noChange();
      response.json(changeView(name, change));
    })
    .all(onlyMethods('GET', 'HEAD'));
}

function selectionOf(request: Request): ChangeSelection {
  const given = {
    id: textInQuery(request, 'id'),
    dn: textInQuery(request, 'dn'),
    actor: textInQuery(request, 'actor'),
    requestId: textInQuery(request, 'request'),
    operation: wordInQuery(request, 'operation', changeOperations),
    outcome: wordInQuery(request, 'outcome', changeOutcomes),
    open: wordInQuery(request, 'open', ['true', 'false'] as const) === 'true' ? true : undefined,
    since: momentInQuery(request, 'since'),
    until: momentInQuery(request, 'until'),
    before:
      request.query.before === undefined ? undefined : numberInQuery(request, 'before', 1, Number.MAX_SAFE_INTEGER),
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

function numberInPath(request: Request): number {
  const text = String(request.params.number);
  if (!/^\d{1,15}$/.test(text)) throw noChange();
  return Number(text);
}

function noChange(): AdminError {
  return new AdminError(404, 'The change log has no change of this number; it may have been too old to be kept.');
}
