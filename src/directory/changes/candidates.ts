/** The sources of changes that a directory offers, by what detection has learned of it. */
import { Oid } from '../controls';
import { DN } from '../dn';
import { type Traits, traitsOf } from '../traits';
import { AccessLog } from './accessLog';
import { ChangeLog } from './changeLog';
import type { ChangeMethod, ChangeSource } from './changeSource';
import { type Candidates, ChosenSource } from './chosenSource';
import { type ChangeReader, NamingContexts } from './naming';
import { type Refresh, SyncRepl } from './syncRepl';
import { TimeStamp } from './timeStamp';
import { UsnChanged } from './usnChanged';

/** Methods that a connector can be told to use. */
export const changeMethods = [
  'accessLog',
  'changeLog',
  'usnChanged',
  'syncRepl',
  'timeStamp',
] as const satisfies readonly ChangeMethod[];

/** How changes are to be found. */
export interface ChangeOptions {
  readonly method: 'auto' | 'none' | (typeof changeMethods)[number];
  /** Where the connector reads; empty: the directory's naming contexts. */
  readonly bases: readonly string[];
  /** Where the log is, if it is not where the directory says. */
  readonly log?: string;
}

const ACCESS_LOG = 'cn=accesslog';
const CHANGE_LOG = 'cn=changelog';

/** The directory's account of its changes; undefined where it has none, or is not to be asked. */
export function changesOf(reader: ChangeReader, refresh: Refresh, options: ChangeOptions): ChangeSource | undefined {
  const { method } = options;
  if (method === 'none') return undefined;
  const { description } = reader;
  const traits = traitsOf(description.product);
  const contexts = new NamingContexts(reader, () => contextsOf(reader, options));
  const open: Readonly<Record<(typeof changeMethods)[number], () => ChangeSource>> = {
    accessLog: () => new AccessLog(contexts, DN.parse(options.log ?? description.accessLog ?? ACCESS_LOG)),
    changeLog: () => new ChangeLog(contexts, DN.parse(options.log ?? description.changeLog ?? CHANGE_LOG)),
    usnChanged: () => new UsnChanged(contexts),
    syncRepl: () => new SyncRepl(contexts, refresh),
    timeStamp: () => new TimeStamp(contexts, traits.timeStamp),
  };
  const chosen = method === 'auto' ? changeMethods.filter((one) => isOffered(one, reader, options, traits)) : [method];
  const candidates: Candidates = chosen.map((one) => [one, open[one]]);
  return candidates.length === 0 ? undefined : new ChosenSource(candidates, description);
}

function isOffered(method: ChangeMethod, reader: ChangeReader, options: ChangeOptions, traits: Traits): boolean {
  const { description, schema } = reader;
  if (method === 'changeLog') return description.changeLog !== undefined;
  if (method === 'accessLog')
    return description.accessLog !== undefined || (options.log !== undefined && description.changeLog === undefined);
  if (method === 'usnChanged') return traits.updateSequenceNumbers;
  if (method === 'syncRepl') return description.supportedControls.includes(Oid.syncRequest);
  return schema.attributeType(traits.timeStamp) !== undefined;
}

/** The naming contexts in which the connector reads: what is moved out of a container is seen there, and in the log. */
function contextsOf({ description, schema }: ChangeReader, { bases }: ChangeOptions): readonly DN[] {
  const contexts = description.namingContexts.map((text) => DN.parse(text));
  if (bases.length === 0) return contexts;
  const found = new Map<string, DN>();
  for (const base of bases.map((text) => DN.parse(text))) {
    const own = contexts.filter((context) => base.isWithin(context, schema) || context.isWithin(base, schema));
    for (const dn of own.length === 0 ? [base] : own) found.set(dn.normalized(schema), dn);
  }
  return [...found.values()];
}
