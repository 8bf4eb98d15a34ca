/**
 * `check --connect`: what works between a connector and its directory, one step at a time, and what to do where one does
 * not. It writes nothing: the probe of the right to write can never change an entry.
 */
import { tryBind, tryCredentials } from '../directory/bindProbe';
import { inspectTls, ProbeFailure, reachPort, resolveName } from '../directory/connectionProbe';
import type { Directory } from '../directory/directory';
import { DN } from '../directory/dn';
import { LdapError } from '../directory/error';
import { type LdapOptions, openLdapDirectory } from '../directory/ldapDirectory';
import { openMemoryDirectory } from '../directory/memoryDirectory';
import { type Partition, partitioned } from '../directory/partitionedDirectory';
import { addressOf, type Host, type Security } from '../directory/transport';
import { redact } from '../telemetry/secret';
import { bindAdvice } from './bindAdvice';
import { certificateText } from './certificateText';
import type { ConnectionStep, StepName } from './connectionStep';
import { checkContent } from './contentCheck';

import { ConnectorFaults } from './objectTypes';
import { ldapOptions, partitionLdapOptions, securityOf } from './openDirectory';
import { type ConnectivityOptions, type ConnectorOptions, hasServer } from './options';

const longestMs = 10_000;

/** Goes through all steps; one that fails ends them, since what follows needs it. Calls `onStep` as each is known. */
export async function checkConnection(
  options: ConnectorOptions,
  onStep: (step: ConnectionStep) => void = () => undefined,
  now: () => Date = () => new Date(),
): Promise<readonly ConnectionStep[]> {
  const steps: ConnectionStep[] = [];
  const note = (step: ConnectionStep) => {
    steps.push(step);
    onStep(step);
  };
  try {
    if (options.connectivity.product === 'memory') {
      note({ step: 'name', status: 'ok', message: 'the embedded directory: there is nothing to connect to' });
      await checkContent(openMemoryDirectory({ seed: 'demo' }), options, note);
    } else await checkServers(options, note, now);
  } catch (error) {
    if (!(error instanceof StepFailed)) throw error;
    note(error.step);
  }
  return steps;
}

class StepFailed extends Error {
  constructor(readonly step: ConnectionStep) {
    super(step.message);
  }
}

async function checkServers(
  options: ConnectorOptions,
  note: (step: ConnectionStep) => void,
  now: () => Date,
): Promise<void> {
  const ldap = readOptions(() => ldapOptions(options));
  const first = await checkServer(options.connectivity, ldap, note, now);
  const partitions = options.partitions.filter(hasServer);
  const opened: Partition[] = [];
  for (const partition of partitions) {
    const { dn, connectivity } = partition;
    const named = (step: ConnectionStep) => note({ ...step, server: [dn, step.server].join(' ').trim() });
    const open = await notedAll(named, async () => {
      const own = readOptions(() => partitionLdapOptions(options, partition));
      const host = await checkServer(connectivity, own, named, now);
      return host && (() => openLdapDirectory({ ...own, hosts: [host] }));
    });
    opened.push({ context: DN.parse(dn), open: open ?? notReached });
  }
  if (first === undefined) return;
  const directory = await openAt(first, ldap);
  await checkContent(opened.length === 0 ? directory : partitioned(directory, opened), options, note);
}

/** Why is among the steps already. */
const notReached = async (): Promise<never> => {
  throw new LdapError('connectionLost', 'search', '', 'its server cannot be used', false);
};

/** Notes the step that fails, and answers undefined then. */
async function notedAll<T>(note: (step: ConnectionStep) => void, work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof StepFailed)) throw error;
    note(error.step);
    return undefined;
  }
}

/** The steps up to the bind; answers the first host that can be used, if there is one. */
async function checkServer(
  connectivity: ConnectivityOptions,
  ldap: LdapOptions,
  note: (step: ConnectionStep) => void,
  now: () => Date,
): Promise<Host | undefined> {
  const timeoutMs = Math.min(connectivity.connectionTimeoutMs, longestMs);
  const { hosts } = connectivity;
  const security = securityOf(connectivity);
  const usable: Host[] = [];
  for (const host of hosts) {
    const wire = { host, ldap, timeoutMs, security };
    const server = hosts.length > 1 ? { server: addressOf(host) } : {};
    const labelled = (step: ConnectionStep) => note({ ...step, ...server });
    const reached = await notedAll(labelled, async () => {
      await checkWire(wire, labelled, now);
      return host;
    });
    if (reached !== undefined) usable.push(reached);
  }
  const [first] = usable;
  // One server is asked, once: each wrong password counts towards the lockout of the account, whoever is shown it.
  if (first !== undefined) await checkBind({ host: first, ldap, timeoutMs, security }, connectivity, note);
  return first;
}

