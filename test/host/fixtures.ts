/** A host on a free port, with connectors that a test can change while it runs. */
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { get as httpsGet, type RequestOptions } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import type { ConnectorHandle, ConnectorRegistry, ConnectorStatus } from '../../src/connector/handle';
import { type AppOptions, createApp } from '../../src/host/app';
import { type Host, type HostOptions, startHost } from '../../src/host/host';
import { requestWiring } from '../../src/host/requestWiring';
import type { Context, ResourceHandler } from '../../src/scim/handler';
import type { ResourceType } from '../../src/scim/resourceType';
import type { ServiceProvider } from '../../src/scim/serviceProvider';
import { createLog } from '../../src/telemetry/log';

export const sha256 = (token: string) => createHash('sha256').update(token).digest();

export class TestConnector implements ConnectorHandle {
  told: ConnectorStatus = { state: 'serving' };
  tokenDigests: Buffer[];
  provider: ConnectorHandle['provider'];
  entries: readonly string[] = ['[{"dn":"cn=a"}', ',{"dn":"cn=b"}', ']'];
  cacheError: Error | undefined;
  closedReads = 0;

  constructor(
    readonly name: string,
    tokens: readonly string[],
    provider: ConnectorHandle['provider'],
  ) {
    this.tokenDigests = tokens.map(sha256);
    this.provider = provider;
  }

  get state(): ConnectorStatus['state'] {
    return this.told.state;
  }

  status(): ConnectorStatus {
    return this.told;
  }

  async *cache(): AsyncGenerator<string> {
    if (this.cacheError) throw this.cacheError;
    try {
      yield* this.entries;
    } finally {
      this.closedReads += 1;
    }
  }
}

export class TestRegistry implements ConnectorRegistry {
  readonly connectors: TestConnector[];
  closed = 0;

  constructor(...connectors: TestConnector[]) {
    this.connectors = connectors;
  }

  get(name: string): TestConnector | undefined {
    return this.connectors.find((connector) => connector.name === name);
  }

  all(): readonly TestConnector[] {
    return this.connectors;
  }

  async close(): Promise<void> {
    this.closed += 1;
  }
}

const userType: ResourceType = {
  name: 'User',
  endpoint: '/Users',
  description: 'Account',
  schema: { id: 'urn:ietf:params:scim:schemas:core:2.0:User', name: 'User', description: 'Account', attributes: [] },
  extensions: [],
};

/** A service provider with one resource type that can only be read; `get` decides what a request meets. */
export function testProvider(get: (id: string, context: Context) => Promise<void> | void): ServiceProvider {
  const refuse = () => Promise.reject(new Error('not part of this test'));
  const handler: ResourceHandler = {
    create: refuse,
    query: refuse,
    update: refuse,
    delete: refuse,
    get: async (id, _projection, context) => {
      await get(id, context);
      return { schemas: [userType.schema.id], id, meta: { resourceType: 'User' } };
    },
  };
  const { baseUri, contextOf, onError, requestTimeoutMs } = requestWiring(5_000);
  return {
    baseUri: (request) => baseUri(request, 'demo'),
    contextOf,
    onError,
    requestTimeoutMs,
    resourceTypes: () => [{ type: userType, handler }],
    features: { writes: true, sort: false, etag: false, changePassword: false },
    maxResults: 10,
  };
}

export interface LogLine {
  readonly level: string;
  readonly message: string;
  readonly id: string;
  readonly request: Readonly<Record<string, unknown>>;
  readonly error?: unknown;
}

/** Collects what a log writes. */
export class LogStream extends PassThrough {
  text = '';

  constructor() {
    super();
    this.on('data', (chunk: Buffer) => {
      this.text += chunk.toString();
    });
  }

  lines(): LogLine[] {
    return this.text
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line));
  }

  /** Waits until so many requests have left their lines. */
  async requests(count: number): Promise<LogLine[]> {
    for (;;) {
      const found = this.lines().filter((line) => line.request);
      if (found.length >= count) return found;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

export interface TestHost {
  readonly host: Host;
  readonly registry: TestRegistry;
  readonly certs: string;
  readonly stream: LogStream;
  /** A request of the host's own, on a connection of its own unless there is an agent. */
  get(path: string, token: string, options?: RequestOptions): Promise<{ status: number; close: boolean; body: string }>;
  stop(): Promise<void>;
}

/** Starts a host on a free port, with a folder of certificates of its own. */
export async function startTestHost(registry: TestRegistry, options: Partial<HostOptions> = {}): Promise<TestHost> {
  const certs = mkdtempSync(join(tmpdir(), 'host-'));
  const stream = new LogStream();
  const host = await startHost(
    {
      port: 0,
      address: '127.0.0.1',
      certsDirectory: certs,
      hostName: 'localhost',
      requestTimeoutMs: 10_000,
      drainTimeoutMs: 5_000,
      ...options,
    },
    { registry, log: createLog({ stream, level: 'debug' }) },
  ).catch((error: unknown) => {
    rmSync(certs, { recursive: true, force: true });
    throw error;
  });
  const ca = readFileSync(join(certs, 'self-signed.crt'), 'utf8');
  return {
    host,
    registry,
    certs,
    stream,
    get: (path, token, more = {}) =>
      new Promise((resolve, reject) => {
        const headers = { Authorization: `Bearer ${token}` };
        httpsGet(
          { host: 'localhost', port: host.port, family: 4, path, ca, headers, agent: false, ...more },
          (response) => {
            let body = '';
            response.on('data', (chunk) => {
              body += chunk;
            });
            const { statusCode: status = 0, headers: received } = response;
            response.on('end', () => resolve({ status, close: received.connection === 'close', body }));
            response.on('error', reject);
          },
        ).on('error', reject);
      }),
    stop: async () => {
      await host.stop();
      rmSync(certs, { recursive: true, force: true });
    },
  };
}

export const TOKEN = 'demo-secret-token';
export const OTHER = 'other-secret-token';

/** The routes of a host without its server. `served` collects the ids that were asked for; waiting takes no time. */
export function setUpApp(options: Partial<Pick<AppOptions, 'clock' | 'wait'>> = {}) {
  const served: string[] = [];
  const behaviour: { get: (id: string, context: Context) => Promise<void> | void } = { get: () => undefined };
  const provider = testProvider((id, context) => {
    served.push(id);
    return behaviour.get(id, context);
  });
  const demo = new TestConnector('demo', [TOKEN], provider);
  const registry = new TestRegistry(demo, new TestConnector('other', ['first-secret-token', OTHER], provider));
  const stream = new LogStream();
  const waits: number[] = [];
  const stopping = new AbortController();
  const log = createLog({ stream, level: 'debug' });
  const wait = async (ms: number) => waits.push(ms);
  const app = createApp({ registry, log, stopping: stopping.signal, wait, ...options });
  return { app, behaviour, demo, provider, registry, served, stopping, stream, waits };
}
