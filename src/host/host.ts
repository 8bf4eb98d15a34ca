/**
 * `host/` listens. It owns the HTTPS server, its certificate, who may ask, the line that each request leaves, and the
 * order in which all of it starts and stops. It never looks into a SCIM message and never speaks to a directory.
 * Whatever it opens leaves a release on a stack; stopping is starting backwards.
 */
import type { ConnectorRegistry } from '../connector/handle';
import type { Log } from '../telemetry/log';
import type { Metrics } from '../telemetry/metrics';
import { type AdminAppOptions, createAdminApp } from './adminApp';
import { type AdminListener, listenForAdmin } from './adminListener';
import { createApp } from './app';
import { type Certificate, type CertificateInfo, openCertificate } from './certificate';
import { HttpsServer } from './httpsServer';
import { messagesOf } from './messages';
import type { Notifications } from './notifications/notifications';

const CERTIFICATE_CHECK_MS = 3_600_000;
const WARNING_EVERY_MS = 24 * CERTIFICATE_CHECK_MS;
/** Requests of administrators are short, and none is worth holding up the stop of a host. */
const ADMIN_DRAIN_MS = 2_000;

/** How to listen. */
export interface HostOptions {
  /** 0: any free one. */
  readonly port: number;
  /** `::` is every address, of IPv4 too; where IPv6 is switched off it means `0.0.0.0`. */
  readonly address: string;
  readonly certsDirectory: string;
  /** The name by which clients reach this host; its own certificate is made for it. */
  readonly hostName: string;
  /** Milliseconds that a request may take to arrive, and about which its answer has to be on its way. */
  readonly requestTimeoutMs: number;
  /** Milliseconds that requests in flight have to finish when the host stops. */
  readonly drainTimeoutMs: number;
}

/** What the host serves and where it reports. Both are its own from now on: it closes them when it stops. */
export interface HostDependencies {
  readonly registry: ConnectorRegistry;
  readonly log: Log;
  readonly clock?: () => Date;
  /** The audit; the host closes it when it stops. */
  readonly audit?: { append(record: object): void; close(): Promise<void> };
  /** What counts what the host does. */
  readonly metrics?: Metrics;
  /** Who tells people what has happened; absent: nobody does. */
  readonly notifications?: Pick<Notifications, 'certificate' | 'close'>;
  /** The administration, on a listener of its own; absent: there is none. */
  readonly admin?: AdministrationOptions;
}

/** Where administrators ask, and who is one. */
export interface AdministrationOptions
  extends Pick<AdminAppOptions, 'registry' | 'metrics' | 'version' | 'tokenDigests' | 'metricsWithoutToken'> {
  /** 0: any free one. */
  readonly port: number;
  /** HTTP on a loopback address, HTTPS with the host's certificate on every other. */
  readonly address: string;
}

/** A host that listens. */
export interface Host {
  readonly port: number;
  readonly address: string;
  /** The certificate in use. What it warns of has not been logged: that is for whoever announces the host. */
  readonly certificate: CertificateInfo;
  /** Where administrators ask, e.g. `http://127.0.0.1:8586`. */
  readonly adminUrl?: string;
  /** Looks for a renewed certificate now, instead of within the hour. Rejects when the files are faulty; the old one stays in use. */
  renewCertificate(): Promise<void>;
  /** Stops accepting, lets requests in flight finish, closes the registry, flushes the log. Never rejects; stopping twice is stopping once. */
  stop(): Promise<void>;
}

type Release = () => Promise<void> | void;

/**
 * Starts a host. Rejects with a {@link import('./hostError').HostError} that says what to do when the certificate cannot be
 * used or the port cannot be had; then everything is closed again, except the log, to which the caller may have more to say.
 */
