/** The same work by ldapts alone: one client, connected and bound, requests one behind the other on its one socket. */

const { Attribute, Change, Client, EqualityFilter } = require('ldapts');
const { CONTAINER, ELSEWHERE, attributesOf, dnOf, residentKey } = require('./person');

class LdapLoad {
  #client;
  #people;
  #created = [];
  #turn = 0;

  /** `options`: url, userName, password, people. */
  static async open({ url, userName, password, people }) {
    const load = new LdapLoad();
    load.#client = new Client({ url });
    load.#people = people;
    await load.#client.bind(userName, password);
    return load;
  }

  async connect() {}

  async run(operation) {
    switch (operation) {
      case 'create': {
        const key = `ldap${process.pid}x${this.#next()}`;
        await this.#client.add(dnOf(key), attributesOf(key));
        this.#created.push(key);
        return;
      }
      case 'look-up (live)':
      case 'look-up (space)': {
        const filter = new EqualityFilter({ attribute: 'mail', value: `${this.#resident()}@example.com` });
        return this.#search(CONTAINER, { scope: 'sub', filter });
      }
      case 'read (live)':
      case 'read (space)':
        return this.#search(dnOf(this.#resident()), { scope: 'base' });
      case 'patch': {
        const modification = new Attribute({ type: 'title', values: [`Engineer ${this.#next()}`] });
        return this.#client.modify(
          dnOf(this.#resident(), ELSEWHERE),
          new Change({ operation: 'replace', modification }),
        );
      }
      case 'delete':
        return this.#client.del(dnOf(this.#created.pop()));
      default:
        throw new Error(`There is no ${operation} in LDAP`);
    }
  }

  get left() {
    return this.#created.length;
  }

  async #search(base, options) {
    const { searchEntries } = await this.#client.search(base, options);
    if (searchEntries.length !== 1) throw new Error(`${searchEntries.length} entries were found instead of one`);
  }

  #next() {
    this.#turn += 1;
    return this.#turn * 7919;
  }

  #resident() {
    return residentKey(this.#next() % this.#people);
  }
}

module.exports = { LdapLoad };
