/** A registry of embedded directories, and the routes of the administration before it. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import request from 'supertest';
import { readConnectorFolder } from '../../src/config/connectorFolder';
import { type ConnectorDefinitions, openRegistry } from '../../src/connector/registry';
import { type AdminAppOptions, createAdminApp } from '../../src/host/adminApp';
import { requestWiring } from '../../src/host/requestWiring';
import { createLog } from '../../src/telemetry/log';
import { Metrics } from '../../src/telemetry/metrics';
import { Secret } from '../../src/telemetry/secret';
import { LogStream, sha256 } from '../host/fixtures';
import { people } from '../support/connectorFiles';
import { eventually } from '../support/hostProcess';

export const adminToken = 'S3cret-administrator-never-shown';
export const connectorToken = 'S3cret-connector-never-shown';

/** Connectors `demo` (serves), `off` (inactive by its file) and `torn` (faulty). */
export class AdminFixture {
  readonly folder = mkdtempSync(join(tmpdir(), 'admin-'));
  readonly state = join(this.folder, 'state');
  readonly stream = new LogStream();
  readonly log = createLog({ stream: this.stream });
  /** Of the connectors. */
  readonly metrics = new Metrics('1.2.3');
  /** Whatever was answered to {@link ask}. */
  answers = '';
  #registry: ConnectorDefinitions | undefined;

  get registry(): ConnectorDefinitions {
    if (this.#registry === undefined) throw new Error('the fixture is not open');
    return this.#registry;
  }

  async open(): Promise<void> {
    mkdirSync(join(this.folder, 'connectors'), { recursive: true });
    const write = (name: string, file: unknown) =>
      writeFileSync(join(this.folder, 'connectors', `${name}.json`), JSON.stringify(file));
    write(
      'demo',
      people(undefined, {
        mappings: [
          { source: 'userName', target: 'cn' },
          { source: 'name.familyName', target: 'sn' },
          { constant: 'S3cret-constant-never-shown', target: 'userPassword', apply: 'onCreate' },
        ],
      }),
    );
    write('off', { ...people(undefined), active: false });
    write('torn', { objectTypes: [{ resourceType: 'Robot' }] });
    await this.reopen();
    await this.serving('demo');
  }

  /** Opens the connectors as a host does that starts again on the same folders. */
  async reopen(): Promise<void> {
    await this.#registry?.close();
    const environment = { variables: {}, keptTokens: () => [new Secret(connectorToken)] };
    const definitions = readConnectorFolder(join(this.folder, 'connectors'), environment).map(
      ({ name, options, faults }) =>
        options === undefined ? { name, fault: faults.map(({ message }) => message).join('; ') } : { name, options },
    );
    const { state, log, metrics } = this;
    this.#registry = await openRegistry(definitions, {
      stateDirectory: state,
      log,
      metrics,
      requests: requestWiring(5_000),
    });
  }

  async close(): Promise<void> {
    await this.#registry?.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  app(options: Partial<AdminAppOptions> = {}) {
    return createAdminApp({
      registry: this.registry,
      log: this.log,
      version: '1.2.3',
      metrics: this.metrics,
      tokenDigests: () => [sha256(adminToken)],
      stopping: new AbortController().signal,
      wait: async () => undefined,
      certificate: () => ({
        file: 'certs/host.crt',
        subject: 'CN=localhost',
        subjectAltName: 'DNS:localhost',
        validTo: new Date('2030-01-02T03:04:05Z'),
        fingerprint256: 'AA:BB',
        warnings: [],
      }),
      ...options,
    });
  }

  /** A request of an administrator. */
  async ask(method: 'get' | 'post' | 'put' | 'delete' | 'patch', path: string, body?: object, to = this.app()) {
    const sent = request(to)[method](path).set('Authorization', `Bearer ${adminToken}`);
    const answer = await (body === undefined ? sent : sent.send(body));
    this.answers += `${JSON.stringify(answer.headers)}${answer.text}\n`;
    return answer;
  }

  /** Waits until a connector serves and no import runs. */
  serving(name: string): Promise<void> {
    return eventually(async () => {
      expect(this.registry.get(name)?.status()).toMatchObject({ state: 'serving', import: { running: false } });
    });
  }
}
