/**
 * Bodies with a list of very many values, e.g. a group with 100,000 members: such lists are read first, with turns of
 * whatever else waits in between, and stand in the body as what was read. Any other body stays as it is.
 */
import { isLongToRead, readListSteps } from './attributeValue';
import { isObject, ownAnyCase } from './json';
import type { AttributePath } from './path';
import type { ResourceType } from './resourceType';
import { type SchemaIndex, schemaIndex } from './schemaIndex';
import { inTurns } from './steps';

type Body = Readonly<Record<string, unknown>>;
type Resolve = (name: string) => AttributePath | undefined;

/** The body of a create or replace. Rejects as reading it would. */
export async function withListsRead(body: unknown, type: ResourceType): Promise<unknown> {
  return hasLongList(body) ? withAttributesRead(body, schemaIndex(type)) : body;
}

/** The body of a PATCH. Rejects as reading it would. */
export async function withOperationsRead(body: unknown, type: ResourceType): Promise<unknown> {
  const operations = isObject(body) ? ownAnyCase(body, 'Operations') : undefined;
  if (!Array.isArray(operations) || !operations.some(isLong)) return body;
  const index = schemaIndex(type);
  const read: unknown[] = [];
  for (const operation of operations)
    read.push(isLong(operation) ? await withOperationRead(operation, index) : operation);
  return { Operations: read };
}

function isLong(operation: unknown): operation is Body {
  const value = isObject(operation) ? ownAnyCase(operation, 'value') : undefined;
  return isLongToRead(value) || hasLongList(value);
}

/** Whether an object has a long list, or an extension in it has one. */
function hasLongList(body: unknown): body is Body {
  if (!isObject(body)) return false;
  return Object.values(body).some(
    (value) => isLongToRead(value) || (isObject(value) && Object.values(value).some(isLongToRead)),
  );
}

async function withOperationRead(operation: Body, index: SchemaIndex): Promise<Body> {
  const [op, path, value] = ['op', 'path', 'value'].map((name) => ownAnyCase(operation, name));
  const apart = typeof op === 'string' && op.toLowerCase() === 'remove';
  if (typeof path === 'string' && path !== '') {
    return { op, path, value: await listRead(value, index.resolve(path), index, apart) };
  }
  return isObject(value) ? { op, path, value: await withAttributesRead(value, index) } : operation;
}

/** The attributes of an object, those of extensions under their URNs too. */
async function withAttributesRead(
  body: Body,
  index: SchemaIndex,
  resolve: Resolve = index.resolveExact,
): Promise<Body> {
  const read: [string, unknown][] = [];
  for (const [name, value] of Object.entries(body)) {
    const face = isObject(value) ? index.face(name) : undefined;
    const within = (text: string) => face?.resolve(text, text);
    if (face === undefined || !isObject(value)) read.push([name, await listRead(value, resolve(name), index, false)]);
    else read.push([name, await withAttributesRead(value, index, within)]);
  }
  return Object.fromEntries(read);
}

async function listRead(
  value: unknown,
  path: AttributePath | undefined,
  index: SchemaIndex,
  apart: boolean,
): Promise<unknown> {
  if (!isLongToRead(value) || path === undefined || path.subAttribute !== undefined) return value;
  const { multiValued, mutability } = path.definition;
  const attribute = index.face(path.schema)?.find(path.attribute);
  if (attribute === undefined || !multiValued || mutability === 'readOnly') return value;
  return inTurns(readListSteps(value, attribute, { apart }));
}
