/** The entries of the memory directory in their tree, found by normalised DN. It moves and removes; it judges nothing but names. */
import { DN } from './dn';
import { ResultCode } from './error';
import { type StoredEntry, singleValued } from './memoryEntry';
import { Refusal } from './memoryRefusal';
import type { Schema } from './schema';

/** One place in the tree. The entry in it changes; the node stays the same as long as the entry lives. */
export interface MemoryNode {
  entry: StoredEntry;
  parent: MemoryNode | undefined;
  readonly children: Set<MemoryNode>;
  /** A search that began before the entry was deleted meets it and must not return it. */
  removed: boolean;
}

/** An entry that moved along with a rename. */
export interface Moved {
  readonly node: MemoryNode;
  readonly oldDN: DN;
}

export class MemoryTree {
  readonly #nodes = new Map<string, MemoryNode>();

  constructor(
    private readonly suffix: DN,
    private readonly schema: Schema,
  ) {}

  /** Every entry, in no promised order. */
  all(): Iterable<MemoryNode> {
    return this.#nodes.values();
  }

  find(dn: DN): MemoryNode | undefined {
    return this.at(dn.normalized(this.schema));
  }

  at(normalizedDN: string): MemoryNode | undefined {
    return this.#nodes.get(normalizedDN);
  }

  /** The node of an entry that must exist (32). */
  get(dn: DN): MemoryNode {
    const node = this.find(dn);
    if (!node) throw new Refusal(ResultCode.noSuchObject, 'there is no such entry');
    return node;
  }

  /** Puts a new entry below its parent; 68 where one exists, 32 without a parent, 53 outside the suffix. */
  insert(entry: StoredEntry): MemoryNode {
    if (this.find(entry.dn)) throw new Refusal(ResultCode.entryAlreadyExists, 'the entry already exists');
    const node: MemoryNode = { entry, parent: this.#parentOf(entry.dn), children: new Set(), removed: false };
    this.#nodes.set(entry.dn.normalized(this.schema), node);
    node.parent?.children.add(node);
    return node;
  }

  /** Refuses a name outside the suffix, before anything else is looked at. */
  checkWithinSuffix(dn: DN): void {
    if (!dn.isWithin(this.suffix, this.schema)) {
      throw new Refusal(ResultCode.unwillingToPerform, `the name is not within ${this.suffix}`);
    }
  }

  #parentOf(dn: DN): MemoryNode | undefined {
    this.checkWithinSuffix(dn);
    if (dn.equals(this.suffix, this.schema)) return undefined;
    const parent = dn.parent && this.find(dn.parent);
    if (!parent) throw new Refusal(ResultCode.noSuchObject, 'the parent entry does not exist');
    return parent;
  }

  /** Refuses a rename that the tree cannot follow: 71 to or from the suffix, 53 below itself or above, 32 no parent, 68 exists. */
  checkMove(node: MemoryNode, newDN: DN): void {
    const { dn } = node.entry;
    if (!node.parent || !newDN.isWithin(this.suffix, this.schema) || newDN.equals(this.suffix, this.schema)) {
      throw new Refusal(ResultCode.affectsMultipleDSAs, 'the suffix cannot be renamed, and nothing can leave it');
    }
    if (newDN.parent?.isWithin(dn, this.schema) || dn.parent?.isWithin(newDN, this.schema)) {
      throw new Refusal(ResultCode.unwillingToPerform, 'an entry cannot be placed below itself or above');
    }
    this.#parentOf(newDN);
    const present = this.find(newDN);
    if (present && present !== node) throw new Refusal(ResultCode.entryAlreadyExists, 'the new name is already taken');
  }

  /** Gives a node its renamed entry and takes all that is below along. Answers the entry first, then those below. */
  move(node: MemoryNode, renamed: StoredEntry): Moved[] {
    const oldDN = node.entry.dn;
    const moved = subtree(node).map((one) => ({ node: one, oldDN: one.entry.dn }));
    for (const { oldDN: dn } of moved) this.#nodes.delete(dn.normalized(this.schema));
    node.parent?.children.delete(node);
    node.parent = this.#parentOf(renamed.dn);
    node.parent?.children.add(node);
    node.entry = renamed;
    for (const one of moved) {
      const { entry } = one.node;
      const above = one.oldDN.rdns.length - oldDN.rdns.length;
      const dn = above === 0 ? renamed.dn : new DN([...one.oldDN.rdns.slice(0, above), ...renamed.dn.rdns]);
      one.node.entry = entry.with([singleValued('entryDN', dn.toString(), this.schema)], this.schema, dn);
      this.#nodes.set(dn.normalized(this.schema), one.node);
    }
    return moved;
  }

  /** Takes a node and all that is below out of the tree. Answers them as a directory deletes them: children first. */
  remove(node: MemoryNode): MemoryNode[] {
    const removed = subtree(node).reverse();
    for (const one of removed) {
      one.removed = true;
      this.#nodes.delete(one.entry.dn.normalized(this.schema));
    }
    node.parent?.children.delete(node);
    return removed;
  }
}

/** A node and all below it, parents before children. */
export function subtree(node: MemoryNode): MemoryNode[] {
  const nodes = [node];
  for (const one of nodes) for (const child of one.children) nodes.push(child);
  return nodes;
}