function readOptions(read: () => LdapOptions): LdapOptions {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof ConnectorFaults)) throw error;
    throw new StepFailed({ step: 'tls', status: 'failed', message: error.message });
  }
}

interface Wire {
  readonly host: Host;
  readonly ldap: LdapOptions;
  readonly timeoutMs: number;
  readonly security: Security;
}

async function checkWire(
  { host, ldap, timeoutMs, security }: Wire,
  note: (step: ConnectionStep) => void,
  now: () => Date,
) {
  if (host.path !== undefined) {
    const socket = await attempt('tcp', () => reachPort(host, timeoutMs));
    note({ step: 'tcp', status: 'ok', message: `${socket} accepts connections` });
    return;
  }
  const addresses = await attempt('name', () => resolveName(host));
  note({ step: 'name', status: 'ok', message: `${host.host} is ${addresses.join(', ')}` });
  const address = await attempt('tcp', () => reachPort(host, timeoutMs));
  note({ step: 'tcp', status: 'ok', message: `${address} port ${host.port} accepts connections` });
  if (security === 'none') {
    const message =
      'not used: passwords and entries cross the network in clear text (binding SSL or TLS encrypts them)';
    note({ step: 'tls', status: 'notTested', message });
    return;
  }
  const finding = await attempt('tls', () => inspectTls(host, security, ldap.tls ?? {}, timeoutMs));
  const { certificate, protocol, distrust } = finding;
  const message = `${protocol}, ${certificateText(certificate, now())}`;
  if (distrust !== undefined) {
    const reason = `${distrust}. It shows ${message}`;
    throw new StepFailed({ step: 'tls', status: 'failed', message: reason, certificate });
  }
  note({ step: 'tls', status: 'ok', message, certificate });
}

async function attempt<T>(step: StepName, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof ProbeFailure)) throw error;
    throw new StepFailed({ step, status: 'failed', message: error.message });
  }
}

async function checkBind(
  { host, ldap, timeoutMs, security }: Wire,
  connectivity: ConnectivityOptions,
  note: (step: ConnectionStep) => void,
): Promise<void> {
  const { userName, binding } = connectivity;
  if (binding === 'Kerberos' || userName === undefined || connectivity.password === undefined) {
    note({ step: 'bind', status: 'ok', message: await bindBySasl(host, security, ldap) });
    return;
  }
  const account = { userName, password: connectivity.password.reveal() };
  try {
    const answer = await tryBind(host, security, ldap.tls ?? {}, account, timeoutMs);
    if (answer.result === 0 && answer.policyError === undefined) {
      note({ step: 'bind', status: 'ok', message: `as ${userName}` });
      return;
    }
    const message = `${userName} is refused (${answer.result}): ${bindAdvice(answer)}${saying(answer.diagnostic)}`;
    throw new StepFailed({ step: 'bind', status: 'failed', message });
  } catch (error) {
    if (!(error instanceof LdapError)) throw error;
    throw new StepFailed({
      step: 'bind',
      status: 'failed',
      message: `no answer to the bind: ${redact(error.diagnostic)}`,
    });
  }
}

/** Who the directory takes the connector for. */
async function bindBySasl(host: Host, security: Security, ldap: LdapOptions): Promise<string> {
  try {
    const { name, identity } = await tryCredentials(host, security, ldap);
    if (name === '') return 'anonymous: no user name and no password';
    return identity === undefined ? `by ${name}` : `by ${name} as ${identity}`;
  } catch (error) {
    if (!(error instanceof LdapError)) throw error;
    const message = redact(error.diagnostic);
    throw new StepFailed({ step: 'bind', status: 'failed', message });
  }
}

function saying(diagnostic: string): string {
  return diagnostic === '' ? '' : ` (the server says: ${redact(diagnostic, 200)})`;
}

async function openAt(host: Host, ldap: LdapOptions): Promise<Directory> {
  try {
    return await openLdapDirectory({ ...ldap, hosts: [host] });
  } catch (error) {
    if (!(error instanceof LdapError)) throw error;
    const message = `root DSE or schema cannot be read (${error.result}): ${redact(error.diagnostic)}`;
    throw new StepFailed({ step: 'read', status: 'failed', message });
  }
}
