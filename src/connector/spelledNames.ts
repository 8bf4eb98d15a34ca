/** Aliases that clients have used, so that each reads back the name that it sent (`surname` beside `sn`). */
import type { ObjectType } from '../mapping/objectType';
import type { Names } from '../space/state';

/** The aliases of one connector, kept in the state store and at hand in memory. */
export class SpelledNames {
  readonly #names: Names;
  /** By resource type, then by canonical name of the attribute. */
  readonly #known = new Map<string, Map<string, readonly string[]>>();

  #revision = 0;

  private constructor(names: Names) {
    this.#names = names;
  }

  /** Reads what is kept. */
  static async open(names: Names): Promise<SpelledNames> {
    const spelled = new SpelledNames(names);
    for (const { objectType, attribute, name } of await names.all()) spelled.#add(objectType, attribute, name);
    return spelled;
  }

  /** Another number whenever {@link of} answers something else. */
  get revision(): number {
    return this.#revision;
  }

  of(objectType: ObjectType): ReadonlyMap<string, readonly string[]> {
    return this.#known.get(objectType.name) ?? new Map();
  }

  /** Keeps the aliases that a request used. `spelledAs` is by canonical path of SCIM, as the dialect gives it. */
  async remember(objectType: ObjectType, spelledAs: ReadonlyMap<string, string> = new Map()): Promise<void> {
    const prefix = `${objectType.urn}:`;
    for (const [path, name] of spelledAs) {
      if (!path.startsWith(prefix)) continue;
      const attribute = objectType.schema.canonicalName(path.slice(prefix.length));
      if (this.of(objectType).get(attribute)?.includes(name)) continue;
      this.#add(objectType.name, attribute, name);
      await this.#names.remember({ objectType: objectType.name, attribute, name });
    }
  }

  #add(objectType: string, attribute: string, name: string): void {
    const known = this.#known.get(objectType) ?? new Map<string, readonly string[]>();
    known.set(attribute, [...(known.get(attribute) ?? []), name]);
    this.#known.set(objectType, known);
    this.#revision += 1;
  }
}
