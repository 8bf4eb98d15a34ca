/**
 * Changes without a restart: files are watched, read aside, and taken over whole or not at all. `SIGHUP` does the same
 * at once. What is in use goes on being used while something is wrong with what is new.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { FolderFault } from '../config/connectorFolder';
import { FileWatch } from '../config/fileWatch';
import { changedSettings } from '../config/hostFile';
import type { ConnectorDefinitions } from '../connector/registry';
import type { Host } from '../host/host';
import type { Log } from '../telemetry/log';
import { type ConfigurationChange, ConfigurationChanges } from './configurationChanges';
import { type ConnectorFiles, certificateFiles, type ReadConnectors } from './connectorFiles';
import { type HostFlags, readFlags } from './options';

/** How the last attempt to take over changed files went. */
export interface ReloadStatus {
  readonly successful: boolean;
  readonly at: Date;
  /** The certificate was replaced. */
  readonly certificate?: 'renewed';
  /** Paths in host.json, and those of them that need a restart. */
  readonly settings?: readonly string[];
  readonly needRestart?: readonly string[];
  readonly connectors?: readonly ReloadedConnector[];
}

/** A connector whose configuration has changed, or was refused. */
export interface ReloadedConnector extends Partial<ConfigurationChange> {
  readonly connector: string;
  /** It was not taken over. */
  readonly refused?: true;
}

/** What reloading needs. */
export interface ReloadOptions {
  readonly command: Command;
  readonly flags: HostFlags;
  readonly connectorFiles: ConnectorFiles;
  /** The connectors as they were read at the start. */
  readonly read: Pick<ReadConnectors, 'files' | 'sources'>;
  readonly registry: ConnectorDefinitions;
  readonly host: Pick<Host, 'certificate' | 'renewCertificate'>;
  readonly log: Log;
  /** Takes over what may change while the host runs. */
  readonly onSettings: (flags: HostFlags) => void;
  readonly onStatus: (status: ReloadStatus) => void;
}

const firstRetryMs = 10_000;
const longestRetryMs = 300_000;

/** Watches until it is closed. */
export class Reloading {
  readonly #options: ReloadOptions;
  readonly #watch: FileWatch;
  #flags: HostFlags;
  #files: readonly string[];
  readonly #changes: ConfigurationChanges;
  /** What this reload has changed so far. */
  #done: Omit<ReloadStatus, 'successful' | 'at'> = {};
  #work: Promise<void> = Promise.resolve();
  #saidOfConnectors = '';
  #saidOfSettings = '';
  #retry: NodeJS.Timeout | undefined;
  #retries = 0;

  constructor(options: ReloadOptions) {
    this.#options = options;
    this.#flags = options.flags;
    this.#files = options.read.files;
    this.#changes = new ConfigurationChanges(options.read.sources);
    const { connectors, certs, hostFile } = options.flags;
    this.#watch = new FileWatch({
      files: () => [
        ...new Set([hostFile, ...connectorFilesIn(connectors), ...certificateFiles(certs), ...this.#files]),
      ],
      folders: [connectors],
      onChange: (changed) => this.reload(changed),
    });
  }

  /** Reads again what has changed, or everything. Never rejects: what is wrong is in the log. */
  reload(changed?: ReadonlySet<string>): Promise<void> {
    this.#work = this.#work.then(() => this.#reload(changed));
    return this.#work;
  }

