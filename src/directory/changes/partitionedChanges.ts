/** What has changed in a directory of several servers: each is followed on its own scale, and the watermark holds them all. */
import type { Options } from '../directory';
import type { DN } from '../dn';
import { LdapError } from '../error';
import {
  type ChangeMethod,
  type ChangeSource,
  ChangesUnreadable,
  type DirectoryChange,
  seesDeletes,
  type Watermark,
  WatermarkExpired,
} from './changeSource';

/** One server. */
interface Followed {
  /** What its watermark is found by. */
  readonly name: string;
  /** Rejects while the server cannot be had. */
  readonly source: () => Promise<ChangeSource | undefined>;
  /** Whether a name is the server's to tell of. */
  readonly holds: (dn: DN) => boolean;
}

/** Watermarks by the names of the servers. `null`: it could not be had when the others were read. */
type Watermarks = Map<string, Watermark | null>;

export class PartitionedChanges implements ChangeSource {
  readonly #servers: readonly Followed[];
  readonly #first: () => ChangeSource | undefined;
  #passedOver: readonly string[] = [];

  /** @param first of the server that all of them are taken to be like until they are asked */
  constructor(servers: readonly Followed[], first: () => ChangeSource | undefined) {
    this.#servers = servers;
    this.#first = first;
  }

  get methods(): readonly ChangeMethod[] {
    return this.#first()?.methods ?? [];
  }

  get anchorAttribute(): string {
    return this.#first()?.anchorAttribute ?? 'dn';
  }

  get passedOver(): readonly string[] {
    return this.#passedOver;
  }

  async latest(options?: Options): Promise<Watermark> {
    const found: Watermarks = new Map();
    const passedOver: string[] = [];
    for (const { name, source } of this.#servers) {
      try {
        const changes = await source();
        if (changes === undefined) throw new ChangesUnreadable(`${name}: its server cannot say what has changed`);
        found.set(name, await changes.latest(options));
        passedOver.push(...(changes.passedOver ?? []).map((reason) => (name === '' ? reason : `${name}: ${reason}`)));
      } catch (error) {
        // What cannot be read now is not read by the import either: it has no moment to go on from.
        if (!(error instanceof LdapError) || name === '' || error.result === 'cancelled') throw error;
        found.set(name, null);
      }
    }
    this.#passedOver = passedOver;
    return joined(found);
  }

  without(watermark: Watermark, name: DN): Watermark {
    const reached = parted(watermark);
    for (const server of this.#servers) if (server.holds(name)) reached.set(server.name, null);
    return joined(reached);
  }

  /** A server that cannot be asked keeps back none of the others, and the run fails in the end. */
  async *since(watermark: Watermark, options?: Options): AsyncGenerator<DirectoryChange> {
    const reached = parted(watermark);
    let failure: LdapError | undefined;
    for (const server of this.#servers) {
      try {
        yield* this.#of(server, reached, options);
      } catch (error) {
        if (!(error instanceof LdapError) || error.result === 'cancelled') throw error;
        failure ??= error;
      }
    }
    if (failure !== undefined) throw failure;
  }

  async *#of(
    { name, source, holds }: Followed,
    reached: Watermarks,
    options?: Options,
  ): AsyncGenerator<DirectoryChange> {
    const from = reached.get(name);
    if (from === undefined) throw new WatermarkExpired(`${name} was not followed at the last import`);
    const changes = await source();
    if (changes === undefined) throw new WatermarkExpired(`${name}: its server cannot say what has changed any more`);
    if (from === null) {
      await changes.latest(options);
      throw new WatermarkExpired(`${name} can be read again: it could not be at the last import`);
    }
    for await (const change of changes.since(from, options)) {
      reached.set(name, change.watermark);
      const wrapped = { ...change, watermark: joined(reached) };
      yield wrapped.kind === 'present' ? { ...wrapped, holds } : wrapped;
    }
  }
}

/** One that sees no deletes is what the whole is like. */
function joined(watermarks: Watermarks): Watermark {
  const methods = [...watermarks.values()].flatMap((watermark) => watermark?.method ?? []);
  const method = methods.find((one) => !seesDeletes(one)) ?? methods[0] ?? '';
  return { method, serverId: 'partitions', value: JSON.stringify([...watermarks]) };
}

function parted({ serverId, value }: Watermark): Watermarks {
  if (serverId !== 'partitions') throw new WatermarkExpired('The directory was one server at the last import');
  return new Map(JSON.parse(value) as [string, Watermark | null][]);
}
