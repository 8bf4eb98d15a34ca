/**
 * The metrics of one host, by the conventions of Prometheus; `docs/metrics.md` has their table. What happens is counted
 * when it happens; what stands (states, entries, ages) is asked for when somebody scrapes. It owns one registry, knows
 * no other room, and takes label values only from sets that the configuration bounds.
 */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/** A request that was answered, or given up by its client. */
export interface RequestSample {
  /** Empty when the request carried no valid secret token: what nobody vouches for is no label. */
  readonly connector: string;
  /** `Users`, `Schemas`, … as the connector serves it; `other` for all else. */
  readonly endpoint: string;
  readonly method: string;
  readonly status: number | 'aborted';
  readonly durationMs: number;
}

/** An LDAP operation that has ended. */
export interface OperationSample {
  readonly operation: string;
  /** The name of the result code, or why there is none. */
  readonly result: string;
  readonly durationMs: number;
}

/** A run of an import that has ended. Times are milliseconds since the epoch. */
export interface ImportSample {
  readonly profile: string;
  readonly outcome: string;
  readonly started: number;
  readonly ended: number;
  readonly counts: Readonly<Record<(typeof importChanges)[number] | 'seen', number>>;
}

/** An export that has ended. */
export interface ExportSample {
  readonly operation: string;
  readonly outcome: string;
}

/** A connector at the moment of a scrape. */
export interface ConnectorSample {
  readonly name: string;
  readonly state: string;
  readonly directoryReachable?: boolean;
  /** Entries of the connector space by resource type. */
  readonly entries?: Readonly<Record<string, number>>;
  /** When the full import that filled the space began, in milliseconds since the epoch. */
  readonly importedAt?: number;
  readonly importRunning?: boolean;
  /** Changes that wait until it is the turn of their entry. */
  readonly turnsWaiting?: number;
  /** Whether a guard rail stops an operation, by operation. */
  readonly guardRails?: Readonly<Record<string, boolean>>;
}

/** What a scrape asks. */
export interface MetricsSource {
  readonly connectors: () => readonly ConnectorSample[];
  readonly certificateExpiry: () => Date;
}

const states = ['serving', 'opening', 'faulty', 'inactive'];
const importChanges = ['added', 'updated', 'unchanged', 'deleted', 'failed'] as const;
const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);
const prefix = 'connector_host_';

const requestBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const operationBuckets = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const importBuckets = [0.1, 0.5, 1, 5, 10, 30, 60, 300, 600, 1_800, 3_600, 7_200, 21_600];

