/** The operations over SCIM. */

const { ScimConnection, requestText } = require('./scimConnection');
const { resourceOf, residentKey } = require('./person');

const PATCH = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';

class ScimLoad {
  #options;
  #connections = [];
  #residents = [];
  #created = [];
  #turn = 0;

  /** `options`: port, token, people. */
  static async open(options) {
    const load = new ScimLoad();
    load.#options = options;
    await load.connect(1);
    for (let start = 1; start <= options.people; start += 1000) {
      const { body } = await load.#request(0, 'GET', 'live', `/Users?startIndex=${start}&count=1000&attributes=id`);
      load.#residents.push(...JSON.parse(body).Resources.map(({ id }) => id));
    }
    return load;
  }

  async connect(inFlight) {
    while (this.#connections.length < inFlight) this.#connections.push(await ScimConnection.open(this.#options.port));
  }

  /** Runs one operation; rejects when it is not answered as it should be. */
  async run(operation, lane) {
    switch (operation) {
      case 'create': {
        const { body } = await this.#expect(201, lane, 'POST', 'live', '/Users', resourceOf(this.#newKey()));
        this.#created.push(JSON.parse(body).id);
        return;
      }
      case 'look-up (live)':
        return this.#lookUp(lane, 'live');
      case 'look-up (space)':
        return this.#lookUp(lane, 'fresh');
      case 'read (live)':
        return void (await this.#expect(200, lane, 'GET', 'live', `/Users/${this.#resident()}`));
      case 'read (space)':
        return void (await this.#expect(200, lane, 'GET', 'fresh', `/Users/${this.#resident()}`));
      case 'patch':
        return this.#patch(lane, 'live');
      case 'patch few':
        return this.#patch(lane, 'few', 0);
      case 'patch many':
        return this.#patch(lane, 'many', 1);
      case 'delete':
        return void (await this.#expect(204, lane, 'DELETE', 'live', `/Users/${this.#created.pop()}`));
      case 'empty':
        return void (await this.#expect(200, lane, 'GET', 'live', '/ServiceProviderConfig'));
      default: {
        const [, connector, path] = /^GET (\S+) (\S+)$/.exec(operation);
        return void (await this.#expect(200, lane, 'GET', connector === '-' ? undefined : connector, path));
      }
    }
  }

  /** Entries that are there to be deleted. */
  get left() {
    return this.#created.length;
  }

  /** Connectors that are compared have halves of the people for themselves: what one changes makes the other's copy old. */
  async #patch(lane, connector, half) {
    const id = half === undefined ? this.#resident() : this.#residentOf(half);
    await this.#expect(200, lane, 'PATCH', connector, `/Users/${id}`, {
      schemas: [PATCH],
      Operations: [{ op: 'replace', path: 'title', value: `Engineer ${this.#next()}` }],
    });
  }

  async #lookUp(lane, connector) {
    const filter = encodeURIComponent(`emails[type eq "work"].value eq "${this.#residentKey()}@example.com"`);
    const { body } = await this.#expect(200, lane, 'GET', connector, `/Users?filter=${filter}`);
    if (!body.includes('"totalResults":1')) throw new Error(`a look-up has not found its user: ${body.slice(0, 300)}`);
  }

  async #expect(status, ...request) {
    const answer = await this.#request(...request);
    if (answer.status !== status) throw new Error(`${answer.status} instead of ${status}: ${answer.body}`);
    return answer;
  }

  #request(lane, method, connector, path, body) {
    return this.#connections[lane].send(requestText(method, connector, path, this.#options.token, body));
  }

  /** Neighbours in time are far apart in the directory; the step has no factor in common with a round number. */
  #next() {
    this.#turn += 1;
    return this.#turn * 7919;
  }

  #resident() {
    return this.#residents[this.#next() % this.#residents.length];
  }

  #residentOf(half) {
    return this.#residents[(2 * this.#next() + half) % (this.#residents.length & ~1)];
  }

  #residentKey() {
    return residentKey(this.#next() % this.#options.people);
  }

  #newKey() {
    return `scim${process.pid}x${this.#next()}`;
  }
}

module.exports = { ScimLoad };
