/** `discover`: from a URL to what a directory is, what it can do, who lives in it, and a connector file that opens. */
import { inspectTls, ProbeFailure, reachPort, resolveName, type ServerCertificate } from '../directory/connectionProbe';
import type { Directory, DirectoryDescription } from '../directory/directory';
import { DN } from '../directory/dn';
import type { Entry } from '../directory/entry';
import { LdapError } from '../directory/error';
import { present } from '../directory/filter';
import { type LdapOptions, openLdapDirectory } from '../directory/ldapDirectory';
import { oidName } from '../directory/oidNames';
import { traitsOf } from '../directory/traits';
import { redact } from '../telemetry/secret';
import { bindAdvice } from './bindAdvice';
import { type ChangeSourceFinding, findChangeSources } from './changeSourceFinding';
import { type FeatureFinding, featuresOf } from './features';
import { compileObjectTypes } from './objectTypes';
import type { ConnectorOptions, Fault } from './options';
import { type Population, surveyPopulation } from './population';

/** Where to look, and as whom. */
export interface DiscoveryRequest {
  readonly host: string;
  readonly port: number;
  readonly security: 'none' | 'ldaps' | 'startTLS';
  readonly userName?: string;
  readonly password?: string;
  readonly ca?: Buffer;
  readonly thumbprint?: string;
  /** Where to begin; absent: at each naming context. */
  readonly base?: string;
  /** Entries that are read per naming context at most. */
  readonly limit: number;
  readonly timeoutMs: number;
}

/** An OID with its name, where it has one. */
export interface NamedOid {
  readonly oid: string;
  readonly name?: string;
}

/** The server's certificate, and why it is not trusted where it is not. */
export interface CertificateFinding {
  readonly certificate: ServerCertificate;
  readonly protocol: string;
  readonly distrust?: string;
}

/** What was found. `directory` is absent where the certificate is not trusted: nothing more is said to such a server. */
export interface Discovery {
  readonly tls?: CertificateFinding;
  readonly directory?: DirectoryFinding;
}

export interface DirectoryFinding {
  readonly description: DirectoryDescription;
  /** For people. */
  readonly productName: string;
  /** Why it takes no changes, or what to know before it is given some. For people. */
  readonly writing?: string;
  readonly controls: readonly NamedOid[];
  readonly extensions: readonly NamedOid[];
  readonly features: readonly FeatureFinding[];
  readonly changeSources: readonly ChangeSourceFinding[];
  readonly populations: readonly Population[];
  /** Names of the attributes that entries of these classes may have; undefined for a class that the schema lacks. */
  attributesOf(classes: readonly string[]): readonly string[] | undefined;
  /** What the directory's schema has against a connector's options. */
  faultsOf(options: ConnectorOptions): readonly Fault[];
}

/** The directory cannot be looked at; the message says which of name, TCP, TLS, bind and read it was, and what to do. */
export class DiscoveryFailure extends Error {
  override readonly name = 'DiscoveryFailure';
}

const bindings = { none: 'Basic', ldaps: 'SSL', startTLS: 'TLS' } as const;

/** Looks at a directory; writes nothing. @throws DiscoveryFailure */
export async function discover(request: DiscoveryRequest): Promise<Discovery> {
  try {
    return await look(request);
  } catch (error) {
    if (error instanceof ProbeFailure) throw new DiscoveryFailure(sentence(request, error.message), { cause: error });
    if (error instanceof LdapError) throw new DiscoveryFailure(refusal(request, error), { cause: error });
    throw error;
  }
}

async function look(request: DiscoveryRequest): Promise<Discovery> {
  const { host, port, security, ca, thumbprint, timeoutMs } = request;
  const trust = { ...(ca === undefined ? {} : { ca }), ...(thumbprint === undefined ? {} : { thumbprint }) };
  await resolveName({ host, port });
  await reachPort({ host, port }, timeoutMs);
  const tls = security === 'none' ? undefined : await inspectTls({ host, port }, security, trust, timeoutMs);
  if (tls?.distrust !== undefined) return { tls };
  const directory = await openLdapDirectory(ldapOptionsOf(request, trust));
  try {
    const found = await describe(directory, request);
    return { ...(tls === undefined ? {} : { tls }), directory: found };
  } finally {
    await directory.close();
  }
}

function sentence({ host, port }: DiscoveryRequest, reason: string): string {
  return `${host}:${port} cannot be reached: ${reason}.`;
}

function refusal(request: DiscoveryRequest, { operation, result, diagnostic }: LdapError): string {
  const { userName = 'an anonymous user' } = request;
  if (typeof result !== 'number') return sentence(request, redact(diagnostic));
  if (operation === 'bind') return `${userName} is refused (${result}): ${bindAdvice({ result, diagnostic })}.`;
  return `The directory does not show itself to ${userName} (${operation}: ${result}): give an account that may read with --user-name. It says: ${redact(diagnostic)}`;
}

function ldapOptionsOf(request: DiscoveryRequest, tls: LdapOptions['tls']): LdapOptions {
  const { host, port, security, userName, password, timeoutMs } = request;
  const anonymous = userName === undefined || password === undefined;
  return {
    hosts: [{ host, port }],
    binding: anonymous && security === 'none' ? 'Anonymous' : bindings[security],
    connectionTimeoutMs: timeoutMs,
    operationTimeoutMs: timeoutMs,
    ...(tls === undefined ? {} : { tls }),
    ...(anonymous ? {} : { userName, password: () => password }),
  };
}

async function describe(directory: Directory, { base, limit }: DiscoveryRequest): Promise<DirectoryFinding> {
  const { description, schema } = directory;
  const { name: productName, readOnly, caution } = traitsOf(description.product);
  const rootDSE = await rootOf(directory);
  const changeSources = await findChangeSources(directory);
  const populations: Population[] = [];
  for (const top of base === undefined ? description.namingContexts : [base])
    populations.push(await surveyPopulation(directory, top, limit));
  return {
    description,
    productName,
    writing: readOnly ?? caution,
    controls: description.supportedControls.map(named),
    extensions: description.supportedExtensions.map(named),
    features: featuresOf(directory, rootDSE, changeSources),
    changeSources,
    populations,
    attributesOf: (classes) => {
      if (classes.some((name) => schema.objectClass(name) === undefined)) return undefined;
      const { must, may } = schema.requirements(classes);
      return [...must, ...may].map(({ name }) => name);
    },
    faultsOf: (options) => compileObjectTypes(options, description, schema).faults,
  };
}

function named(oid: string): NamedOid {
  const name = oidName(oid);
  return name === undefined ? { oid } : { oid, name };
}

async function rootOf(directory: Directory): Promise<Entry> {
  const filter = present('objectClass');
  for await (const entry of directory.search({ base: DN.root, scope: 'base', filter, attributes: ['*', '+'] }))
    return entry;
  throw new Error('the directory showed its root DSE a moment ago and does not any more: try again');
}
