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
  /** The text of a list that holds nothing else, as it is sent. */
  alone?: Buffer;
}

/** A handler answers the same resource again while it has not changed; then its text has not changed either. */
const known = new WeakMap<Resource, KnownText>();

/** The text of one resource. */
export function resourceText(shown: Shown, baseUri: string): Text {
  const before = knownText(shown, baseUri);
  if (before !== undefined) return before.text;
  const { resource, type, present } = shown;
  const text = textOf(presented(shown, baseUri), baseUri);
  if (typeof text === 'string') known.set(resource, { type, present, baseUri, text });
  return text;
}

function knownText({ resource, type, present }: Shown, baseUri: string): KnownText | undefined {
  const before = known.get(resource);
  return before?.present === present && before.type === type && before.baseUri === baseUri ? before : undefined;
}

/** So many resources are what a look-up finds: they are likely to be asked for again. */
const FEW = 4;

/** The text of a list's page (RFC 7644 §3.4.2). */
export function listText(place: Place, shown: readonly Shown[], baseUri: string): Text | Buffer {
  const [first] = shown;
  const isAlone = shown.length === 1 && place.totalResults === 1 && place.startIndex === 1;
  const before = first && isAlone ? knownText(first, baseUri) : undefined;
  if (before !== undefined) {
    before.alone ??= Buffer.from(listResponseText(place, [before.text]));
    return before.alone;
  }
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
  const result = present(resource, meta);
  resolveReferences(result, type, baseUri);
  return result;
}

function textOf(message: object, baseUri: string): Text {
  return jsonText(message, (value) => withReference(value, baseUri));
}
