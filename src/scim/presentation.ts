/** What clients get of resources: projected, with their locations and references, as JSON text. */
import { jsonText } from './jsonPieces';
import { listResponse, listResponseText, type Place } from './list';
import type { Presenter } from './projection';
import { resolveReferences, withReference } from './references';
import type { Resource } from './resource';
import type { ResourceType } from './resourceType';

/** A resource that a handler has answered, and how it is to be shown. */
export interface Shown {
  readonly resource: Resource;
  readonly type: ResourceType;
  readonly present: Presenter;
}

/** JSON text, of very many values in pieces. */
export type Text = string | Iterable<string>;

interface KnownText extends Omit<Shown, 'resource'> {
  readonly baseUri: string;
  readonly text: string;
}

/** A handler answers the same resource again while it has not changed; then its text has not changed either. */
const known = new WeakMap<Resource, KnownText>();

/** The text of one resource. */
export function resourceText(shown: Shown, baseUri: string): Text {
  const { resource, type, present } = shown;
  const before = known.get(resource);
  if (before?.present === present && before.type === type && before.baseUri === baseUri) return before.text;
  const text = textOf(presented(shown, baseUri), baseUri);
  if (typeof text === 'string') known.set(resource, { type, present, baseUri, text });
  return text;
}

/** So many resources are what a look-up finds: they are likely to be asked for again. */
const FEW = 4;

/** The text of a list's page (RFC 7644 §3.4.2). */
export function listText(place: Place, shown: readonly Shown[], baseUri: string): Text {
  const texts = shown.length <= FEW ? shown.map((one) => resourceText(one, baseUri)) : [];
  return texts.length === shown.length && texts.every((text) => typeof text === 'string')
    ? listResponseText(place, texts)
    : textOf(
        listResponse(
          place,
          shown.map((one) => presented(one, baseUri)),
        ),
        baseUri,
      );
}

/** Where a resource is (RFC 7644 §3.1). */
export function locationOf({ id }: Resource, { endpoint }: ResourceType, baseUri: string): string | undefined {
  return id === undefined ? undefined : `${baseUri}${endpoint}/${encodeURIComponent(id)}`;
}

function presented({ resource, type, present }: Shown, baseUri: string): Resource {
  const location = locationOf(resource, type, baseUri);
  const meta = { resourceType: type.name, ...resource.meta, ...(location !== undefined && { location }) };
  const result = present({ ...resource, meta });
  resolveReferences(result, type, baseUri);
  return result;
}

function textOf(message: object, baseUri: string): Text {
  return jsonText(message, (value) => withReference(value, baseUri));
}
