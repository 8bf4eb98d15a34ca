/** Searches of the memory directory (RFC 4511 §4.5), its root DSE and its subschema subentry (RFC 4512 §4.2, §5.1). */
import type { DirectoryDescription, ObservedOperation, SearchRequest } from './directory';
import { DN } from './dn';
import { Entry } from './entry';
import { ResultCode } from './error';
import { compileFilter } from './filterMatch';
import { StoredEntry, selector } from './memoryEntry';
import { type Call, observe, toLdapError, turn } from './memoryOperation';
import { checkName } from './memoryRefusal';
import { type MemoryNode, type MemoryTree, subtree } from './memoryTree';
import type { Schema } from './schema';

const SUBSCHEMA = DN.parse('cn=Subschema');

/** What a client would find in the root DSE, ready made. */
export function describeMemory(suffix: DN, serverId: string): DirectoryDescription {
  return {
    product: 'memory',
    namingContexts: [suffix.toString()],
    // Assertion, post-read, paged results, tree delete.
    supportedControls: ['1.3.6.1.1.12', '1.3.6.1.1.13.2', '1.2.840.113556.1.4.319', '1.2.840.113556.1.4.805'],
    supportedExtensions: [],
    // All operational attributes (RFC 3673), absolute true and false filters (RFC 4526).
    supportedFeatures: ['1.3.6.1.4.1.4203.1.5.1', '1.3.6.1.4.1.4203.1.5.3'],
    saslMechanisms: [],
    subschemaSubentry: SUBSCHEMA.toString(),
    proposedAnchor: 'entryUUID',
    passwordAttribute: 'userPassword',
    serverId,
  };
}

/** What a search looks at. */
export interface Source {
  readonly description: DirectoryDescription;
  readonly schema: Schema;
  readonly tree: MemoryTree;
}

/** Candidates that are looked at before others get a turn. */
const CANDIDATES_PER_TURN = 200;

/** Entries that were there when the search began and still are, as they are when their turn comes. */
export async function* searchMemory(source: Source, request: SearchRequest, call: Call): AsyncGenerator<Entry> {
  const observed = observe(call);
  let result: ObservedOperation['result'] = 'cancelled';
  let found = 0;
  try {
    await turn(call);
    const { schema } = source;
    const test = compileFilter(request.filter, schema);
    const selected = selector(request.attributes, schema);
    const limit = request.sizeLimit ?? Number.POSITIVE_INFINITY;
    let examined = 0;
    for (const candidate of candidates(source, request)) {
      if (found >= limit) break;
      if (++examined % CANDIDATES_PER_TURN === 0) await turn(call);
      if (candidate.removed || test(candidate.entry) !== true) continue;
      found++;
      yield candidate.entry.toEntry(selected);
      if (call.options.signal?.aborted) await turn(call);
    }
    result = ResultCode.success;
  } catch (error) {
    const failure = toLdapError(error, call);
    result = failure.result;
    throw failure;
  } finally {
    // Still `cancelled` here: the caller has stopped asking, which abandons a search.
    observed(result, found);
  }
}

type Candidate = Pick<MemoryNode, 'entry' | 'removed'>;

function candidates(source: Source, { base, scope }: SearchRequest): Iterable<Candidate> {
  const { schema, tree } = source;
  checkName(base, schema);
  if (scope === 'base') {
    if (base.isRoot) return [virtual(rootDSE(source.description), schema)];
    if (base.equals(SUBSCHEMA, schema)) return [virtual(subschema(schema), schema)];
  }
  const node = tree.get(base);
  if (scope === 'base') return [node];
  return scope === 'one' ? [...node.children] : subtree(node);
}

function virtual(entry: Entry, schema: Schema): Candidate {
  return { entry: StoredEntry.from(entry, schema), removed: false };
}

function rootDSE(description: DirectoryDescription): Entry {
  return new Entry(DN.root, {
    objectClass: 'top',
    namingContexts: description.namingContexts,
    supportedControl: description.supportedControls,
    supportedFeatures: description.supportedFeatures,
    supportedLDAPVersion: '3',
    subschemaSubentry: SUBSCHEMA.toString(),
  });
}

function subschema(schema: Schema): Entry {
  const { attributeTypes, objectClasses, ldapSyntaxes = [], matchingRules = [] } = schema.source();
  return new Entry(SUBSCHEMA, {
    objectClass: ['top', 'subschema'],
    cn: 'Subschema',
    attributeTypes,
    objectClasses,
    ldapSyntaxes,
    matchingRules,
  });
}
