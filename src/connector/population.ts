/** Who lives in a directory and where: the tree of containers with counts, and the classes and places of people and groups. */
import type { Directory } from '../directory/directory';
import { DN } from '../directory/dn';
import type { Entry } from '../directory/entry';
import { isLdapError, type LdapError } from '../directory/error';
import { present } from '../directory/filter';

/** A container: an entry that has entries below it, or whose class says that it is there to have some. */
export interface Container {
  readonly dn: string;
  /** 0 for the top. */
  readonly depth: number;
  /** Entries right below it. */
  readonly children: number;
  /** Entries below it at any depth. */
  readonly total: number;
}

/** Entries of one structural class. */
export interface ClassFinding {
  readonly objectClass: string;
  readonly count: number;
  /** The containers that hold them, the fullest first. */
  readonly containers: readonly string[];
}

export interface Population {
  readonly top: string;
  /** Entries that were read. */
  readonly entries: number;
  /** False: the survey was ended, by its own limit or by the server's; counts are then "at least". */
  readonly complete: boolean;
  /** From the top down, siblings in the order of their names. */
  readonly containers: readonly Container[];
  readonly people: readonly ClassFinding[];
  readonly groups: readonly ClassFinding[];
}

const containerClasses = new Set(
  ['organizationalUnit', 'organization', 'domain', 'dcObject', 'country', 'locality', 'container', 'builtinDomain'].map(
    (name) => name.toLowerCase(),
  ),
);
const personClasses = ['person', 'inetOrgPerson', 'user', 'account', 'posixAccount', 'ndsLoginProperties'];
const groupClasses = ['groupOfNames', 'groupOfUniqueNames', 'group', 'posixGroup', 'groupOfMembers', 'groupOfURLs'];
/** A computer of Active Directory is a user there, by its class. */
const notPeople = ['computer'];

/** Reads names and classes below `top`, at most `limit` entries. */
export async function surveyPopulation(directory: Directory, top: string, limit: number): Promise<Population> {
  const base = DN.parse(top);
  const survey = new Survey(directory, base);
  let complete = true;
  try {
    const request = { base, scope: 'sub', filter: present('objectClass'), attributes: ['objectClass'] } as const;
    for await (const entry of directory.search(request)) {
      if (survey.entries >= limit) {
        complete = false;
        break;
      }
      survey.take(entry);
    }
  } catch (error) {
    // What the server gave before it ended the search is still worth showing.
    if (!isLdapError(error) || typeof (error as LdapError).result !== 'number') throw error;
    complete = false;
  }
  return { top, complete, ...survey.result() };
}

interface Node {
  readonly dn: DN;
  readonly depth: number;
  children: number;
  total: number;
  isContainer: boolean;
}

class Survey {
  entries = 0;
  readonly #directory: Directory;
  readonly #base: DN;
  readonly #nodes = new Map<string, Node>();
  readonly #people = new Map<string, Map<string, number>>();
  readonly #groups = new Map<string, Map<string, number>>();

  constructor(directory: Directory, base: DN) {
    this.#directory = directory;
    this.#base = base;
  }

  take(entry: Entry): void {
    this.entries += 1;
    const classes = entry.values('objectClass').map((value) => value.toString());
    const own = this.#node(entry.dn);
    if (classes.some((name) => containerClasses.has(name.toLowerCase()))) own.isContainer = true;
    const { parent } = entry.dn;
    if (parent !== undefined && !entry.dn.equals(this.#base, this.#directory.schema)) {
      this.#node(parent).children += 1;
      this.#countUpwards(parent);
    }
    const kind = this.#kindOf(classes);
    if (kind === undefined || parent === undefined) return;
    const structural = structuralClass(this.#directory, classes);
    if (structural === undefined) return;
    const places = kind.get(structural) ?? new Map<string, number>();
    kind.set(structural, places);
    const place = parent.toString();
    places.set(place, (places.get(place) ?? 0) + 1);
  }

  result(): Pick<Population, 'entries' | 'containers' | 'people' | 'groups'> {
    const containers = [...this.#nodes.values()]
      .filter(({ isContainer, children }) => isContainer || children > 0)
      .map((node) => ({ node, path: [...node.dn.rdns].reverse().map((rdn) => rdn.normalized()) }))
      .sort((a, b) => compareLists(a.path, b.path))
      .map(({ node: { dn, depth, children, total } }) => ({ dn: dn.toString(), depth, children, total }));
    return { entries: this.entries, containers, people: findings(this.#people), groups: findings(this.#groups) };
  }

  #kindOf(classes: readonly string[]): Map<string, Map<string, number>> | undefined {
    const has = (names: readonly string[]) =>
      names.some((name) => classes.some((each) => each.toLowerCase() === name.toLowerCase()));
    if (has(groupClasses)) return this.#groups;
    return has(personClasses) && !has(notPeople) ? this.#people : undefined;
  }

  #node(dn: DN): Node {
    const key = dn.normalized(this.#directory.schema);
    const known = this.#nodes.get(key);
    if (known !== undefined) return known;
    const node = { dn, depth: dn.rdns.length - this.#base.rdns.length, children: 0, total: 0, isContainer: false };
    this.#nodes.set(key, node);
    return node;
  }

  #countUpwards(from: DN): void {
    for (let dn: DN | undefined = from; dn !== undefined && dn.rdns.length >= this.#base.rdns.length; dn = dn.parent)
      this.#node(dn).total += 1;
  }
}

/** The structural class of an entry that is subclass of all the others (RFC 4512 §2.4.2). */
function structuralClass({ schema }: Directory, classes: readonly string[]): string | undefined {
  const structural = classes.flatMap((name) => {
    const description = schema.objectClass(name);
    return description?.kind === 'STRUCTURAL' ? [description] : [];
  });
  const deepest = structural.find(({ name }) => structural.every((other) => schema.isSubclassOf(name, other.name)));
  return (deepest ?? structural[0])?.name;
}

function findings(classes: ReadonlyMap<string, ReadonlyMap<string, number>>): ClassFinding[] {
  return [...classes]
    .map(([objectClass, places]) => {
      const sorted = [...places].sort(([, a], [, b]) => b - a);
      const count = sorted.reduce((sum, [, each]) => sum + each, 0);
      return { objectClass, count, containers: sorted.map(([dn]) => dn) };
    })
    .sort((a, b) => b.count - a.count);
}

function compareLists(a: readonly string[], b: readonly string[]): number {
  for (let index = 0; index < Math.min(a.length, b.length); index += 1) {
    const order = (a[index] ?? '').localeCompare(b[index] ?? '');
    if (order !== 0) return order;
  }
  return a.length - b.length;
}
