/**
 * Values that name an entry (member, manager, owner …) after it was renamed or deleted, where the directory does not see to
 * them itself. Only attributes that the connector's object types have, and only entries in its scope.
 */
import type { Modification, Options } from '../directory/directory';
import type { DN } from '../directory/dn';
import type { Entry } from '../directory/entry';
import { isLdapError, LdapError, ResultCode } from '../directory/error';
import { equality, or } from '../directory/filter';
import { traitsOf } from '../directory/traits';
import { referredDN } from '../mapping/reference';
import type { ConnectorContext } from './context';
import type { Entries } from './entries';

/** Names whose references are looked for in one search. */
const NAMES_PER_SEARCH = 20;

/** RFC 4519 and RFC 1274. */
const USUAL = ['member', 'uniqueMember', 'owner', 'manager', 'secretary', 'seeAlso', 'roleOccupant'];

/** What a directory says when somebody else has seen to a value first. */
const DONE_ALREADY = [ResultCode.noSuchAttribute, ResultCode.attributeOrValueExists, ResultCode.noSuchObject] as const;

/** Keeps references to entries of one connector. */
export class ReferenceKeeping {
  readonly #context: ConnectorContext;
  readonly #entries: Entries;
  readonly #attributes: readonly string[];
  /** Whether values are changed here; otherwise the directory does, and the copies of the entries follow. */
  readonly #writes: boolean;

  constructor(context: ConnectorContext, entries: Entries) {
    this.#context = context;
    this.#entries = entries;
    this.#attributes = context.options.global.references === 'leave' ? [] : referenceAttributes(context);
    this.#writes = isNeeded(context);
  }

  /** Whether a rename or delete is followed by changes of other entries that somebody has to make. */
  get areKept(): boolean {
    return this.#writes && this.#attributes.length > 0;
  }

  /**
   * Takes away the values that name deleted entries, or lets them name a renamed one. Answers how many entries still have
   * such values because the directory refused; the write that came before stands in any case.
   */
  async follow(old: readonly DN[], now: DN | undefined, options: Options): Promise<number> {
    // A name that nobody has any more is not shown in a copy either.
    if (this.#attributes.length === 0 || (!this.#writes && now === undefined)) return 0;
    let left = 0;
    for (let start = 0; start < old.length; start += NAMES_PER_SEARCH)
      left += await this.#followSome(old.slice(start, start + NAMES_PER_SEARCH), now, options);
    return left;
  }

  async #followSome(old: readonly DN[], now: DN | undefined, options: Options): Promise<number> {
    let left = 0;
    try {
      // A directory that sees to references itself may have done so already: then they name the entry as it is now.
      const names = [...(this.#writes ? old : []), ...(now === undefined ? [] : [now])];
      for (const entry of await this.#referring(names, options)) {
        try {
          await this.#change(entry, old, now, options);
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

  async #referring(dns: readonly DN[], options: Options): Promise<Entry[]> {
    const { directory, scope } = this.#context;
    const names = dns.flatMap((dn) => this.#attributes.map((attribute) => equality(attribute, dn.toString())));
    const attributes = ['objectClass', ...this.#attributes];
    const found: Entry[] = [];
    for (const base of scope.bases)
      for await (const entry of directory.search({ base, scope: 'sub', filter: or(...names), attributes }, options))
        if (scope.contains(entry.dn)) found.push(entry);
    return found;
  }

  async #change(entry: Entry, old: readonly DN[], now: DN | undefined, options: Options): Promise<void> {
    const { directory } = this.#context;
    const modifications = this.#writes
      ? this.#attributes.flatMap((attribute) => this.#changeOf(entry, attribute, old, now))
      : [];
    try {
      if (modifications.length > 0) await directory.modify(entry.dn, modifications, options);
    } catch (error) {
      if (!isLdapError(error, ...DONE_ALREADY)) throw error;
    }
    // The copy of the entry has the old names, whoever it was that changed them.
    await this.#entries.liveByDN(entry.dn, options);
  }

  #changeOf(entry: Entry, attribute: string, old: readonly DN[], now: DN | undefined): Modification[] {
    const { schema } = this.#context.directory;
    const values = entry.values(attribute);
    const stale = values.filter((value) => {
      const dn = referredDN(value, attribute, schema);
      return dn !== undefined && old.some((one) => one.equals(dn, schema));
    });
    if (stale.length === 0) return [];
    const added =
      now === undefined ? this.#placeholder(entry, attribute, values.length - stale.length) : [now.toString()];
    return [
      { operation: 'delete', attribute, values: stale },
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
function referenceAttributes({ objectTypes, directory, options }: ConnectorContext): string[] {
  const all = options.global.references === 'follow';
  const usual = new Set(USUAL.map((name) => directory.schema.canonicalName(name)));
  const names = objectTypes.flatMap(({ attributes, links }) => {
    const linked = links.filter(({ attribute }) => all || attribute === 'members').map(({ target }) => target);
    return [...attributes.values()].filter(
      ({ type, readOnly, key }) =>
        type === 'reference' && !readOnly && (linked.includes(key) || (all && usual.has(key))),
    );
  });
  return [...new Set(names.map(({ ldapName }) => ldapName))];
}
