/** What the stores of a connector tell somebody who helps from afar: how runs went and what the directory is. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { DirectoryDescription } from '../directory/directory';
import type { RunRecord } from '../space/run';
import { readSpace } from '../space/spaceReader';
import { openState } from '../space/state';

/** Never values of attributes. DNs in errors are those of the directory: whoever shows them disguises them. */
export interface SupportState {
  readonly runs: readonly RunRecord[];
  readonly description?: DirectoryDescription;
  /** ISO 8601. */
  readonly describedAt?: string;
  readonly schema?: { readonly attributeTypes: number; readonly objectClasses: number };
  readonly space?: { readonly entries: Readonly<Record<string, number>>; readonly importedAt?: string };
}

/** Reads beside a running host; undefined where the connector was never opened. */
export async function supportStateOf(stateDirectory: string, name: string): Promise<SupportState | undefined> {
  if (!existsSync(join(stateDirectory, `${name}.state.sqlite`))) return undefined;
  const state = await openState(stateDirectory, name);
  try {
    const kept = await state.descriptions.get();
    const runs = await state.runs.list();
    const schema = kept?.schema as { attributeTypes?: unknown[]; objectClasses?: unknown[] } | undefined;
    return {
      runs,
      ...(kept === undefined
        ? {}
        : {
            description: kept.description,
            describedAt: new Date(kept.readAt).toISOString(),
            schema: {
              attributeTypes: schema?.attributeTypes?.length ?? 0,
              objectClasses: schema?.objectClasses?.length ?? 0,
            },
          }),
      ...(await spaceOf(stateDirectory, name)),
    };
  } finally {
    await state.close();
  }
}

async function spaceOf(stateDirectory: string, name: string): Promise<Pick<SupportState, 'space'>> {
  const space = await readSpace(stateDirectory, name);
  if (space === undefined) return {};
  try {
    const entries = Object.fromEntries(space.objectTypes.map((type) => [type, space.count(type)]));
    const { importedAt } = space;
    const when = importedAt === undefined ? {} : { importedAt: new Date(importedAt).toISOString() };
    return { space: { entries, ...when } };
  } finally {
    space.close();
  }
}
