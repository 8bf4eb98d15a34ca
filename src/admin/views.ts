/** What the administration API answers, as plain JSON: times in ISO 8601, durations in milliseconds, no secrets. */
import type { OperatedConnector, RunUnderWay } from '../connector/operations';
import type { RunRecord } from '../space/run';
import { redact } from '../telemetry/secret';

/** A connector in the list of all. */
export function connectorView(connector: OperatedConnector): object {
  const { name, operations } = connector;
  const { state, detail, import: imports, directoryReachable } = connector.status();
  const { entries } = operations.sample();
  return {
    name,
    state,
    ...(detail !== undefined && { detail }),
    path: `/ecma2host_${name}/scim`,
    ...(entries !== undefined && { entries }),
    ...(imports !== undefined && { import: imports }),
    ...(directoryReachable !== undefined && { directoryReachable }),
  };
}

/** A connector by itself: with its options, and the run that is under way. */
export function connectorDetails(connector: OperatedConnector): object {
  const options = connector.operations.options();
  const run = connector.operations.currentRun();
  return {
    ...connectorView(connector),
    ...(run !== undefined && { run: runUnderWayView(run) }),
    ...(options !== undefined && { options }),
  };
}

/** A run that is under way. */
export function runUnderWayView(run: RunUnderWay): object {
  const { profile, started, ...progress } = run;
  return { id: idOf(run), profile, state: 'running', started: new Date(started).toISOString(), ...progress };
}

/** A run that has ended. */
export function runView(run: RunRecord): object {
  const { profile, outcome, started, ended, counts, errors, notes } = run;
  return {
    id: idOf(run),
    profile,
    state: 'ended',
    outcome,
    started: new Date(started).toISOString(),
    ended: new Date(ended).toISOString(),
    durationMs: ended - started,
    counts,
    errors: errors.map(({ dn, message }) => ({ ...(dn !== undefined && { dn }), message: redact(message) })),
    ...(notes !== undefined && { notes: notes.map((note) => redact(note)) }),
  };
}

/** Runs of one connector never overlap, so profile and start tell them apart. */
function idOf({ profile, started }: { readonly profile: string; readonly started: number }): string {
  return `${profile}-${started}`;
}
