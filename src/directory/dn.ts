/**
 * Distinguished names as values: parsed, printed and compared here and nowhere else (RFC 4514). A value that was put
 * into an RDN can never become syntax, because printing escapes it. This file knows no schema: how values compare is
 * handed in as {@link MatchingRules}.
 */
import { MAX_LENGTH, parseDN } from './dnParser';
import type { Value } from './entry';
import { octetsOf, textOrOctets, wellFormed } from './octets';

export { DNSyntaxError } from './dnParser';

/** How attribute names and values compare; a schema is one, {@link defaultRules} stands in where there is none. */
export interface MatchingRules {
  /** Lower-cased, aliases and OIDs resolved, options kept. */
  canonicalName(attributeDescription: string): string;
  /** Equal for two values if and only if they match by the attribute's EQUALITY rule. */
  normalize(attributeDescription: string, value: Value): string;
}

const BLANKS = /[\s\u0085]+/g;

/** caseIgnoreMatch for text (RFC 4518 in short: blanks collapsed and trimmed, lower case), octets as they are. */
export const defaultRules: MatchingRules = {
  canonicalName: (description) => description.toLowerCase(),
  normalize(_description, value) {
    if (typeof value !== 'string') return `#${value.toString('hex')}`;
    const collapsed = value.replace(BLANKS, ' ');
    const text = collapsed === ' ' ? collapsed : collapsed.trim().toLowerCase();
    // Octets are marked by one `#`, so text that begins with one takes a second.
    return text.startsWith('#') ? `#${text}` : text;
  },
};

/** One attribute type and value of an RDN. */
export interface AttributeTypeAndValue {
  readonly type: string;
  readonly value: Value;
}

/** A relative distinguished name: one or more types and values, in which order does not count. */
export class RDN {
  readonly parts: readonly AttributeTypeAndValue[];
  #text: string | undefined;
  #key: { readonly rules: MatchingRules; readonly text: string } | undefined;

  /** Octets that are UTF-8 are kept as text, so that one name has one form. */
  constructor(parts: readonly AttributeTypeAndValue[]) {
    if (parts.length === 0) throw new TypeError('An RDN needs at least one attribute type and value');
    this.parts = parts.map(({ type, value }) => ({
      type,
      value: typeof value === 'string' ? wellFormed(value) : textOrOctets(value),
    }));
  }

  /** The value of this type (compared without case), if it is part of the RDN. */
  value(type: string): Value | undefined {
    const wanted = type.toLowerCase();
    return this.parts.find((part) => part.type.toLowerCase() === wanted)?.value;
  }

  /** RFC 4514 §2.2, in the order and spelling of the parts. */
  toString(): string {
    this.#text ??= this.parts.map(({ type, value }) => `${type}=${escapeValue(value)}`).join('+');
    return this.#text;
  }

  /** A key that two RDNs share if and only if they match (RFC 4517 §4.2.15). */
  normalized(rules: MatchingRules = defaultRules): string {
    if (this.#key?.rules !== rules) {
      const keys = this.parts.map(
        ({ type, value }) => `${escapeKey(rules.canonicalName(type))}=${escapeKey(rules.normalize(type, value))}`,
      );
      this.#key = { rules, text: keys.length === 1 ? (keys[0] ?? '') : keys.sort().join('+') };
    }
    return this.#key.text;
  }
}

/** A distinguished name; `rdns[0]` is the entry's own RDN and the last one is nearest to the root. */
export class DN {
  /** The zero-length DN, which names the root DSE. */
  static readonly root = new DN([]);
  /** Characters of the longest text that is read. */
  static readonly maxLength = MAX_LENGTH;

  readonly rdns: readonly RDN[];
  /** Where it is known and not the root: what it makes of itself is made once for all entries below it. */
  readonly #above: DN | undefined;
  #text: string | undefined;
  #key: { readonly rules: MatchingRules; readonly text: string } | undefined;

  constructor(rdns: readonly RDN[], above?: DN) {
    this.rdns = rdns;
    this.#above = above?.isRoot ? undefined : above;
  }

  /**
   * Reads RFC 4514, and of RFC 2253 and 1779 what servers and people still write: blanks around separators, `;`,
   * quoted values, `oid.` before an OID. Throws {@link DNSyntaxError}, whose message says what is wrong and where.
   */
  static parse(text: string): DN {
    const [, type, value, above] = PLAIN_NAME.exec(text) ?? [];
    const known = above === undefined ? undefined : parents.get(above);
    if (known !== undefined && type !== undefined && value !== undefined && text.length <= MAX_LENGTH)
      return known.child(new RDN([{ type, value }]));
    const rdns = parseDN(text).map((parts) => new RDN(parts));
    if (above !== undefined && above.length <= LONGEST_PARENT) {
      if (parents.size >= MOST_PARENTS) parents.clear();
      parents.set(above, new DN(rdns.slice(1)));
    }
    return rdns.length === 0 ? DN.root : new DN(rdns);
  }

