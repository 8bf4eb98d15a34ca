/** Which part of the directory a connector reads and writes: partitions, their containers, and what is left out of them. */
import { createHash } from 'node:crypto';
import type { DirectoryDescription } from '../directory/directory';
import { DN, type MatchingRules } from '../directory/dn';
import { containerOfType, type ObjectType } from '../mapping/objectType';
import type { ObjectTypeOptions } from '../mapping/options';
import { ScimError } from '../scim/error';
import { type ConnectorOptions, type Fault, hasServer, type PartitionOptions } from './options';

/** The read scope, which is the write scope too: an entry that is not seen is not changed. */
export class ReadScope {
  /** What is read and written, none below another. */
  readonly containers: readonly DN[];
  /** Where is searched, none below another: the containers, or what holds them. */
  readonly bases: readonly DN[];
  /** Subtrees below the bases that are left out. */
  readonly excluded: readonly DN[];
  /** The naming contexts that the containers are of, none below another. */
  readonly partitions: readonly DN[];
  readonly #rules: MatchingRules;
  readonly #separate: readonly DN[];

  /**
   * @param where `bases`: where to search, if not in each container; `partitions`: their naming contexts;
   * `separate`: naming contexts on servers of their own
   */
  constructor(
    containers: readonly DN[],
    excluded: readonly DN[],
    rules: MatchingRules,
    {
      bases = containers,
      partitions = bases,
      separate = [],
    }: Partial<Record<'bases' | 'partitions' | 'separate', readonly DN[]>> = {},
  ) {
    this.#rules = rules;
    this.#separate = separate;
    this.excluded = excluded;
    this.containers = topmost(containers, rules);
    this.bases = topmost(bases, rules);
    this.partitions = topmost(partitions, rules);
  }

