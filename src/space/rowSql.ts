/** How rows are found by their ids and anchors, and what their ids are. The table is `e`. */

/** The id: where it is the anchor it is not kept besides. */
export const ID = 'ifnull(e.id, e.anchor)';

/** The index of anchors begins with the object type, of which there are few. */
export const ANCHORED = 'e.object_type IN (SELECT number FROM object_type) AND';

/** Columns of the rows whose ids `compare` compares with its parameter. */
export function byIds(columns: string, compare: string): string {
  return `SELECT ${columns} FROM entry e WHERE ${ANCHORED} e.anchor ${compare} AND e.id IS NULL
    UNION ALL SELECT ${columns} FROM entry e WHERE e.id ${compare}`;
}
