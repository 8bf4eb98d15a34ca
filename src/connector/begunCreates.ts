/**
 * Creates whose answer may have been lost: the intent is in the record before the Add leaves, and a repetition is recognised
 * from it and from nothing else (decision 10), also by the next process after a crash.
 */
import type { DN } from '../directory/dn';
import type { Entry, EntryAttribute } from '../directory/entry';
import type { ObjectType } from '../mapping/objectType';
import { dnOf } from '../mapping/reference';
import type { Context } from '../scim/handler';
import type { Resource } from '../scim/resource';
import type { Kept, Staged } from '../space/state';
import { type ConnectorContext, onBehalfOf } from './context';
import type { Entries, Found } from './entries';
import { hasValues } from './outcome';

/** What is known of earlier attempts at a create. */
export interface Begun {
  /** One was begun and never answered. */
  readonly isBegun: boolean;
  /** Its entry, if the directory has it. */
  readonly found?: Found;
}

/** The intents of creates of one object type. */
export class BegunCreates {
  /** Keys of intents whose answer was given, until the record has forgotten them too; each with the answer that it was. */
  readonly #answered = new Map<string, symbol>();

  constructor(
    readonly context: ConnectorContext,
    readonly entries: Entries,
    readonly objectType: ObjectType,
  ) {}

  /** The key of a create. Where values are allocated the name is not part of it: the next attempt would get another one. */
  key(resource: Resource, dn: DN | undefined, { actor }: Context): string {
    const { objectType, context } = this;
    const name = dn === undefined ? `allocated ${objectType.name}` : dn.normalized(objectType.schema);
    return context.state.intents.key(actor, name, JSON.stringify(resource));
  }

  /** What is known of earlier attempts at a create. Where no entry is given, it is looked for under the name that the intent has kept. */
  async find(key: string, entry: Entry | undefined, request: Context): Promise<Begun> {
    const intent = this.#answered.has(key) ? undefined : await this.context.state.intents.find(key);
    if (intent === undefined) return { isBegun: false };
    const dn = entry?.dn ?? this.#nameOf(intent.normalizedDN);
    const found = dn === undefined ? undefined : await this.#made(dn, entry, request);
    const isOther = intent.anchor !== undefined && intent.anchor !== found?.anchor;
    return { isBegun: true, ...(found === undefined || isOther ? {} : { found }) };
  }

  /** The entry at its name, if it is the one that was to be added. Somebody else may have been there first. */
  made(entry: Entry, request: Context): Promise<Found | undefined> {
    return this.#made(entry.dn, entry, request);
  }

  async #made(dn: DN, entry: Entry | undefined, request: Context): Promise<Found | undefined> {
    const found = await this.entries.liveByDN(dn, onBehalfOf(request));
    if (found === undefined) return undefined;
    if (entry !== undefined && !hasValues(found.entry, this.#stated(entry), this.objectType.schema)) return undefined;
    request.note('repeatedCreate', true);
    return found;
  }

  /** What a create says of itself each time: not what is made up anew, and not what can never be read. */
  *#stated(entry: Entry): Iterable<EntryAttribute> {
    const { schema, flows, attributes } = this.objectType;
    const made = new Set(flows.map(({ target }) => target));
    for (const attribute of entry.attributes()) {
      const key = schema.canonicalName(attribute.name);
      if (!made.has(key) && !attributes.get(key)?.secret) yield attribute;
    }
  }

  /** A name for a normalised DN, where it reads as the same name. */
  #nameOf(normalizedDN: string): DN | undefined {
    const dn = dnOf(normalizedDN);
    return dn?.normalized(this.objectType.schema) === normalizedDN ? dn : undefined;
  }

  /** The intent, with what is to be kept of the resource: committed before the Add is sent, on the disk before the answer. */
  begin(key: string, dn: DN, kept: Kept): Staged {
    const isKept = Object.keys(kept.attributes).length > 0;
    // The same create anew, after a delete: what is known of the one before says nothing of it.
    this.#answered.delete(key);
    return this.context.state.intents.begin(key, dn.normalized(this.objectType.schema), isKept ? kept : undefined);
  }

  /** The Add has certainly failed: a repetition is a new create. */
  failed(key: string): Promise<void> {
    return this.context.state.intents.forget(key);
  }

  /** The client has gone away before its answer, and may come back with the same create. */
  unanswered(key: string, anchor: string): Promise<void> {
    return this.context.state.intents.complete(key, anchor);
  }

  /**
   * The answer does not wait for the record to forget: a repetition within this process is known from memory. Until the
   * row of the entry is `saved` the record has to know its name: the next process would miss it in the connector space.
   */
  answered(key: string, saved: Promise<void>): void {
    const { state, changeLog } = this.context;
    const answer = Symbol();
    this.#answered.set(key, answer);
    const done = () => this.#answered.get(key) === answer && this.#answered.delete(key);
    const unsaved = (error: unknown) =>
      changeLog.note('a new entry could not be saved in the connector space: the next start or full import reads it', {
        error,
      });
    saved.then(() => state.intents.forgetLater(key).then(done, done), unsaved);
  }
}
