/**
 * The built program in a process and a folder of its own, spoken to over HTTPS as an identity provider does. When it is
 * ended, everything that it has said and kept is searched for the secrets that it was given.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ScimClient } from './scimClient';

/** `CONNECTOR_HOST_MAIN` names another build to test than that of this folder. */
export const program = process.env.CONNECTOR_HOST_MAIN ?? join(__dirname, '../../dist/main.js');

/** Every secret of a test begins like this, so that none can be overlooked. */
const marker = 'S3cret';
export const secret = (name: string) => `${marker}-${name}-never-shown`;

export interface HostOptions {
  /** Name → connector file, as text or as what becomes its JSON. */
  readonly connectors: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
  /** Further words that must not appear anywhere, e.g. the password of the directory's account. */
  readonly secrets?: readonly string[];
  /** `ready` (the default): every connector serves. */
  readonly until?: 'ready' | 'listening';
}

const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** A host under test. */
export class HostProcess {
  readonly folder = mkdtempSync(join(tmpdir(), 'host-'));
  readonly #options: HostOptions;
  readonly #clients: ScimClient[] = [];
  #child: ChildProcess | undefined;
  #ended: Promise<number | null> = Promise.resolve(null);
  #answers = '';
  #output = '';
  #port = 0;
  /** Milliseconds from the start of the process to its line "listening". */
  listeningAfterMs = 0;

  private constructor(options: HostOptions) {
    this.#options = options;
    mkdirSync(join(this.folder, 'connectors'));
    for (const [name, file] of Object.entries(options.connectors)) this.writeConnector(name, file);
  }

  /** Starts a host with these connectors and waits until it serves. */
  static async start(options: HostOptions): Promise<HostProcess> {
    const host = new HostProcess(options);
    try {
      await host.#start();
      return host;
    } catch (error) {
      await host.end().catch(() => undefined);
      rmSync(host.folder, { recursive: true, force: true });
      throw error;
    }
  }

