/**
 * Text as SQLite can hold it. One of the bindings cuts text at U+0000 when it reads it, so that character is written as
 * two others, in a way that keeps the order of texts.
 */
import type { SqlValue } from './sqlite';

const NUL = '\u0000';
const MARK = '\u0001';
const MARKED_NUL = `${MARK}\u0001`;
const MARKED_MARK = `${MARK}\u0002`;
const MARKED = new RegExp(`${MARKED_NUL}|${MARKED_MARK}`, 'g');

/** Parameters of a statement; changed in place. */
export function toSql(values: SqlValue[]): SqlValue[] {
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (typeof value === 'string') values[i] = escapeText(value);
  }
  return values;
}

/** A row as it was before {@link toSql}; changed in place. */
export function fromSql<Row>(row: Row): Row {
  const columns = row as Record<string, unknown> | undefined;
  for (const name in columns) {
    const value = columns[name];
    if (typeof value === 'string' && value.includes(MARK)) columns[name] = unescapeText(value);
  }
  return row;
}

/** Texts as a JSON array, for `json_each(?)`. */
export function textList(texts: readonly string[]): string {
  return JSON.stringify(texts.map(escapeText));
}

/** The texts of what {@link textList} has made. */
export function listedTexts(list: string | null): string[] {
  return list === null ? [] : (JSON.parse(list) as string[]).map(unescapeText);
}

function escapeText(text: string): string {
  if (!text.includes(NUL) && !text.includes(MARK)) return text;
  return text.replaceAll(MARK, MARKED_MARK).replaceAll(NUL, MARKED_NUL);
}

function unescapeText(text: string): string {
  return text.replace(MARKED, (pair) => (pair === MARKED_NUL ? NUL : MARK));
}
