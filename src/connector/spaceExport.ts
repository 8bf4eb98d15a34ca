/** The connector space as a table, for bulk assignment in an identity provider and for people who look at it. */
import type { Value } from '../directory/entry';
import type { SpaceEntry } from '../space/row';
import { readSpace, type SpaceReader } from '../space/spaceReader';

/** Columns that are not attributes of the directory. */
export const idColumn = 'id';
export const dnColumn = 'dn';

/** A table whose rows come one by one. */
export interface SpaceTable {
  readonly columns: readonly string[];
  readonly rows: AsyncIterable<readonly string[]>;
  /** When the space was filled; undefined while it was not, and rows are missing. */
  readonly importedAt?: Date;
  close(): void;
}

/** Entries of one object type. Several values of an attribute are joined by `separator`; octets are base64. */
export interface SpaceSelection {
  readonly resourceType: string;
  /** Absent: every attribute that any entry has, in the order of their names. */
  readonly attributes?: readonly string[];
  readonly separator: string;
}

/** Undefined where the connector was never opened, or has no entries of this type. */
export async function openSpaceTable(
  stateDirectory: string,
  connector: string,
  selection: SpaceSelection,
): Promise<SpaceTable | undefined> {
  const space = await readSpace(stateDirectory, connector);
  if (space === undefined) return undefined;
  const { resourceType, separator } = selection;
  if (!space.objectTypes.includes(resourceType)) {
    space.close();
    return undefined;
  }
  const columns = selection.attributes ?? [idColumn, dnColumn, ...(await attributeNames(space, resourceType))];
  return {
    columns,
    rows: rowsOf(space, resourceType, columns, separator),
    ...(space.importedAt === undefined ? {} : { importedAt: new Date(space.importedAt) }),
    close: () => space.close(),
  };
}

async function* rowsOf(
  space: SpaceReader,
  resourceType: string,
  columns: readonly string[],
  separator: string,
): AsyncIterable<readonly string[]> {
  for await (const entry of space.iterate(resourceType)) yield columns.map((name) => cell(entry, name, separator));
}

function cell({ id, entry }: SpaceEntry, column: string, separator: string): string {
  if (column === idColumn) return id;
  if (column === dnColumn) return entry.dn.toString();
  return entry.values(column).map(text).join(separator);
}

function text(value: Value): string {
  return typeof value === 'string' ? value : value.toString('base64');
}

/** One pass over the entries: a table has to know its columns before its first row. */
async function attributeNames(space: SpaceReader, resourceType: string): Promise<readonly string[]> {
  const names = new Map<string, string>();
  for await (const { entry } of space.iterate(resourceType)) {
    for (const { name } of entry.attributes()) if (!names.has(name.toLowerCase())) names.set(name.toLowerCase(), name);
  }
  return [...names.values()].sort((a, b) => a.localeCompare(b, 'en'));
}
