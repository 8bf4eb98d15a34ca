/** The change log of one connector: takes what was exported, keeps it for the configured time, never a secret. */
import type { Modification } from '../directory/directory';
import type { Entry, Value } from '../directory/entry';
import type { ObjectType } from '../mapping/objectType';
import type { Change, ChangedAttribute, Changes, FailedExport } from '../space/state';
import type { Fields, Log } from '../telemetry/log';
import { isSecretName } from '../telemetry/secret';
import type { ConnectorOptions } from './options';

const dayMs = 86_400_000;
const purgeEveryMs = 3_600_000;
const longestValue = 256;
const mostValues = 20;

/** What the change log needs. */
export interface ChangeLogParts {
  readonly changes: Changes;
  readonly options: Pick<ConnectorOptions, 'changeLog'>;
  readonly log: Log;
  readonly now: () => number;
  /** Told of each change. */
  readonly counted?: (change: Change) => void;
}

/** Keeps changes, and forgets the old ones. */
export class ChangeLog {
  readonly #parts: ChangeLogParts;
  readonly #sensitive: ReadonlySet<string>;
  readonly #timer: NodeJS.Timeout;

  constructor(parts: ChangeLogParts) {
    this.#parts = parts;
    this.#sensitive = new Set(parts.options.changeLog.sensitiveAttributes.map((name) => name.toLowerCase()));
    void this.#purge();
    this.#timer = setInterval(() => void this.#purge(), purgeEveryMs).unref();
  }

  /** Something that an operator has done to exports. */
  note(message: string, fields: Fields): void {
    this.#parts.log.warn(message, fields);
  }

  /** What a dry run would have sent. */
  rehearsed(fields: Fields): void {
    this.#parts.log.info('dry run: nothing was written', { dryRun: fields });
  }

  /** A guard rail has stopped an operation. */
  tell(operation: string, detail: string): void {
    this.#parts.log.error(detail, { guardRail: operation });
  }

  /** Never rejects: what was written into the directory is written, whether it can be recorded or not. */
  async add(change: Change, failed?: FailedExport): Promise<void> {
    this.#parts.counted?.(change);
    try {
      // Somebody may have to act on what did not succeed, so it is kept before anybody is told.
      await this.#parts.changes.add(change, change.outcome !== 'success', failed);
    } catch (error) {
      const { operation, outcome, id, dn, requestId } = change;
      this.#parts.log.error('a change could not be recorded in the change log', {
        error,
        change: { operation, outcome, id, dn, requestId },
      });
    }
  }

  /** The attributes of a new entry. */
  ofEntry(objectType: ObjectType, entry: Entry): ChangedAttribute[] {
    return [...entry.attributes()].map(({ name, values }) => this.#changed(objectType, name, { added: values }));
  }

  /** The attributes of a modify; two modifications of one attribute are one change of it. */
  ofModifications(objectType: ObjectType, modifications: readonly Modification[]): ChangedAttribute[] {
    const changes = new Map<string, { added: readonly Value[]; removed: readonly Value[]; replaced: boolean }>();
    for (const { operation, attribute, values } of modifications) {
      const before = changes.get(attribute) ?? { added: [], removed: [], replaced: false };
      if (operation === 'add') changes.set(attribute, { ...before, added: values });
      else if (operation === 'replace' || values.length === 0)
        changes.set(attribute, { added: values, removed: [], replaced: true });
      else changes.set(attribute, { ...before, removed: values });
    }
    return [...changes].map(([name, change]) => this.#changed(objectType, name, change));
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #changed(
    objectType: ObjectType,
    name: string,
    change: { readonly added: readonly Value[]; readonly removed?: readonly Value[]; readonly replaced?: boolean },
  ): ChangedAttribute {
    if (this.isSensitive(objectType, name)) return { name, sensitive: true };
    const { added, removed = [], replaced = false } = change;
    const more = Math.max(0, added.length - mostValues) + Math.max(0, removed.length - mostValues);
    return {
      name,
      ...(added.length > 0 && { added: added.slice(0, mostValues).map(shown) }),
      ...(removed.length > 0 && { removed: removed.slice(0, mostValues).map(shown) }),
      ...(replaced && { replaced }),
      ...(more > 0 && { more }),
    };
  }

  /** Whether the values of an attribute are never kept: those of passwords, and what the file calls sensitive. */
  isSensitive({ schema, attributes, passwordAttribute }: ObjectType, name: string): boolean {
    const key = schema.canonicalName(name);
    const [bare = ''] = name.split(';', 1);
    return (
      attributes.get(key)?.secret === true ||
      key === schema.canonicalName(passwordAttribute) ||
      isSecretName(bare) ||
      this.isHidden(name)
    );
  }

  /** Whether the file calls the values of an attribute sensitive. */
  isHidden(name: string): boolean {
    const lowered = name.toLowerCase();
    return this.#sensitive.has(lowered) || this.#sensitive.has(lowered.split(';', 1)[0] ?? lowered);
  }

  async #purge(): Promise<void> {
    const { changes, options, log, now } = this.#parts;
    try {
      const purged = await changes.purge(now() - options.changeLog.retentionDays * dayMs);
      if (purged > 0) log.info('old changes have left the change log', { changes: purged });
    } catch (error) {
      log.warn('old changes could not be removed from the change log', { error });
    }
  }
}

function shown(value: Value): string {
  if (typeof value !== 'string') return `[${value.length} octets]`;
  return value.length > longestValue ? `${value.slice(0, longestValue)}…` : value;
}