  /** The containers that a base is searched for; undefined where they are all of it. */
  soughtBelow(base: DN): readonly DN[] | undefined {
    const sought = this.containers.filter((container) => container.isWithin(base, this.#rules));
    return sought.some((container) => container.equals(base, this.#rules)) ? undefined : sought;
  }

  /** Whether a base is on a server of its own, with all that is below it. */
  isSeparate(base: DN): boolean {
    return this.#serverOf(base) !== undefined;
  }

  /** The containers whose entries cannot be moved to a name, because another server holds it. */
  notMovableTo(name: DN): readonly DN[] {
    const server = this.#serverOf(name);
    return this.containers.filter((container) => this.#serverOf(container) !== server);
  }

  #serverOf(name: DN): DN | undefined {
    const holding = this.#separate.filter((context) => name.isWithin(context, this.#rules));
    return holding.reduce<DN | undefined>(
      (deepest, one) => (deepest === undefined || one.rdns.length > deepest.rdns.length ? one : deepest),
      undefined,
    );
  }

  /** Whether an entry of this name is in scope. */
  contains(dn: DN): boolean {
    return (
      this.containers.some((container) => dn.isWithin(container, this.#rules)) &&
      !this.excluded.some((base) => dn.isWithin(base, this.#rules))
    );
  }

  /** @throws ScimError 400 that names the containers, for an entry that would be written outside of them. */
  require(dn: DN): void {
    if (this.contains(dn)) return;
    const containers = this.containers.map((container) => `"${container.toString()}"`).join(', ');
    throw ScimError.invalidValue(
      `"${dn.toString()}" is outside the containers of this connector (${containers}): correct the name, or add its container to the connector file.`,
    );
  }
}

function topmost(names: readonly DN[], rules: MatchingRules): readonly DN[] {
  return names.filter((name, index) =>
    names.every(
      (other, position) =>
        position === index || !name.isWithin(other, rules) || (name.equals(other, rules) && position > index),
    ),
  );
}

/** The scope that the options and the root DSE give, with the faults found on the way. */
export function readScopeOf(
  options: ConnectorOptions,
  description: DirectoryDescription,
  rules: MatchingRules,
): { scope: ReadScope; faults: Fault[] } {
  const faults: Fault[] = [];
  const named =
    options.partitions.length > 0
      ? options.partitions
      : [...description.namingContexts, ...options.global.partitionNames].map((dn) => ({
          dn,
          containers: [],
          excludedContainers: [],
          searchOnlyInSelectedContainers: true,
        }));
  const bases: DN[] = [];
  const scoped: DN[] = [];
  const excluded: DN[] = [];
  for (const [index, partition] of named.entries()) {
    const base = DN.parse(partition.dn);
    const containers = partition.containers.map((text) => DN.parse(text));
    for (const [position, container] of containers.entries()) {
      if (container.isWithin(base, rules)) continue;
      const path = `partitions[${index}].containers[${position}]`;
      faults.push({
        path,
        message: `"${container.toString()}" is not below the partition "${partition.dn}"`,
        severity: 'fault',
      });
    }
    const selected = containers.length > 0 ? containers : [base];
    scoped.push(...selected);
    bases.push(...(partition.searchOnlyInSelectedContainers ? selected : [base]));
    excluded.push(...partition.excludedContainers.map((text) => DN.parse(text)));
  }
  if (bases.length === 0) {
    const message = 'the root DSE lists no naming context: name the partitions, e.g. [{ "dn": "dc=example,dc=com" }]';
    faults.push({ path: 'partitions', message, severity: 'fault' });
  }
  const separate = options.partitions.filter(hasServer).map(({ dn }) => DN.parse(dn));
  const partitions = named.map(({ dn }) => DN.parse(dn));
  const scope = new ReadScope(scoped, excluded, rules, { bases, partitions, separate });
  for (const [path, text] of options.objectTypes.flatMap(containersOf)) {
    const name = DN.parse(text);
    const [far] = path.endsWith('Flow.container') ? scope.notMovableTo(name) : [];
    if (far !== undefined) {
      const message = `entries of "${far}" cannot be moved to "${text}": another server holds it, and an entry does not move between servers`;
      faults.push({ path, message, severity: 'notice' });
    }
    if (bases.length === 0 || scope.contains(name)) continue;
    const message = `"${text}" is outside the containers that this connector reads: add it to a partition's containers`;
    faults.push({ path, message, severity: 'fault' });
  }
  return { scope, faults };
}

/** Containers into which an object type puts entries, with their paths in the file. */
function containersOf(
  { container, disableFlow, deleteFlow }: ObjectTypeOptions,
  index: number,
): [path: string, container: string][] {
  const named: [string, string | undefined][] = [
    ['container', container],
    ['deprovisioning.disableFlow.container', disableFlow?.action === 'move' ? disableFlow.container : undefined],
    ['deprovisioning.deleteFlow.container', deleteFlow.action === 'move' ? deleteFlow.container : undefined],
  ];
  return named.flatMap(([at, text]) => (text === undefined ? [] : [[`objectTypes[${index}].${at}`, text]]));
}

/** A partition without what leads to the same entries in another way. */
const placeOf = ({ dn, containers, excludedContainers }: PartitionOptions) => ({ dn, containers, excludedContainers });

/** What decides which entries an import finds. */
export function scopeDigest({ partitions, global, objectTypes }: ConnectorOptions): string {
  const types = objectTypes.map(({ resourceType, targetObject, filter, anchor }) => [
    resourceType,
    targetObject,
    filter,
    anchor,
  ]);
  return createHash('sha256')
    .update(JSON.stringify([partitions.map(placeOf), global.partitionNames, types]))
    .digest('base64url');
}

/** Where a new entry goes when nothing else says so. @throws ScimError 400 where the connector names no container */
export function containerOfNew({ containers: [base] }: Pick<ReadScope, 'containers'>, objectType: ObjectType): DN {
  if (base === undefined) {
    throw ScimError.invalidValue('The connector has no container for new entries: name one in the connector file.');
  }
  return containerOfType(objectType, base);
}
