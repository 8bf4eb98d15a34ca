/** A command, run in this process as somebody would type it. */
import { run } from '../../src/cli/run';

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `connector-host <args>`; the environment gets `env` for that long. */
export async function commandLine(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Outcome> {
  const said = { stdout: '', stderr: '' };
  const spies = (['stdout', 'stderr'] as const).map((name) =>
    jest.spyOn(process[name], 'write').mockImplementation((chunk: unknown, ...more: unknown[]) => {
      said[name] += String(chunk);
      const done = more.find((one) => typeof one === 'function') as (() => void) | undefined;
      done?.();
      return true;
    }),
  );
  const before = { ...process.env };
  const listeners = process.stdout.listeners('error');
  Object.assign(process.env, env);
  process.exitCode = undefined;
  try {
    await run(['node', 'connector-host', ...args]);
    return { code: Number(process.exitCode ?? 0), ...said };
  } finally {
    process.exitCode = undefined;
    for (const name of Object.keys(env)) {
      if (before[name] === undefined) delete process.env[name];
      else process.env[name] = before[name];
    }
    for (const spy of spies) spy.mockRestore();
    // A process has one command to run; this one has very many, one after the other.
    for (const listener of process.stdout.listeners('error'))
      if (!listeners.includes(listener)) process.stdout.removeListener('error', listener as () => void);
  }
}
