/** The built program on the embedded directory and on OpenLDAP: one host each, for tests that ask the same of both. */
import { people } from './connectorFiles';
import { HostProcess } from './hostProcess';
import { type Answer, CORE_USER, type Json, operations, type ScimClient } from './scimClient';
import { slapdIsHere, startSystem, startTimeout } from './system';

export const ERROR = 'urn:ietf:params:scim:api:messages:2.0:Error';
export const LIST = 'urn:ietf:params:scim:api:messages:2.0:ListResponse';
export const CORE_GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group';

/** What tests need of the host that is being asked. */
export class Asked {
  client: ScimClient = undefined as unknown as ScimClient;
  /** Of the host itself, without a token. */
  stranger: ScimClient = undefined as unknown as ScimClient;
  #next = 0;

  /** A name that nobody has yet. */
  name(): string {
    this.#next += 1;
    return `asked-${this.#next}`;
  }

  /** A user of its own, with no more than RFC 7643 requires. */
  async user(more: object = {}): Promise<Json> {
    const { status, body, text } = await this.client.post('/Users', {
      schemas: [CORE_USER],
      userName: this.name(),
      ...more,
    });
    if (status !== 201) throw new Error(text);
    return body;
  }

  async group(...members: Json[]): Promise<Json> {
    const sent = { schemas: [CORE_GROUP], displayName: this.name(), members: members.map(({ id }) => ({ value: id })) };
    const { status, body, text } = await this.client.post('/Groups', sent);
    if (status !== 201) throw new Error(text);
    return body;
  }

  patch(user: Json, ...list: object[]): Promise<Answer> {
    return this.client.send('PATCH', `/Users/${user.id}`, { body: operations(...list) });
  }

  async read(user: Json): Promise<Json> {
    return (await this.client.get(`/Users/${user.id}`)).body;
  }

  async found(filter: string, more = ''): Promise<Answer> {
    return this.client.get(`/Users?filter=${encodeURIComponent(filter)}${more}`);
  }
}

/** Runs the tests on both directories. */
export function onEachDirectory(tests: (asked: Asked) => void, objectType: object = {}): void {
  const options = { deprovisioning: { disableFlow: { action: 'none' } }, ...objectType };
  describe.each(slapdIsHere ? ['memory', 'OpenLDAP'] : ['memory'])('on %s', (directory) => {
    const asked = new Asked();
    let stop: () => Promise<void>;

    beforeAll(async () => {
      if (directory === 'memory') {
        const host = await HostProcess.start({ connectors: { asked: people(undefined, options) } });
        stop = () => host.stop();
        asked.client = host.client('asked');
        asked.stranger = host.client('');
      } else {
        const system = await startSystem({ connectors: (slapd) => ({ asked: people(slapd, options) }) });
        stop = system.stop;
        asked.client = system.host.client('asked');
        asked.stranger = system.host.client('');
      }
    }, startTimeout);
    afterAll(() => stop?.());

    tests(asked);
  });
}