  close(): void {
    this.#watch.close();
    clearTimeout(this.#retry);
  }

  async #reload(changed: ReadonlySet<string> | undefined): Promise<void> {
    const { log, onStatus } = this.#options;
    const certificates = certificateFiles(this.#flags.certs);
    const all = changed === undefined;
    this.#done = {};
    const others = all || [...changed].some((file) => !certificates.includes(file));
    try {
      const certified = all || certificates.some((file) => changed.has(file)) ? await this.#certificate() : true;
      const settled = others ? this.#settings() : true;
      const taken = others ? await this.#connectors() : true;
      onStatus({ ...this.#done, successful: certified && settled && taken, at: new Date() });
    } catch (error) {
      log.error('changed files could not be taken over: what was in use stays in use', { error });
      onStatus({ ...this.#done, successful: false, at: new Date() });
    }
  }

  async #certificate(): Promise<boolean> {
    const { host, log } = this.#options;
    try {
      const before = host.certificate.fingerprint256;
      await host.renewCertificate();
      if (host.certificate.fingerprint256 !== before) this.#done = { ...this.#done, certificate: 'renewed' };
      return true;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      log.error(`the certificate was not replaced, the old one stays in use: ${reason}`);
      return false;
    }
  }

  #settings(): boolean {
    const { command, log, onSettings } = this.#options;
    const { flags, file, faults } = readFlags(command);
    if (faults.length > 0) {
      const words = JSON.stringify(faults);
      for (const { path, line, message } of words === this.#saidOfSettings ? [] : faults)
        log.error(message, { file: file.file, path, line });
      this.#saidOfSettings = words;
      return false;
    }
    this.#saidOfSettings = '';
    const changes = changedSettings(this.#flags, flags);
    const [settings, needRestart] = [changes, changes.filter(({ live }) => !live)].map((some) =>
      some.map(({ path }) => path),
    );
    if (changes.length > 0) this.#done = { ...this.#done, settings, needRestart };
    for (const { path, live } of changes) {
      if (live) log.info(`${path} has changed`, { file: file.file });
      else log.warn(`${path} has changed: it needs a restart of the host`, { file: file.file });
    }
    this.#flags = flags;
    onSettings(flags);
    return true;
  }

  async #connectors(): Promise<boolean> {
    const { connectorFiles, flags, registry, log } = this.#options;
    clearTimeout(this.#retry);
    let read: ReturnType<ConnectorFiles['read']>;
    try {
      // Other folders need a restart: those of the start count.
      read = connectorFiles.read(flags);
    } catch (error) {
      if (!(error instanceof FolderFault)) throw error;
      log.error(`${error.message} The connectors stay as they are.`);
      return false;
    }
    this.#files = read.files;
    const gone = registry.all().filter(({ name }) => !read.definitions.some((one) => one.name === name));
    for (const { name } of gone) log.info('the connector is closed: its file is gone', { connector: name });
    const refused = await registry.apply(read.definitions);
    this.#done = { ...this.#done, ...this.#reloaded(read, refused) };
    const words = JSON.stringify(refused);
    for (const { name, reason } of words === this.#saidOfConnectors ? [] : refused)
      log.error(`the changed connector file was not taken over, the connector goes on as it was: ${reason}`, {
        connector: name,
      });
    this.#saidOfConnectors = words;
    if (refused.some(({ name }) => read.definitions.some((one) => one.name === name && 'options' in one))) {
      this.#tryAgain();
      return false;
    }
    this.#retries = 0;
    return refused.length === 0 && !read.faulty;
  }

  #reloaded(read: ReadConnectors, refused: readonly { readonly name: string }[]): Pick<ReloadStatus, 'connectors'> {
    const changes = new Map(this.#changes.since(read.sources).map((one) => [one.connector, one]));
    const faulty = read.definitions.filter((definition) => 'fault' in definition);
    const notTaken = new Set([...refused, ...faulty].map(({ name }) => name));
    const names = [...new Set([...changes.keys(), ...notTaken])].sort();
    if (names.length === 0) return {};
    const connectors = names.map((connector) => ({
      connector,
      ...changes.get(connector),
      ...(notTaken.has(connector) && { refused: true as const }),
    }));
    return { connectors };
  }

  /** A directory that was down when its connector's file changed may be up later. */
  #tryAgain(): void {
    const pause = Math.min(firstRetryMs * 2 ** this.#retries, longestRetryMs);
    this.#retries += 1;
    this.#retry = setTimeout(() => void this.reload(new Set([this.#flags.connectors])), pause).unref();
  }
}

function connectorFilesIn(folder: string): string[] {
  try {
    return readdirSync(folder).flatMap((name) =>
      name.endsWith('.json') && !name.endsWith('.example.json') ? [join(folder, name)] : [],
    );
  } catch {
    return [];
  }
}
