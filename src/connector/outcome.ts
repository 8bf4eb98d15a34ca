/**
 * What became of a write whose answer was lost. Only what the directory shows can prove that it took place; what it does
 * not show yet may still be on its way, so nothing ever proves that it did not.
 */
import type { DN } from '../directory/dn';
import type { Entry, EntryAttribute } from '../directory/entry';
import { LdapError } from '../directory/error';
import type { Schema } from '../directory/schema';

/** Whether nobody knows if the write took place. */
export function isAmbiguous(error: unknown): error is LdapError {
  return error instanceof LdapError && error.ambiguous;
}

/** What `look` finds after an ambiguous failure, as proof that the write took place. Without proof, and for other failures: the failure itself. */
export async function settle<T>(error: unknown, look: () => Promise<T | undefined>): Promise<T> {
  if (!isAmbiguous(error)) throw error;
  let proof: T | undefined;
  try {
    proof = await look();
  } catch {
    // A directory that cannot even be read proves nothing: the caller hears of its write's own failure.
  }
  if (proof === undefined) throw error;
  return proof;
}

/** Runs a read that follows a write: when it fails, the write is what has no known outcome. */
export async function afterWrite<T>(operation: string, dn: DN, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof LdapError)) throw error;
    throw new LdapError(
      'connectionLost',
      operation,
      dn.toString(),
      `it could not be read back: ${error.diagnostic}`,
      true,
      {
        cause: error,
      },
    );
  }
}

/** Whether an entry has every one of these values. Those that name it are not looked for: it was found by them. */
export function hasValues(entry: Entry, attributes: Iterable<EntryAttribute>, schema: Schema): boolean {
  const naming = new Set((entry.dn.rdn?.parts ?? []).map(({ type }) => schema.canonicalName(type)));
  const present = new Map<string, Set<string>>();
  for (const { name, values } of entry.attributes()) {
    const key = schema.canonicalName(name);
    const normal = present.get(key) ?? new Set();
    for (const value of values) normal.add(schema.normalize(name, value));
    present.set(key, normal);
  }
  for (const { name, values } of attributes) {
    const key = schema.canonicalName(name);
    if (naming.has(key)) continue;
    if (!values.every((value) => present.get(key)?.has(schema.normalize(name, value)))) return false;
  }
  return true;
}
