/**
 * Values that name an entry (member, manager, memberUid …) after it was renamed, changed or deleted, where the directory does
 * not see to them itself. Only attributes that the connector's object types have, and only entries in its scope.
 */
import type { Modification, Options } from '../directory/directory';
import type { Entry, Value } from '../directory/entry';
import { isLdapError, LdapError, ResultCode } from '../directory/error';
import { equality, or } from '../directory/filter';
import { traitsOf } from '../directory/traits';
import type { DirectoryAttribute } from '../mapping/directoryFace';
import { referredDN } from '../mapping/reference';
import type { ConnectorContext } from './context';
import type { Entries } from './entries';
import { readEntry } from './export';
import { type NameChange, StaleNames } from './staleNames';
import { renamedBelow } from './subtree';

/** Entries whose references are looked for in one search. */
const NAMES_PER_SEARCH = 20;

/** RFC 4519 and RFC 1274. */
const USUAL = ['member', 'uniqueMember', 'owner', 'manager', 'secretary', 'seeAlso', 'roleOccupant'];

/** What a directory says when somebody else has changed the values since they were read, a last member that must not go among them. */
const CHANGED_MEANWHILE = [
  ResultCode.noSuchAttribute,
  ResultCode.attributeOrValueExists,
  ResultCode.noSuchObject,
  ResultCode.objectClassViolation,
] as const;

/** How often an entry is changed that others change at the same time. */
const MOST_ATTEMPTS = 10;

/** An attribute that is kept: its values are DNs, or values of the attribute `by` of whom they name. */
type Kept = Pick<DirectoryAttribute, 'ldapName' | 'by'>;

/** Keeps references to entries of one connector. */
export class ReferenceKeeping {
  readonly #context: ConnectorContext;
  readonly #entries: Entries;
  readonly #attributes: readonly Kept[];
  /** Whether DNs are changed here; otherwise the directory does, and the copies of the entries follow. */
  readonly #writes: boolean;
  /** Attributes of which single values name an entry (`uid`, where groups have `memberUid`): no directory follows those. */
  readonly naming: readonly string[];

  constructor(context: ConnectorContext, entries: Entries) {
    this.#context = context;
    this.#entries = entries;
    this.#attributes = context.options.global.references === 'leave' ? [] : referenceAttributes(context);
    this.#writes = isNeeded(context);
    this.naming = [...new Set(this.#attributes.flatMap(({ by }) => by ?? []))];
  }

  get #read(): string[] {
    return ['objectClass', ...this.#attributes.map(({ ldapName }) => ldapName)];
  }

  /** Whether a rename or delete is followed by changes of other entries that somebody has to make. */
  get areKept(): boolean {
    return this.naming.length > 0 || (this.#writes && this.#attributes.length > 0);
  }

  /**
   * Lets what follows from a change of an entry take place: whoever names it names it as it is now, and so it is with what
   * stands below it, which is known by its new name and by its old id. Answers how many entries still have old values because
   * the directory refused; the write that came before stands in any case.
   */
  async renamed(from: Entry, to: Entry, options: Options): Promise<number> {
    let left = 0;
    if (!from.dn.equals(to.dn, this.#context.directory.schema)) {
      try {
        const below: NameChange[] = [];
        for await (const change of renamedBelow(this.#context, this.#entries, from.dn, to.dn, options)) {
          below.push(change);
          if (below.length === NAMES_PER_SEARCH) left += await this.#followSome(below.splice(0), options);
        }
        left += await this.#followSome(below, options);
      } catch (error) {
        if (!(error instanceof LdapError)) throw error;
        left += 1;
      }
    }
    return left + (await this.#followSome([{ from, to }], options));
  }

  /** Takes away the values that name deleted entries. Answers as {@link renamed} does. */
  async deleted(gone: readonly Entry[], options: Options): Promise<number> {
    let left = 0;
    for (let start = 0; start < gone.length; start += NAMES_PER_SEARCH) {
      const some = gone.slice(start, start + NAMES_PER_SEARCH);
      left += await this.#followSome(
        some.map((from) => ({ from })),
        options,
      );
      await this.#forget(some);
    }
    return left;
  }

  /**
   * Takes the names of deleted entries out of the copies of whoever named them: a directory that has done the same by itself
   * shows nothing to look for, and the next one who gets such a name is in none of its groups.
   */
  async #forget(gone: readonly Entry[]): Promise<void> {
    const { space, directory } = this.#context;
    const names = gone.map(({ dn }) => dn.toString());
    const changes = this.#attributes.flatMap(({ ldapName: attribute, by }) =>
      by === undefined ? names.map((value) => ({ operation: 'remove' as const, attribute, value })) : [],
    );
    if (changes.length === 0) return;
    for (const dn of await space.referrers(names)) {
      const row = space.byDN(dn.normalized(directory.schema), 'short');
      if (row !== undefined) space.changeValues(row.id, changes);
    }
  }

  async #followSome(changes: readonly NameChange[], options: Options): Promise<number> {
    const { schema } = this.#context.directory;
    // A name that nobody has any more is not shown in a copy either.
    const names = this.#attributes.some(({ by }) => by === undefined) ? changes : [];
    const stale = new StaleNames(
      this.#writes ? names : names.filter(({ to }) => to !== undefined),
      changes,
      this.naming,
      schema,
    );
    if (stale.isEmpty) return 0;
    let left = 0;
    try {
      await this.#spareNamesakes(stale, options);
      for (const entry of await this.#referring(stale, options)) {
        try {
          await this.#change(entry, stale, options);
        } catch (error) {
          if (!(error instanceof LdapError)) throw error;
          left += 1;
        }
      }
    } catch (error) {
      if (!(error instanceof LdapError)) throw error;
      left += 1;
    }
    return left;
  }

  /** A value that another entry has as well still names that one. */
  async #spareNamesakes(stale: StaleNames, options: Options): Promise<void> {
    const filters = stale.values.map(({ by, value }) => equality(by, value));
    if (filters.length === 0) return;
    const { directory, scope } = this.#context;
    for (const base of scope.bases) {
      const request = { base, scope: 'sub' as const, filter: or(...filters), attributes: this.naming };
      for await (const entry of directory.search(request, options)) stale.spare(entry);
    }
  }

  async #referring(stale: StaleNames, options: Options): Promise<Entry[]> {
    const { directory, scope } = this.#context;
    // A directory that sees to references itself may have done so already: then they name the entry as it is now.
    const dns = [...(this.#writes ? stale.dns : []), ...stale.newDNs];
    const filters = this.#attributes.flatMap(({ ldapName, by }) =>
      by === undefined
        ? dns.map((dn) => equality(ldapName, dn))
        : stale.values.flatMap((one) => (one.by === by ? equality(ldapName, one.value) : [])),
    );
    if (filters.length === 0) return [];
    const request = { scope: 'sub' as const, filter: or(...filters), attributes: this.#read };
    const found: Entry[] = [];
    for (const base of scope.bases)
      for await (const entry of directory.search({ ...request, base }, options))
        if (scope.contains(entry.dn)) found.push(entry);
    return found;
  }

  async #change(entry: Entry, stale: StaleNames, options: Options): Promise<void> {
    const { directory } = this.#context;
    let now: Entry | undefined = entry;
    for (let attempts = 1; now !== undefined; attempts += 1) {
      const modifications = this.#modifications(now, stale);
      if (modifications.length === 0) break;
      try {
        await directory.modify(entry.dn, modifications, options);
        break;
      } catch (error) {
        if (attempts === MOST_ATTEMPTS || !isLdapError(error, ...CHANGED_MEANWHILE)) throw error;
        now = await readEntry(directory, entry.dn, this.#read, options);
      }
    }
    // The copy of the entry has the old names, whoever it was that changed them.
    await this.#entries.liveByDN(entry.dn, options);
  }

  #modifications(entry: Entry, stale: StaleNames): Modification[] {
    return this.#attributes.flatMap((attribute) =>
      attribute.by === undefined && !this.#writes ? [] : this.#changeOf(entry, attribute, stale),
    );
  }

