/**
 * `connector/` is the deck of the bridge: it joins SCIM, mapping, the connector space and a directory into one opened
 * connector. This file is what the service provider talks to: the handler of one object type.
 */
import type { ObjectType } from '../mapping/objectType';
import { ScimError } from '../scim/error';
import type { Change, Context, Page, Projection, Query, ResourceHandler } from '../scim/handler';
import type { Resource } from '../scim/resource';
import { type ConnectorContext, onBehalfOf, translated } from './context';
import { Creation } from './creation';
import { Deletion } from './deletion';
import type { Entries } from './entries';
import { type ExportRequest, exported } from './exporting';
import { leftOutOf } from './leaving';
import { Queries } from './query';
import { readOnlyBecause } from './readOnly';
import { ReferenceKeeping } from './references';
import { Resending } from './resending';
import { resourceFor } from './resources';
import { Updating } from './updating';

/** The resources of one object type of a connector. */
export class ObjectTypeHandler implements ResourceHandler {
  readonly #context: ConnectorContext;
  readonly #entries: Entries;
  readonly #queries: Queries;
  readonly #creation: Creation;
  readonly #updating: Updating;
  readonly #deletion: Deletion;
  /** Sends exports that have failed again. */
  readonly resending: Resending;

  constructor(
    context: ConnectorContext,
    entries: Entries,
    readonly objectType: ObjectType,
  ) {
    this.#context = context;
    this.#entries = entries;
    this.#queries = new Queries(context, entries, objectType);
    const references = new ReferenceKeeping(context, entries);
    this.#deletion = new Deletion(context, entries, objectType, references);
    this.#updating = new Updating(context, entries, objectType, this.#deletion, references);
    this.#creation = new Creation(context, entries, objectType, this.#updating);
    const parts = { creation: this.#creation, updating: this.#updating, deletion: this.#deletion };
    this.resending = new Resending(context, entries, objectType, parts);
  }

  create(resource: Resource, request: Context): Promise<Resource> {
    return this.#export(request, (own) => this.#creation.create(resource, own));
  }

  get(id: string, projection: Projection, request: Context): Promise<Resource> {
    return translated(async () => {
      const leave = leftOutOf(this.#context, this.objectType, projection);
      const asked = leave === undefined ? request : { ...request, leave };
      const found = await this.#entries.byId(this.objectType, id, onBehalfOf(asked));
      if (found === undefined) throw notFound(this.objectType, id);
      return (await resourceFor(this.#context, this.objectType, found)).resource;
    });
  }

  query(query: Query, request: Context): Promise<Page> {
    return translated(() => this.#queries.query(query, request));
  }

  update(id: string, change: Change, request: Context): Promise<Resource | undefined> {
    return this.#export(request, (own) => this.#inTurn(id, () => this.#updating.update(id, change, own)));
  }

  delete(id: string, request: Context): Promise<void> {
    return this.#export(request, (own) => this.#inTurn(id, () => this.#deletion.delete(id, own)));
  }

  #export<T>(request: Context, work: (request: ExportRequest) => Promise<T>): Promise<T> {
    return translated(async () => {
      this.#mayWrite();
      return exported(this.#context, this.objectType, request, work);
    });
  }

  #inTurn<T>(id: string, work: () => Promise<T>): Promise<T> {
    return this.#context.exclusive.run([`id:${id}`], work);
  }

  #mayWrite(): void {
    const reason = readOnlyBecause(this.#context);
    if (reason !== undefined) throw ScimError.forbidden(reason);
  }
}

/** 404: the directory has said that there is no such entry. */
export function notFound(objectType: ObjectType, id: string): ScimError {
  return ScimError.notFound(`There is no ${objectType.name} with id "${id.slice(0, 200)}".`);
}
