/** What every source makes of watermarks: whether one is its own, and when a newer one is reached. */
import { type ChangeMethod, type DirectoryChange, type Watermark, WatermarkExpired } from './changeSource';
import { isNotShown } from './naming';

/** A change without the moment at which it was told. */
export type Unmarked<C extends DirectoryChange = DirectoryChange> = C extends unknown ? Omit<C, 'watermark'> : never;

/** The watermark of another server, or of another method. */
export function anotherServer(): WatermarkExpired {
  return new WatermarkExpired('Another directory answers than at the last import; a full import is needed');
}

/** What a watermark of this method and of this server says. @throws WatermarkExpired for any other */
export function ownValue({ method, serverId, value }: Watermark, own: ChangeMethod, server: string): string {
  if (method !== own || serverId !== server) throw anotherServer();
  return value;
}

/** What an error means to somebody who goes on from a watermark: that what he could read is hidden now, or nothing new. */
export function expiredIfHidden(error: unknown, message: string): unknown {
  return isNotShown(error) ? new WatermarkExpired(message, { cause: error }) : error;
}

/** Changes that are told in no order: the moment after all of them is reached with the last one. `after` is asked then. */
export async function* reachedWithLast(
  changes: AsyncIterable<Unmarked> | Iterable<Unmarked>,
  before: Watermark,
  after: () => Watermark,
): AsyncGenerator<DirectoryChange> {
  let held: Unmarked | undefined;
  for await (const change of changes) {
    if (held) yield { ...held, watermark: before };
    held = change;
  }
  if (held) yield { ...held, watermark: after() };
}

/** A counter, which may be longer than a number holds exactly; undefined for what is none. */
export function counter(text: string | undefined): bigint | undefined {
  return text !== undefined && /^\d{1,30}$/.test(text) ? BigInt(text) : undefined;
}