  #changeOf(entry: Entry, { ldapName: attribute, by }: Kept, stale: StaleNames): Modification[] {
    const { schema } = this.#context.directory;
    const values = entry.values(attribute);
    const old: Value[] = [];
    const now = new Map<string, string>();
    for (const value of values) {
      const dn = by === undefined ? referredDN(value, attribute, schema) : undefined;
      const successor = by === undefined ? dn && stale.ofDN(dn) : stale.ofValue(by, value);
      if (successor === undefined) continue;
      old.push(value);
      if (successor.now !== undefined) now.set(schema.normalize(attribute, successor.now), successor.now);
    }
    if (old.length === 0) return [];
    for (const value of values) now.delete(schema.normalize(attribute, value));
    const added = now.size > 0 ? [...now.values()] : this.#placeholder(entry, attribute, values.length - old.length);
    return [
      { operation: 'delete', attribute, values: old },
      ...(added.length === 0 ? [] : [{ operation: 'add' as const, attribute, values: added }]),
    ];
  }

  /** A group must not lose its last member where its class demands one: the zero-length DN names nobody. */
  #placeholder(entry: Entry, attribute: string, remaining: number): string[] {
    const { schema } = this.#context.directory;
    if (remaining > 0) return [];
    const { must } = schema.requirements(entry.values('objectClass').map(String));
    const type = schema.attributeType(attribute);
    return must.some(({ oid }) => oid === type?.oid) ? [''] : [];
  }
}

function isNeeded({ options, directory }: ConnectorContext): boolean {
  const { references } = options.global;
  return references === 'auto' ? !traitsOf(directory.description.product).keepsReferences : references === 'follow';
}

/**
 * Memberships always: their attribute is indexed wherever groups are used. The other usual references, and those that a
 * mapping names, only where the file asks for them: one attribute without an index makes the search read every entry.
 */
function referenceAttributes({ objectTypes, directory, options }: ConnectorContext): Kept[] {
  const all = options.global.references === 'follow';
  const usual = new Set(USUAL.map((name) => directory.schema.canonicalName(name)));
  const names = objectTypes.flatMap(({ attributes, links }) => {
    const linked = links.filter(({ attribute }) => all || attribute === 'members').map(({ target }) => target);
    return [...attributes.values()].filter(
      ({ type, readOnly, key }) =>
        type === 'reference' && !readOnly && (linked.includes(key) || (all && usual.has(key))),
    );
  });
  return [
    ...new Map(names.map(({ ldapName, by }) => [ldapName, { ldapName, ...(by !== undefined && { by }) }])).values(),
  ];
}
