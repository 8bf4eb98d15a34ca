/** What clients of the administration API say, checked: a value of another kind is an answer that names the allowed ones. */
import type { Request } from 'express';
import { AdminError } from './error';

/** A member of the request's JSON object. @throws AdminError 400, 415 */
export function wordInBody<T extends string>(request: Request, member: string, words: readonly T[]): T {
  const example = `{"${member}": "${words[0]}"}`;
  if (!request.is('application/json')) {
    throw new AdminError(415, `The request needs a body of type application/json, e.g. ${example}.`);
  }
  const body: unknown = request.body;
  const given =
    typeof body === 'object' && body !== null && Object.hasOwn(body, member)
      ? (body as Record<string, unknown>)[member]
      : undefined;
  const found = words.find((word) => word === given);
  if (found === undefined) {
    throw new AdminError(400, `"${member}" has to be one of ${words.join(', ')}, e.g. ${example}.`);
  }
  return found;
}

/** A parameter of the query that is one of some words; undefined when it is absent. @throws AdminError 400 */
export function wordInQuery<T extends string>(request: Request, name: string, words: readonly T[]): T | undefined {
  const given = request.query[name];
  if (given === undefined) return undefined;
  const found = words.find((word) => word === given);
  if (found === undefined) throw new AdminError(400, `The parameter ${name} has to be one of ${words.join(', ')}.`);
  return found;
}

/** A whole number of the query. @throws AdminError 400 */
export function numberInQuery(request: Request, name: string, usual: number, most: number): number {
  const given = request.query[name];
  if (given === undefined) return usual;
  const number = typeof given === 'string' && /^\d{1,15}$/.test(given) ? Number(given) : 0;
  if (number < 1 || number > most) {
    throw new AdminError(400, `The parameter ${name} has to be a whole number from 1 to ${most}.`);
  }
  return number;
}

const longestText = 4_096;

/** A parameter of the query as it stands; undefined when it is absent. @throws AdminError 400 */
export function textInQuery(request: Request, name: string): string | undefined {
  const given = request.query[name];
  if (given === undefined) return undefined;
  if (typeof given === 'string' && given.length > 0 && given.length <= longestText) return given;
  throw new AdminError(
    400,
    `The parameter ${name} has to be given once, as text of at most ${longestText} characters.`,
  );
}

/** A time of the query, in milliseconds since the epoch; undefined when it is absent. @throws AdminError 400 */
export function momentInQuery(request: Request, name: string): number | undefined {
  const given = textInQuery(request, name);
  if (given === undefined) return undefined;
  const moment = /^\d{4}-\d{2}-\d{2}/.test(given) ? Date.parse(given) : Number.NaN;
  if (!Number.isNaN(moment)) return moment;
  throw new AdminError(400, `The parameter ${name} has to be a time in ISO 8601, e.g. 2026-11-21T08:00:00Z.`);
}

/** A whole number of the request's JSON object. @throws AdminError 400 */
export function numberInBody(request: Request, member: string, usual: number, most: number): number {
  const body = request.body as Readonly<Record<string, unknown>> | undefined;
  const given = body !== undefined && Object.hasOwn(body, member) ? body[member] : usual;
  if (typeof given === 'number' && Number.isInteger(given) && given >= 0 && given <= most) return given;
  throw new AdminError(400, `"${member}" has to be a whole number from 0 to ${most}.`);
}

/** Whole numbers of the request's JSON object; undefined when there are none. @throws AdminError 400 */
export function numbersInBody(request: Request, member: string, most: number): readonly number[] | undefined {
  const body = request.body as Readonly<Record<string, unknown>> | undefined;
  const given = body !== undefined && Object.hasOwn(body, member) ? body[member] : undefined;
  if (given === undefined) return undefined;
  if (Array.isArray(given) && given.length <= most && given.every((one) => Number.isSafeInteger(one) && one > 0))
    return given;
  throw new AdminError(400, `"${member}" has to be a list of at most ${most} numbers of changes.`);
}