  get isRoot(): boolean {
    return this.rdns.length === 0;
  }

  /** The entry's own RDN; undefined for the root. */
  get rdn(): RDN | undefined {
    return this.rdns[0];
  }

  /** The DN of the entry above; undefined for the root. */
  get parent(): DN | undefined {
    return this.isRoot ? undefined : new DN(this.rdns.slice(1));
  }

  /** The DN of an entry directly below this one. */
  child(rdn: RDN): DN {
    return new DN([rdn, ...this.rdns], this);
  }

  /**
   * `DN.parse(text).normalized(rules)`, several times as fast for the names that groups are full of: many plain ones
   * below few parents. Throws {@link DNSyntaxError}.
   */
  static keyOf(text: string, rules: MatchingRules = defaultRules): string {
    const [, type, value, parent] = PLAIN_NAME.exec(text) ?? [];
    if (type === undefined || value === undefined || parent === undefined) return DN.parse(text).normalized(rules);
    const above = keyOfParent(parent, rules);
    // Nothing but blanks behind the comma: no name at all, which only the whole of it tells.
    if (above === '') return DN.parse(text).normalized(rules);
    return `${escapeKey(rules.canonicalName(type))}=${escapeKey(rules.normalize(type, value))},${above}`;
  }

  /** Whether this DN is `base` or lies below it. */
  isWithin(base: DN, rules: MatchingRules = defaultRules): boolean {
    const above = this.rdns.length - base.rdns.length;
    return above >= 0 && base.rdns.every((rdn, i) => this.rdns[above + i]?.normalized(rules) === rdn.normalized(rules));
  }

  equals(other: DN, rules: MatchingRules = defaultRules): boolean {
    return this === other || (this.rdns.length === other.rdns.length && this.isWithin(other, rules));
  }

  /** RFC 4514 §2: what {@link DN.parse} reads back as the same name. */
  toString(): string {
    this.#text ??= this.#above === undefined ? this.rdns.join(',') : `${this.rdns[0]},${this.#above}`;
    return this.#text;
  }

  /** A key that two DNs share if and only if they match (RFC 4517 §4.2.15). It is no DN and not for output. */
  normalized(rules: MatchingRules = defaultRules): string {
    if (this.#key?.rules !== rules) {
      const above = this.#above?.normalized(rules);
      const own = above === undefined ? this.rdns : this.rdns.slice(0, 1);
      const text = own.map((rdn) => rdn.normalized(rules)).join(',');
      this.#key = { rules, text: above === undefined ? text : `${text},${above}` };
    }
    return this.#key.text;
  }
}

/** A name of which the first RDN holds nothing but itself: no escape, no blank at an end, one type and value. */
const PLAIN_NAME = /^([A-Za-z][A-Za-z0-9-]*)=([A-Za-z0-9._@-](?:[A-Za-z0-9._@ -]*[A-Za-z0-9._@-])?),(.+)$/s;

const MOST_PARENTS = 1_000;
/** Characters of the longest text of a parent that stays in memory. */
const LONGEST_PARENT = 1_000;

/** Most entries are in few containers, and those are parsed, printed and normalised once. */
const parents = new Map<string, DN>();
const parentKeys = new WeakMap<MatchingRules, Map<string, string>>();

function keyOfParent(text: string, rules: MatchingRules): string {
  const keys = parentKeys.get(rules) ?? new Map<string, string>();
  parentKeys.set(rules, keys);
  let key = keys.get(text);
  if (key === undefined) {
    key = DN.parse(text).normalized(rules);
    if (keys.size >= MOST_PARENTS) keys.clear();
    keys.set(text, key);
  }
  return key;
}

const KEY_SYNTAX = /[\\,+=]/g;

function escapeKey(text: string): string {
  return text.replace(KEY_SYNTAX, '\\$&');
}

// RFC 4514 §2.4 lets an equals sign stand; Active Directory and Samba refuse it unescaped.
const ALWAYS_ESCAPED = /[,+"\\<>;=]/g;
const CONTROL_CHARACTER = /\p{Cc}/gu;

/** Text in which nothing is escaped, as most names are. */
const PLAIN = /^[A-Za-z0-9](?:[A-Za-z0-9 ._@-]*[A-Za-z0-9._@-])?$/;

function escapeValue(value: Value): string {
  if (typeof value !== 'string') return hexPairs(value);
  if (PLAIN.test(value)) return value;
  let text = value.replace(ALWAYS_ESCAPED, '\\$&').replace(CONTROL_CHARACTER, (c) => hexPairs(octetsOf(c)));
  // Blanks at the ends as hex pairs, not as `\ `: that form also survives tools that trim.
  if (text.endsWith(' ')) text = `${text.slice(0, -1)}\\20`;
  if (text.startsWith(' ')) return `\\20${text.slice(1)}`;
  return text.startsWith('#') ? `\\${text}` : text;
}

function hexPairs(octets: Buffer): string {
  return octets.toString('hex').toUpperCase().replace(/../g, '\\$&');
}