export async function startHost(options: HostOptions, dependencies: HostDependencies): Promise<Host> {
  const { log, registry, clock, metrics, notifications, audit } = dependencies;
  const releases: Release[] = [
    () => log.close(),
    () => audit?.close(),
    () => notifications?.close(),
    () => registry.close(),
  ];
  const stopping = new AbortController();
  try {
    const certificates = await watchCertificate(options, dependencies);
    releases.push(certificates.release);
    const app = createApp({
      registry,
      log,
      stopping: stopping.signal,
      ...(clock && { clock }),
      ...(metrics && { metrics }),
      ...(audit && { audit: (record: object) => audit.append(record) }),
    });
    const { cert, key } = certificates.current();
    const server = new HttpsServer(
      {
        cert,
        key,
        requestTimeoutMs: options.requestTimeoutMs,
        messages: messagesOf(app),
        onFull: (connections, remote) =>
          log.warn('there are as many connections as may be, further ones are closed', { connections, remote }),
        onTlsError: (error, remote) => log.debug('a TLS handshake failed', { remote, reason: error.message }),
        onBadRequest: (error, status, remote) =>
          log.warn('an unreadable request was refused', { remote, status, reason: error.message }),
      },
      app,
    );
    const admin = await administrate(dependencies, certificates, stopping.signal);
    releases.push(() => admin?.close(Math.min(options.drainTimeoutMs, ADMIN_DRAIN_MS)));
    certificates.onRenewal((renewed) => {
      server.renew(renewed.cert, renewed.key);
      admin?.renew(renewed.cert, renewed.key);
    });
    const { port, address } = await server.listen(options.port, options.address);
    releases.push(async () => {
      const cutOff = await server.close(options.drainTimeoutMs);
      if (cutOff > 0) log.warn('requests were cut off when the host stopped', { requests: cutOff });
    });
    let stopped: Promise<void> | undefined;
    return {
      port,
      address,
      ...(admin && { adminUrl: admin.url }),
      get certificate() {
        return certificates.current().info;
      },
      renewCertificate: certificates.renew,
      stop: () => {
        stopping.abort();
        stopped ??= release(releases, log);
        return stopped;
      },
    };
  } catch (error) {
    await release(releases.slice(1), log);
    throw error;
  }
}

/** Listens for administrators, where somebody wants that. */
async function administrate(
  { admin, log, clock, audit }: HostDependencies,
  certificates: WatchedCertificate,
  stopping: AbortSignal,
): Promise<AdminListener | undefined> {
  if (admin === undefined) return undefined;
  const certificate = () => certificates.current().info;
  admin.metrics.watch({
    connectors: () => admin.registry.all().map(({ operations }) => operations.sample()),
    certificateExpiry: () => certificate().validTo,
  });
  const app = createAdminApp({
    ...admin,
    log,
    certificate,
    stopping,
    ...(clock && { clock }),
    ...(audit && { audit: (record: object) => audit.append(record) }),
  });
  return listenForAdmin(admin, certificates.current(), app);
}

/** Backwards; one release that fails does not keep the others from happening. */
async function release(releases: readonly Release[], log: Log): Promise<void> {
  for (const each of releases.toReversed()) {
    try {
      await each();
    } catch (error) {
      log.error('something could not be closed when the host stopped', { error });
    }
  }
}

interface WatchedCertificate {
  current(): Certificate;
  onRenewal(listener: (renewed: Certificate) => void): void;
  renew(): Promise<void>;
  release(): void;
}

/** Opens the certificate, and looks every hour whether it was replaced or has to be made anew; warns of it once a day. */
async function watchCertificate(
  { certsDirectory, hostName }: HostOptions,
  { log, clock, notifications }: HostDependencies,
): Promise<WatchedCertificate> {
  const files = { directory: certsDirectory, hostName, ...(clock && { clock }) };
  let current = await openCertificate(files);
  notifications?.certificate(current.info);
  const now = () => (clock?.() ?? new Date()).getTime();
  let warned = now();
  let listener: (renewed: Certificate) => void = () => undefined;
  const renew = async (): Promise<void> => {
    const found = await openCertificate(files);
    const { file, validTo, fingerprint256, warnings } = found.info;
    const replaced = found.cert !== current.cert || found.key !== current.key;
    current = found;
    notifications?.certificate(found.info);
    if (replaced) {
      listener(found);
      log.info('the host uses another certificate from now on', { file, validTo, fingerprint256 });
    }
    // Whoever announces the host has said what the first one warns of.
    if (!replaced && now() < warned + WARNING_EVERY_MS) return;
    warned = now();
    for (const warning of warnings) log.warn(warning);
  };
  const timer = setInterval(() => {
    renew().catch((error: unknown) =>
      log.error('the certificate could not be renewed; the old one stays in use', { error }),
    );
  }, CERTIFICATE_CHECK_MS).unref();
  return {
    current: () => current,
    onRenewal: (given) => {
      listener = given;
    },
    renew,
    release: () => clearInterval(timer),
  };
}
