/** The administration of a host that is measured: run profiles, and what became of them. */

const { readFileSync } = require('node:fs');
const { join } = require('node:path');
const { setTimeout: sleep } = require('node:timers/promises');

/** One connector of a host that was started with this `--admin-port`. */
class Administration {
  constructor({ folder }, port, connector) {
    this.tokenFile = join(folder, 'certs/host.admin.token');
    this.url = `http://127.0.0.1:${port}/admin/connectors/${connector}`;
  }

  /** Starts a run; what {@link ended} waits for. */
  begin(profile) {
    return this.#send('POST', '/runs', { profile });
  }

  /** The record of a run, once it has ended. */
  async ended({ id }) {
    for (;;) {
      const { runs } = await this.#send('GET', '/runs?limit=5');
      const run = runs.find((one) => one.id === id);
      if (run !== undefined) return run;
      await sleep(100);
    }
  }

  /** The record of a run that has to end well. */
  async run(profile) {
    const record = await this.ended(await this.begin(profile));
    if (record.outcome !== 'success') throw new Error(`${profile}: ${JSON.stringify(record)}`);
    return record;
  }

  async #send(method, path, body) {
    const token = readFileSync(this.tokenFile, 'utf8').trim();
    const headers = { Authorization: `Bearer ${token}`, ...(body && { 'Content-Type': 'application/json' }) };
    const response = await fetch(`${this.url}${path}`, {
      method,
      headers,
      ...(body && { body: JSON.stringify(body) }),
    });
    const answer = await response.json();
    if (!response.ok) throw new Error(answer.detail);
    return answer;
  }
}

module.exports = { Administration };
