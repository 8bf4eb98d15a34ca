/** What the change of one member costs in a group of few and in a group of very many: over the host, and by ldapts alone. */

const { Attribute, Change, Client } = require('ldapts');
const { cpuMs, imported, startDirectory, startHost } = require('./surroundings');
const { ScimConnection, requestText } = require('./scimConnection');
const { CONTAINER, dnOf, residentKey } = require('./person');
const { fixed, median, table } = require('./statistics');

const SIZES = [100, 100_000];
const PATCH = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
const groupDN = (size) => `cn=group${size},${CONTAINER}`;

function groupsLdif() {
  return SIZES.map((size) => {
    const members = Array.from({ length: size }, (_, index) => `member: uid=member${index},${CONTAINER}`);
    return `dn: ${groupDN(size)}\nobjectClass: groupOfNames\ncn: group${size}\n${members.join('\n')}\n`;
  }).join('\n');
}

/** Takes turns: one change by the host, one by ldapts, in the small group, then in the large one. */
async function measureGroups({ changes = 100, main, nodeOptions, folder }, report) {
  const directory = await startDirectory(200, folder, { moreLdif: groupsLdif() });
  const release = [() => directory.stop()];
  try {
    const group = { resourceType: 'Group', targetObject: 'groupOfNames', container: CONTAINER };
    const host = await startHost(directory, { groups: { maxAge: 86_400, moreTypes: [group] } }, { main, nodeOptions });
    release.push(() => host.stop());
    await imported(host, 1);
    const scim = await ScimConnection.open(host.port);
    release.push(async () => scim.close());
    const client = new Client({ url: directory.url });
    await client.bind(directory.connector.dn, directory.connector.password);
    release.push(() => client.unbind());
    const ask = (method, path, body) => scim.send(requestText(method, 'groups', path, host.token, body));
    const { Resources: users } = JSON.parse((await ask('GET', '/Users?count=2&attributes=id')).body);
    const rows = [];
    for (const size of SIZES) rows.push(await measureSize(size, { ask, client, host, changes, user: users[0].id }));
    report('groups measured');
    return rows;
  } finally {
    for (const each of release.reverse()) await each();
  }
}

async function measureSize(size, { ask, client, host, changes, user }) {
  const filter = encodeURIComponent(`displayName eq "group${size}"`);
  const lookUp = `/Groups?filter=${filter}&excludedAttributes=members`;
  const [{ id }] = JSON.parse((await ask('GET', lookUp)).body).Resources;
  const times = { host: [], bare: [], lookUp: [] };
  let cpu = 0;
  for (let index = 0; index < changes; index += 1) {
    const op = index % 2 === 0 ? 'add' : 'remove';
    const body = { schemas: [PATCH], Operations: [{ op, path: 'members', value: [{ value: user }] }] };
    const before = cpuMs(host.pid);
    times.host.push(await timed(() => expect([200, 204], ask('PATCH', `/Groups/${id}`, body))));
    cpu += cpuMs(host.pid) - before;
    const modification = new Attribute({ type: 'member', values: [dnOf(`${residentKey(1)}x`)] });
    const operation = op === 'add' ? 'add' : 'delete';
    times.bare.push(await timed(() => client.modify(groupDN(size), new Change({ operation, modification }))));
    times.lookUp.push(await timed(() => expect([200], ask('GET', lookUp))));
  }
  return {
    size,
    hostMs: median(times.host),
    bareMs: median(times.bare),
    addedMs: median(times.host.map((ms, index) => ms - times.bare[index])),
    cpuMs: cpu / changes,
    lookUpMs: median(times.lookUp),
  };
}

async function expect(statuses, asked) {
  const { status, body } = await asked;
  if (!statuses.includes(status)) throw new Error(`${status}: ${body}`);
}

async function timed(work) {
  const before = performance.now();
  await work();
  return performance.now() - before;
}

/** The rows as text. */
function tableOfGroups(rows) {
  return table(
    ['members', 'host p50 ms', 'bare p50 ms', 'host adds p50 ms', 'host CPU ms', 'look-up without members p50 ms'],
    rows.map((row) => [
      row.size,
      ...[row.hostMs, row.bareMs, row.addedMs, row.cpuMs, row.lookUpMs].map((value) => fixed(value, 2)),
    ]),
  );
}

module.exports = { measureGroups, tableOfGroups };
