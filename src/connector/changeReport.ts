/** The change log as others read it: records with times in ISO 8601, tables, and the files of connectors beside a running host. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  type ChangedAttribute,
  type ChangeSelection,
  type Changes,
  type NumberedChange,
  openState,
} from '../space/state';

export {
  type ChangeOperation,
  type ChangeOutcome,
  type ChangeSelection,
  changeOperations,
  changeOutcomes,
} from '../space/state';

/** A change of a connector. */
export interface ChangeView extends Omit<NumberedChange, 'at'> {
  /** ISO 8601. */
  readonly time: string;
  readonly connector: string;
}

/** A change as it is shown. */
export function changeView(connector: string, { at, number, ...change }: NumberedChange): ChangeView {
  return { time: new Date(at).toISOString(), connector, number, ...change };
}

/** Columns of a table of changes. */
export const changeColumns = [
  'time',
  'connector',
  'number',
  'actor',
  'operation',
  'outcome',
  'objectType',
  'id',
  'dn',
  'newDN',
  'below',
  'attributes',
  'result',
  'detail',
  'durationMs',
  'requestId',
] as const;

/** The cells of a change. */
export function changeCells(view: ChangeView): string[] {
  return changeColumns.map((name) => {
    if (name === 'attributes') return view.attributes.map(attributeText).join('; ');
    return String(view[name] ?? '');
  });
}

/** An attribute in one line: `mail: +new@example.org -old@example.org`. */
export function attributeText({ name, added = [], removed = [], replaced, sensitive, more }: ChangedAttribute): string {
  if (sensitive) return `${name}: [not kept]`;
  const values = [
    ...(replaced ? ['='] : []),
    ...removed.map((value) => `-${value}`),
    ...added.map((value) => `${replaced ? '' : '+'}${value}`),
    ...(more === undefined ? [] : [`and ${more} more`]),
  ];
  return `${name}: ${values.join(' ')}`;
}

/** Change logs that are read beside the host that writes them. */
export interface ChangeLogs {
  /** Newest first over all connectors. */
  list(selection: ChangeSelection): AsyncIterable<ChangeView>;
  get(connector: string, number: number): Promise<ChangeView | undefined>;
  close(): Promise<void>;
}

/** Opens the logs of those of these connectors that have one. */
export async function openChangeLogs(stateDirectory: string, names: readonly string[]): Promise<ChangeLogs> {
  const kept = names.filter((name) => existsSync(join(stateDirectory, `${name}.state.sqlite`)));
  const states = await Promise.all(kept.map((name) => openState(stateDirectory, name)));
  const logs = new Map(kept.map((name, index): [string, Changes | undefined] => [name, states[index]?.changes]));
  return {
    list: (selection) =>
      newestFirst([...logs].flatMap(([name, log]) => (log === undefined ? [] : [viewsOf(name, log, selection)]))),
    get: async (connector, number) => {
      const change = await logs.get(connector)?.get(number);
      return change && changeView(connector, change);
    },
    close: async () => {
      await Promise.all(states.map((state) => state.close()));
    },
  };
}

async function* viewsOf(connector: string, log: Changes, selection: ChangeSelection): AsyncIterator<ChangeView> {
  for await (const change of log.list(selection)) yield changeView(connector, change);
}

/** Several logs, each newest first, as one. */
async function* newestFirst(logs: readonly AsyncIterator<ChangeView>[]): AsyncIterable<ChangeView> {
  const heads = await Promise.all(logs.map(async (log) => ({ log, head: await log.next() })));
  for (;;) {
    let newest: (typeof heads)[number] | undefined;
    for (const one of heads) {
      if (one.head.done) continue;
      if (newest === undefined || newest.head.done || one.head.value.time > newest.head.value.time) newest = one;
    }
    if (newest === undefined || newest.head.done) return;
    yield newest.head.value;
    newest.head = await newest.log.next();
  }
}
