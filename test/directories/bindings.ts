/** Who a connector is to a real server, by other binds than the simple one; `check --connect` of the built program tells. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ServerUnderTest } from '../support/directoryServer';
import { program } from '../support/hostProcess';
import { exampleFor } from './scim';

interface Step {
  readonly step: string;
  readonly status: string;
  readonly message: string;
}

/** What stands in the connector file instead of user name and password. */
export interface BindingOptions {
  readonly certificate?: object;
  readonly [key: string]: unknown;
}

/** By what it is called. */
export type Bindings = Readonly<Record<string, (server: ServerUnderTest) => BindingOptions>>;

/** The steps of `check --connect` on the example of this server with another binding. */
export function checkBinding(
  server: ServerUnderTest,
  { certificate, ...binding }: BindingOptions,
  env: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const folder = mkdtempSync(join(tmpdir(), 'binding-'));
  try {
    const file = exampleFor(server);
    const trust = { ca: server.caFile, ...certificate };
    const connectivity = { host: 'localhost', port: server.port, ...binding, certificate: trust };
    mkdirSync(join(folder, 'connectors'));
    writeFileSync(join(folder, 'connectors/bound.json'), JSON.stringify({ ...file, connectivity }));
    const args = [program, 'check', 'bound', '--connect', '--json'];
    const options = { cwd: folder, encoding: 'utf8', env: { ...process.env, ...env }, timeout: 100_000 } as const;
    const { stdout, stderr } = spawnSync(process.execPath, args, options);
    if (stdout === '') throw new Error(stderr);
    const [{ steps = [] }] = JSON.parse(stdout) as [{ steps?: Step[] }];
    return Object.fromEntries(steps.map(({ step, status, message }) => [step, `${status}: ${message}`]));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Defines a test for each. */
export function runBindingTests(server: () => ServerUnderTest, bindings: Bindings): void {
  describe('bindings', () => {
    test.each(Object.entries(bindings))('%s', (_, binding) => {
      const { bind, changes } = checkBinding(server(), binding(server()));
      expect([bind, changes]).toEqual([expect.stringMatching(/^ok: /), expect.stringMatching(/^ok: /)]);
      expect(bind?.toLowerCase()).toContain(server().connector.dn.toLowerCase());
    });
  });
}
