/** A host and, beside it, a real OpenLDAP that somebody else looks into: what the tests of the whole program begin with. */
import type { HostOptions } from './hostProcess';
import { HostProcess } from './hostProcess';
import { type LdapLook, lookInto } from './ldapLook';
import { type Slapd, startSlapd } from './slapd';

const { findSlapd } = require('../../scripts/directories/slapdBinaries') as { findSlapd(): unknown };

export interface System {
  readonly slapd: Slapd;
  /** Of a server that was ended and started again it is another one after `reconnect`. */
  readonly look: LdapLook;
  readonly host: HostProcess;
  reconnect(): Promise<void>;
  stop(): Promise<void>;
}

export interface SystemOptions extends Omit<HostOptions, 'connectors'> {
  readonly suffix?: string;
  readonly connectors: (slapd: Slapd) => Readonly<Record<string, unknown>>;
  /** Before the host starts. */
  readonly prepare?: (look: LdapLook, slapd: Slapd) => Promise<void>;
}

/** Time for `beforeAll`: nothing is asserted about it. */
export const startTimeout = 180_000;

/** Starts a slapd and a host with these connectors. */
export async function startSystem({ suffix, connectors, prepare, ...options }: SystemOptions): Promise<System> {
  const slapd = await startSlapd({ faults: false, ...(suffix === undefined ? {} : { suffix }) });
  if (slapd === undefined) throw new Error('slapd was found but did not start; the line above says why');
  const releases: (() => Promise<unknown>)[] = [() => slapd.stop()];
  const stop = async () => {
    // What one of them has to complain of must not keep the others running.
    const ends = [];
    for (const release of releases.splice(0).reverse()) ends.push(...(await Promise.allSettled([release()])));
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
  };
  try {
    let look = await lookInto(slapd);
    releases.push(() => look.close());
    await prepare?.(look, slapd);
    const files = connectors(slapd);
    const secrets = [slapd.connectorPassword, ...(options.secrets ?? [])];
    const host = await HostProcess.start({ ...options, secrets, connectors: files });
    releases.push(() => host.stop());
    // Tests that begin while the first imports run would see now this, now that.
    if (options.until !== 'listening') await host.imported(Object.keys(files));
    return {
      slapd,
      get look() {
        return look;
      },
      host,
      reconnect: async () => {
        await look.close();
        look = await lookInto(slapd);
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Why there is no slapd on this machine, if there is none. On a build server that is a failure, so that no test may vanish there. */
function reasonAgainst(): string | undefined {
  if (process.env.CI) return undefined;
  try {
    findSlapd();
    return undefined;
  } catch {
    return 'slapd is not installed (Debian: apt-get install --no-install-recommends slapd)';
  }
}

const reason = reasonAgainst();
if (reason !== undefined) process.stderr.write(`Tests of the whole program on OpenLDAP do not run here: ${reason}\n`);

/** Whether tests on a real OpenLDAP can run here. */
export const slapdIsHere = reason === undefined;

/** `describe` where slapd can be started. */
export const describeOnSlapd = slapdIsHere ? describe : describe.skip;