  get port(): number {
    return this.#port;
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /** Everything that it has written, to stdout and to stderr. */
  get output(): string {
    return this.#output;
  }

  writeConnector(name: string, file: unknown): void {
    const text = typeof file === 'string' ? file : JSON.stringify(file, undefined, 2);
    writeFileSync(join(this.folder, 'connectors', `${name}.json`), text);
  }

  /** The secret token that the host has made for a connector. */
  token(connector: string): string {
    return readFileSync(join(this.folder, 'certs', `${connector}.token`), 'utf8').trim();
  }

  /** A client of a connector, with its token; with '' one of the host itself, without any. */
  client(connector: string, token = connector === '' ? undefined : this.token(connector)): ScimClient {
    const client = new ScimClient({
      port: this.#port,
      ca: readFileSync(join(this.folder, 'certs/self-signed.crt'), 'utf8'),
      base: connector === '' ? '' : `/ecma2host_${connector}/scim`,
      token,
      onAnswer: ({ text, headers }) => {
        this.#answers += `${JSON.stringify(headers)}${text}\n`;
      },
    });
    this.#clients.push(client);
    return client;
  }

  /** Ends it by a signal and answers its exit code (null: the signal's own end). It can be started again. */
  async end(signal: NodeJS.Signals = 'SIGTERM', patienceMs = PATIENCE_MS): Promise<number | null> {
    const child = this.#child;
    if (child === undefined) return null;
    child.kill(signal);
    const timer = setTimeout(() => child.kill('SIGKILL'), patienceMs);
    const code = await this.#ended;
    clearTimeout(timer);
    for (const client of this.#clients.splice(0)) client.close();
    return code;
  }

  /** Ends it and starts it again on the same folder and port; clients have to be made anew. */
  async restart(signal?: NodeJS.Signals): Promise<void> {
    await this.end(signal);
    await this.#start();
  }

  /** Ends it, and looks for secrets in all that it has said and kept. */
  async stop(): Promise<void> {
    const tokens = Object.keys(this.#options.connectors).flatMap((name) => this.#tokenIfMade(name));
    const wasRunning = this.#child !== undefined;
    const code = await this.end();
    const found = this.#secretsFound([marker, ...tokens, ...(this.#options.secrets ?? [])]);
    rmSync(this.folder, { recursive: true, force: true });
    expect(found).toEqual([]);
    if (wasRunning) expect(code).toBe(0);
  }

  async #start(): Promise<void> {
    const { args = [], env = {}, until = 'ready' } = this.#options;
    const { SECRET_TOKEN: _token, ...inherited } = process.env;
    const started = performance.now();
    const flags = ['serve', '--port', String(this.#port), ...args];
    const child = spawn(process.execPath, [program, ...flags], { cwd: this.folder, env: { ...inherited, ...env } });
    this.#child = child;
    running.add(child);
    this.#ended = new Promise((resolve) => {
      child.once('close', (code) => {
        running.delete(child);
        this.#child = undefined;
        resolve(code);
      });
    });
    const before = this.#output.length;
    await new Promise<void>((resolve, reject) => {
      const late = setTimeout(
        () => reject(new Error(`The host does not listen after a minute:\n${this.#output.slice(-2000)}`)),
        PATIENCE_MS,
      );
      const hear = (text: Buffer) => {
        this.#output += text.toString();
        const port = /"message":"[^"]*listen[^"]*","port":(\d+)/.exec(this.#output.slice(before))?.[1];
        if (port === undefined) return;
        if (this.#port === 0) this.listeningAfterMs = performance.now() - started;
        this.#port = Number(port);
        clearTimeout(late);
        resolve();
      };
      child.stdout.on('data', hear);
      child.stderr.on('data', hear);
      child.once('close', (code) => reject(new Error(`The host ended (${code}):\n${this.#output.slice(-2000)}`)));
      child.once('close', () => clearTimeout(late));
    });
    // A test that fails before it ends its host must not keep the test run from ending.
    child.unref();
    for (const stream of [child.stdout, child.stderr]) (stream as Socket).unref();
    if (until === 'ready') await this.ready();
  }

  /** Waits until every connector serves. */
  async ready(): Promise<void> {
    const client = this.client('');
    await eventually(async () => {
      const { status, text } = await client.get('/readyz');
      if (status !== 200) throw new Error(`not ready: ${text}\n${this.#output.slice(-2000)}`);
    });
  }

  /** Waits until the first import of these connectors has ended well, so that lists are served. */
  async imported(connectors: readonly string[]): Promise<void> {
    for (const name of connectors) {
      const client = this.client(name);
      await eventually(async () => {
        const { status, text } = await client.get('/Users?count=0');
        if (status !== 200) throw new Error(`${name} serves no list: ${status} ${text}\n${this.#output.slice(-2000)}`);
      });
    }
  }

  #tokenIfMade(connector: string): string[] {
    try {
      return [this.token(connector)];
    } catch {
      return [];
    }
  }

  #secretsFound(words: readonly string[]): string[] {
    const state = join(this.folder, 'state');
    const places: [string, string][] = [
      ['output', this.#output],
      ['answers', this.#answers],
      ...filesIn(state).map((name): [string, string] => [name, readFileSync(join(state, name), 'latin1')]),
    ];
    return places.flatMap(([place, text]) =>
      words.filter((word) => text.includes(word)).map((word) => `${place}: ${word}`),
    );
  }
}

function filesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** Milliseconds that tests wait for what has to come: for machines that are busy with something else. */
const PATIENCE_MS = 60_000;

/** Repeats until it does not throw; when patience ends, its own last error is thrown. */
export async function eventually<T>(attempt: () => Promise<T>, patienceMs = PATIENCE_MS): Promise<T> {
  for (const deadline = Date.now() + patienceMs; ; await new Promise((resolve) => setTimeout(resolve, 20))) {
    try {
      return await attempt();
    } catch (error) {
      if (Date.now() > deadline) throw error;
    }
  }
}
