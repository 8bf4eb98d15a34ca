/** What is known of a directory at one moment, and what follows from it. Replaced as a whole, so that no part is older than another. */
import type { DirectoryDescription } from './directory';
import { EntryDecoder } from './entryDecoder';
import type { Schema } from './schema';
import { type Traits, traitsOf } from './traits';

export interface Knowledge {
  readonly description: DirectoryDescription;
  readonly schema: Schema;
  readonly traits: Traits;
  readonly decoder: EntryDecoder;
  /** OIDs of controls, extensions and features. */
  readonly supported: ReadonlySet<string>;
}

/** @param withheld OIDs of controls that are not to be used, whatever the root DSE says */
export function knowledgeOf(
  description: DirectoryDescription,
  schema: Schema,
  withheld: readonly string[] = [],
): Knowledge {
  const { supportedControls, supportedExtensions, supportedFeatures } = description;
  return {
    description,
    schema,
    traits: traitsOf(description.product),
    decoder: new EntryDecoder((name) => schema.isBinary(name)),
    supported: new Set(
      [...supportedControls, ...supportedExtensions, ...supportedFeatures].filter((oid) => !withheld.includes(oid)),
    ),
  };
}
