/** A private slapd per test file, in a temporary folder and on free ports. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { OpenLdap, OpenLdapOptions } from '../../scripts/directories/openldap';
import { startOpenLdap, stopOpenLdap } from '../../scripts/directories/openldap';

export interface Slapd extends Omit<OpenLdap, 'pid' | 'admin' | 'connector' | 'reader'> {
  readonly adminDN: string;
  readonly adminPassword: string;
  readonly connectorDN: string;
  readonly connectorPassword: string;
  /** May read everything but passwords, and write nothing. */
  readonly readerDN: string;
  readonly readerPassword: string;
  /** Ends the server and removes its folder. */
  stop(): Promise<void>;
  /** SIGKILL, as by a power failure; the entries stay for `restart`. */
  kill(): Promise<void>;
  /** SIGSTOP: it accepts connections and answers nothing. Resolves when it has really stopped. */
  pause(): Promise<void>;
  resume(): void;
  /** Starts it again on the same ports with the same entries; ends it first when it runs. */
  restart(): Promise<void>;
}

/**
 * Starts a slapd and answers when it listens. Undefined, after a line on stderr, where there is none to start; on a
 * build server (`CI`) that is an error, so that tests never vanish there.
 * With the option `faults` (the default), `cn=busy|unavailable|timeLimitExceeded|adminLimitExceeded|unwillingToPerform`
 * below `ou=RetCodes,<suffix>` answers that result code, and `cn=slow` answers after two seconds.
 */
export async function startSlapd(options: Partial<Omit<OpenLdapOptions, 'folder'>> = {}): Promise<Slapd | undefined> {
  const folder = mkdtempSync(join(tmpdir(), 'slapd-'));
  const port = options.port ?? (await freePort());
  const tlsPort = options.tlsPort ?? (await freePort());
  const settings: OpenLdapOptions = {
    faults: true,
    sync: false,
    untilParentEnds: true,
    ...options,
    folder,
    port,
    tlsPort,
  };
  try {
    return control(await launch(settings), settings);
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    if (process.env.CI) throw error;
    process.stderr.write(`No slapd, so its tests prove nothing here: ${(error as Error).message}\n`);
    return undefined;
  }
}

async function launch(settings: OpenLdapOptions): Promise<OpenLdap & { readonly pid: number }> {
  const server = await startOpenLdap(settings);
  const { pid } = server;
  if (pid === undefined) throw new Error('slapd has no pid');
  return { ...server, pid };
}

function control(server: OpenLdap & { readonly pid: number }, settings: OpenLdapOptions): Slapd {
  const { pid: first, admin, connector, reader, ...facts } = server;
  let pid = first;
  const end = async (): Promise<void> => {
    signal(pid, 'SIGCONT');
    await stopOpenLdap(settings.folder);
  };
  return {
    ...facts,
    adminDN: admin.dn,
    adminPassword: admin.password,
    connectorDN: connector.dn,
    connectorPassword: connector.password,
    readerDN: reader.dn,
    readerPassword: reader.password,
    stop: async () => {
      await end();
      rmSync(settings.folder, { recursive: true, force: true });
    },
    kill: async () => {
      signal(pid, 'SIGKILL');
      await portClosed(settings.port ?? server.port);
    },
    pause: async () => {
      signal(pid, 'SIGSTOP');
      while (!/\) [Tt]/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))) await new Promise(setImmediate);
    },
    resume: () => signal(pid, 'SIGCONT'),
    restart: async () => {
      await end();
      pid = (await launch(settings)).pid;
    },
  };
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended already.
  }
}

async function portClosed(port: number): Promise<void> {
  for (;;) {
    const server = createServer();
    const bound = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false)).listen(port, '127.0.0.1', () => resolve(true));
    });
    if (bound) return new Promise((resolve) => server.close(() => resolve()));
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

function freePort(): Promise<number> {
  const server = createServer();
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
