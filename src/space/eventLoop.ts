/** Lets everything that waits for the event loop go first. */
export function yieldToEventLoop(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

const KEYS_PER_PIECE = 500;

/** What `read` finds by many keys, in pieces between which others have their turn. */
export async function inPieces<T>(
  keys: readonly string[],
  read: (piece: readonly string[]) => Iterable<[string, T]>,
): Promise<Map<string, T>> {
  const found = new Map<string, T>();
  for (let i = 0; i < keys.length; i += KEYS_PER_PIECE) {
    if (i > 0) await yieldToEventLoop();
    for (const [key, value] of read(keys.slice(i, i + KEYS_PER_PIECE))) found.set(key, value);
  }
  return found;
}
