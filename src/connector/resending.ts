/**
 * Failed exports sent again. Whoever sends one again reads the entry first, and never undoes what has happened to it since:
 * an attribute that has other values than when the export failed keeps them.
 */
import { DN } from '../directory/dn';
import type { Entry, EntryAttribute, Value } from '../directory/entry';
import { isSecretAttribute, virtual } from '../mapping/directoryFace';
import { toScimError } from '../mapping/error';
import type { ObjectType } from '../mapping/objectType';
import { defaultPassword } from '../mapping/options';
import { scimTypeOf } from '../mapping/syntax';
import { ScimError } from '../scim/error';
import type { Context } from '../scim/handler';
import type { FailedExport, KeptAttribute, NumberedChange } from '../space/state';
import { type ConnectorContext, onBehalfOf } from './context';
import type { Creation } from './creation';
import type { Deletion } from './deletion';
import type { Entries } from './entries';
import { exported, type ResendMark } from './exporting';
import { digestOf, entryDigest, valueFrom } from './failedExport';
import type { Updating } from './updating';

/** What became of one. `sent`: written; `done`: the directory was as asked already; `refused`: it cannot be sent again; `failed`: it has failed again. */
export interface Resent {
  readonly number: number;
  readonly outcome: 'sent' | 'done' | 'refused' | 'failed';
  readonly detail?: string;
  /** Attributes that have been changed since, and keep what they have. */
  readonly kept?: readonly string[];
}

/** Sends failed exports of one object type again. */
export class Resending {
  constructor(
    readonly context: ConnectorContext,
    readonly entries: Entries,
    readonly objectType: ObjectType,
    readonly parts: { readonly creation: Creation; readonly updating: Updating; readonly deletion: Deletion },
  ) {}

  /** Sends one. It is settled when it was sent or done; what has failed again is a failure of its own then. */
  async resend(change: NumberedChange, failed: FailedExport, request: Context): Promise<Resent> {
    const { number } = change;
    const { changes } = this.context.state;
    try {
      const resent = await this.#send(change, failed, request);
      if (resent.outcome !== 'refused') await changes.settle(number);
      return { number, ...resent };
    } catch (error) {
      const told = toScimError(error);
      if (!(told instanceof ScimError)) throw error;
      // A name that is taken is no reason to try again; all else may be gone the next time.
      return {
        number,
        outcome: told.status === 409 || told.status === 400 ? 'refused' : 'failed',
        detail: told.detail,
      };
    }
  }

  #send(change: NumberedChange, failed: FailedExport, request: Context): Promise<Omit<Resent, 'number'>> {
    const resending = { number: change.number, by: request.actor };
    if (failed.kind === 'create') return this.#create(failed, { ...request, actor: change.actor }, resending);
    const { id } = change;
    if (id === undefined) throw ScimError.notFound('The export that failed has no id.');
    return this.context.exclusive.run([`id:${id}`], () =>
      failed.kind === 'delete'
        ? this.#delete(id, failed.before, request, resending)
        : this.#change(id, change, failed, request, resending),
    );
  }

  async #create(
    { resource, lost }: Extract<FailedExport, { kind: 'create' }>,
    request: Context,
    resending: ResendMark,
  ): Promise<Omit<Resent, 'number'>> {
    const { context, objectType, parts } = this;
    const { initial } = objectType.options.password ?? defaultPassword;
    const others = lost.filter((name) => !this.#isPassword(name));
    if (others.length > 0) return refused(`values of ${others.join(', ')} are not kept`);
    if (lost.length > 0 && initial === 'fromRequest')
      return refused(
        'its password is not kept, and password.initial of the connector file is "fromRequest": let the client create it again, or set "random"',
      );
    await exported(context, objectType, request, (own) => parts.creation.create(resource, own), resending);
    return { outcome: 'sent' };
  }

  async #delete(id: string, before: string, request: Context, resending: ResendMark): Promise<Omit<Resent, 'number'>> {
    const { context, entries, objectType, parts } = this;
    const found = await entries.liveById(objectType, id, onBehalfOf(request));
    if (found === undefined) return { outcome: 'done', detail: 'the entry is not there any more' };
    if (entryDigest(found.entry, objectType.readAttributes, objectType.schema) !== before)
      return refused('the entry has been changed since: delete it by the client, if that is still wanted');
    await exported(context, objectType, request, (own) => parts.deletion.delete(id, own), resending);
    return { outcome: 'sent' };
  }

  async #change(
    id: string,
    { dn, newDN }: NumberedChange,
    { attributes, lost }: Extract<FailedExport, { kind: 'change' }>,
    request: Context,
    resending: ResendMark,
  ): Promise<Omit<Resent, 'number'>> {
    const { context, entries, objectType, parts } = this;
    const found = await entries.liveById(objectType, id, onBehalfOf(request));
    if (found === undefined) return { outcome: 'done', detail: 'the entry is not there any more' };
    const kept: string[] = [];
    const changed: EntryAttribute[] = [];
    for (const attribute of attributes) {
      const values = this.#valuesAfter(found.entry, attribute);
      if (values === undefined) kept.push(attribute.name);
      else changed.push({ name: attribute.name, values });
    }
    const [was, wanted] = [dn, newDN].map((name) => (name === undefined ? undefined : DN.parse(name)));
    let name = found.entry.dn;
    if (wanted !== undefined && !name.equals(wanted, objectType.schema)) {
      if (was !== undefined && name.equals(was, objectType.schema)) name = wanted;
      else kept.push(virtual.dn);
    }
    const after = found.entry.with(changed, name);
    const written = await exported(
      context,
      objectType,
      request,
      (own) => parts.updating.rewrite(found, after, own),
      resending,
    );
    const notes = [
      ...(kept.length > 0 ? [`${kept.join(', ')} changed since and kept`] : []),
      ...(lost.length > 0 ? [`values of ${lost.join(', ')} are not kept: set them by the client`] : []),
    ];
    return {
      outcome: written ? 'sent' : lost.length > 0 && attributes.length === 0 ? 'refused' : 'done',
      ...(notes.length > 0 && { detail: notes.join('; ') }),
      ...(kept.length > 0 && { kept }),
    };
  }

  /** What an attribute is to have now; undefined where somebody has changed it since. */
  #valuesAfter(entry: Entry, { name, added, removed, replaced, before }: KeptAttribute): readonly Value[] | undefined {
    const { schema } = this.objectType;
    const current = entry.values(name);
    const normal = (value: Value) => schema.normalize(name, value);
    const adding = added.map(valueFrom);
    if (replaced) {
      const same = digestOf(current, name, schema);
      return same === before || same === digestOf(adding, name, schema) ? adding : undefined;
    }
    const gone = new Set(removed.map((value) => normal(valueFrom(value))));
    const here = new Set(current.map(normal));
    const merged = [
      ...current.filter((value) => !gone.has(normal(value))),
      ...adding.filter((one) => !here.has(normal(one))),
    ];
    const unchanged = before === undefined || digestOf(current, name, schema) === before;
    // Each member of a group stands for itself: others that came or went meanwhile stay as they are.
    if (unchanged || scimTypeOf(schema, name) === 'reference') return merged;
    return digestOf(merged, name, schema) === digestOf(current, name, schema) ? current : undefined;
  }

  #isPassword(name: string): boolean {
    return (
      name === 'password' ||
      name === virtual.exportPassword ||
      isSecretAttribute(name, this.objectType.passwordAttribute)
    );
  }
}

function refused(detail: string): Omit<Resent, 'number'> {
  return { outcome: 'refused', detail };
}