/** The metrics of a host. Its methods never throw and cost a few microseconds at most. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #now: () => number;
  readonly #requests = this.#counter('http_requests_total', 'Requests that have ended', [
    'connector',
    'endpoint',
    'method',
    'status',
  ]);
  readonly #requestSeconds = this.#histogram(
    'http_request_duration_seconds',
    'Time from the arrival of a request to the end of its answer',
    ['connector', 'endpoint', 'method'],
    requestBuckets,
  );
  readonly #requestsInFlight = this.#gauge('http_requests_in_flight', 'Requests that are being answered', []);
  readonly #operations = this.#counter('ldap_operations_total', 'LDAP operations that have ended', [
    'connector',
    'operation',
    'result',
  ]);
  readonly #operationSeconds = this.#histogram(
    'ldap_operation_duration_seconds',
    'Time from an LDAP operation’s first octet to its result',
    ['connector', 'operation'],
    operationBuckets,
  );
  readonly #exports = this.#counter('exports_total', 'Exports that have ended', ['connector', 'operation', 'outcome']);
  readonly #imports = this.#counter('import_runs_total', 'Runs of imports that have ended', [
    'connector',
    'profile',
    'outcome',
  ]);
  readonly #importSeconds = this.#histogram(
    'import_duration_seconds',
    'Time that runs of imports have taken',
    ['connector', 'profile'],
    importBuckets,
  );
  readonly #importEntriesRead = this.#counter('import_entries_read_total', 'Entries that imports have read', [
    'connector',
    'profile',
  ]);
  readonly #importEntries = this.#counter('import_entries_total', 'Entries of imports by what became of them', [
    'connector',
    'profile',
    'change',
  ]);
  readonly #auditLinesLost = this.#counter('audit_lines_lost_total', 'Lines of the audit file that were given up', []);
  readonly #reloadSuccessful = this.#gauge(
    'config_last_reload_successful',
    'Whether the last reload of the configuration succeeded: 1 or 0',
    [],
  );
  readonly #reloadTime = this.#gauge(
    'config_last_reload_success_timestamp_seconds',
    'When the configuration was last taken over',
    [],
  );
  /** Connector → when its last successful import ended, in milliseconds since the epoch. */
  readonly #successes = new Map<string, number>();

  /** `now` answers milliseconds since the epoch. */
  constructor(version: string, now: () => number = Date.now) {
    this.#now = now;
    this.#gauge('build_info', 'Always 1; the version of the host is its label', ['version']).set({ version }, 1);
    this.reloaded(true, new Date(now()));
    collectDefaultMetrics({ register: this.#registry });
    // They are gauges under a counter's suffix, and the sums of metrics that stay.
    for (const kind of ['resources', 'handles', 'requests']) {
      this.#registry.removeSingleMetric(`nodejs_active_${kind}_total`);
    }
  }

  /** A line of the audit file had to be given up. */
  auditLineLost(): void {
    this.#auditLinesLost.inc();
  }

  /** Whom to ask whether the audit file takes nothing. To be called once, where there is one. */
  watchAudit(failing: () => boolean): void {
    this.#scraped('audit_file_failing', 'Whether the audit file cannot be written: 1 or 0', [], (gauge) =>
      gauge.set(failing() ? 1 : 0),
    );
  }

  /** Whom to ask for what stands. To be called once. */
  watch({ connectors, certificateExpiry }: MetricsSource): void {
    this.#scraped('certificate_expiry_timestamp_seconds', 'When the certificate of the host expires', [], (gauge) =>
      gauge.set(certificateExpiry().getTime() / 1000),
    );
    this.#scraped('connector_state', '1 for the state that a connector is in', ['connector', 'state'], (gauge) => {
      for (const { name, state } of connectors()) {
        for (const each of states) gauge.set({ connector: name, state: each }, each === state ? 1 : 0);
      }
    });
    this.#scraped('space_entries', 'Entries in the connector space', ['connector', 'resource_type'], (gauge) => {
      for (const { name, entries = {} } of connectors()) {
        for (const [type, count] of Object.entries(entries)) gauge.set({ connector: name, resource_type: type }, count);
      }
    });
    this.#scraped(
      'guard_rail_tripped',
      'Whether a guard rail stops an operation: 1 or 0',
      ['connector', 'operation'],
      (gauge) => {
        for (const { name, guardRails = {} } of connectors()) {
          for (const [operation, tripped] of Object.entries(guardRails))
            gauge.set({ connector: name, operation }, tripped ? 1 : 0);
        }
      },
    );
    const perConnector = (
      name: string,
      help: string,
      sampleValue: (sample: ConnectorSample) => number | undefined,
    ): void =>
      this.#scraped(name, help, ['connector'], (gauge) => {
        for (const sample of connectors()) {
          const value = sampleValue(sample);
          if (value !== undefined) gauge.set({ connector: sample.name }, value);
        }
      });
    perConnector('directory_reachable', 'Whether the last import reached the directory: 1 or 0', (sample) =>
      flag(sample.directoryReachable),
    );
    perConnector('import_running', 'Whether an import is under way: 1 or 0', (sample) => flag(sample.importRunning));
    perConnector('import_last_success_timestamp_seconds', 'When the last successful import ended', (sample) =>
      this.#lastSuccess(sample),
    );
    perConnector('import_age_seconds', 'Time since the last successful import ended', (sample) => {
      const last = this.#lastSuccess(sample);
      return last === undefined ? undefined : Math.max(0, this.#now() / 1000 - last);
    });
    perConnector('turns_waiting', 'Changes that wait for the turn of their entry', (sample) => sample.turnsWaiting);
  }

  /** A request has arrived; {@link requestEnded} has to follow. */
  requestBegan(): void {
    this.#requestsInFlight.inc();
  }

  /** It was answered, or given up. */
  requestEnded({ connector, endpoint, method, status, durationMs }: RequestSample): void {
    this.#requestsInFlight.dec();
    const known = methods.has(method) ? method : 'other';
    this.#requestSeconds.observe({ connector, endpoint, method: known }, durationMs / 1000);
    this.#requests.inc({ connector, endpoint, method: known, status });
  }

  /** An LDAP operation of a connector has ended. */
  ldapOperation(connector: string, { operation, result, durationMs }: OperationSample): void {
    this.#operationSeconds.observe({ connector, operation }, durationMs / 1000);
    this.#operations.inc({ connector, operation, result });
  }

  /** An export of a connector has ended. */
  exported(connector: string, { operation, outcome }: ExportSample): void {
    this.#exports.inc({ connector, operation, outcome });
  }

  /** A run of an import of a connector has ended. */
  importEnded(connector: string, { profile, outcome, started, ended, counts }: ImportSample): void {
    this.#imports.inc({ connector, profile, outcome });
    this.#importSeconds.observe({ connector, profile }, (ended - started) / 1000);
    this.#importEntriesRead.inc({ connector, profile }, counts.seen);
    for (const change of importChanges) this.#importEntries.inc({ connector, profile, change }, counts[change]);
    if (outcome === 'success' || outcome === 'completedWithErrors') this.#successes.set(connector, ended);
  }

  /** The configuration was read again: taken over as a whole, or refused. */
  reloaded(successful: boolean, at: Date): void {
    this.#reloadSuccessful.set(successful ? 1 : 0);
    if (successful) this.#reloadTime.set(at.getTime() / 1000);
  }

  /** The exposition, and its media type. */
  async expose(): Promise<{ readonly contentType: string; readonly text: string }> {
    return { contentType: this.#registry.contentType, text: await this.#registry.metrics() };
  }

  /** Seconds since the epoch. After a restart the space itself knows of the import that filled it. */
  #lastSuccess({ name, importedAt }: ConnectorSample): number | undefined {
    const last = Math.max(this.#successes.get(name) ?? 0, importedAt ?? 0);
    return last === 0 ? undefined : last / 1000;
  }

  #counter(name: string, help: string, labelNames: string[]): Counter {
    return new Counter({ name: prefix + name, help: `${help}.`, labelNames, registers: [this.#registry] });
  }

  #histogram(name: string, help: string, labelNames: string[], buckets: number[]): Histogram {
    return new Histogram({ name: prefix + name, help: `${help}.`, labelNames, buckets, registers: [this.#registry] });
  }

  #gauge(name: string, help: string, labelNames: string[]): Gauge {
    return new Gauge({ name: prefix + name, help: `${help}.`, labelNames, registers: [this.#registry] });
  }

  /** A gauge that is made anew at each scrape, so that a connector that is gone leaves nothing behind. */
  #scraped(name: string, help: string, labelNames: string[], read: (gauge: Gauge) => void): void {
    const collect = function (this: Gauge): void {
      this.reset();
      read(this);
    };
    new Gauge({ name: prefix + name, help: `${help}.`, labelNames, registers: [this.#registry], collect });
  }
}

function flag(value: boolean | undefined): number | undefined {
  return value === undefined ? undefined : value ? 1 : 0;
}
