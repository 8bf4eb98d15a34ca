/**
 * What must not grow: the cost of a page with its place in the list, that of a PATCH with the attributes that the schema
 * has, and that of a look-up answered from the connector space beyond what an empty endpoint costs.
 */

const { writeFileSync, mkdtempSync, rmSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');
const { openLoad } = require('./load');
const { imported, startDirectory, startHost } = require('./surroundings');
const { ScimConnection, requestText } = require('./scimConnection');
const { fixed, median, ratio, summary, table } = require('./statistics');

const PAGE = 100;
const PAGES_COMPARED = 100;
const ROUNDS = 8;
const FEW = 20;
const MANY = 300;
const PER_CLASS = 30;

const few = [
  ...['objectClass', 'uid', 'cn', 'sn', 'givenName', 'displayName', 'mail', 'title', 'employeeNumber'],
  ...['departmentNumber', 'telephoneNumber', 'mobile', 'l', 'st', 'street', 'postalCode', 'o', 'manager'],
  ...['preferredLanguage', 'description'],
];

async function measureGrowth({ people, seconds, main, nodeOptions, folder = tmpdir() }, report) {
  return [
    ...(await lists({ people, main, nodeOptions, folder }, report)),
    ...(await operations({ seconds, main, nodeOptions, folder }, report)),
  ];
}

async function lists({ people, main, nodeOptions, folder }, report) {
  const directory = await startDirectory(people, folder);
  const release = [() => directory.stop()];
  try {
    const host = await startHost(directory, { live: 0 }, { main, nodeOptions });
    release.push(() => host.stop());
    await imported(host, 1, 900_000);
    report(`${people} people imported`);
    const connection = await ScimConnection.open(host.port);
    release.push(() => connection.close());
    const facts = [];
    for (const [name, walk] of [
      ['startIndex', byIndex],
      ['cursor', byCursor],
    ]) {
      const places = await walk(connection, host.token, people);
      const compared = Math.min(PAGES_COMPARED, Math.floor(places.length / 3));
      const pairs = [];
      // In turns, so that whatever else the machine does meets both.
      for (let index = 0; index < compared; index += 1) {
        const first = await page(connection, host.token, places[index]);
        const last = await page(connection, host.token, places[places.length - compared + index]);
        pairs.push([first.ms, last.ms]);
      }
      const [first, last] = [0, 1].map((side) => fixed(median(pairs.map((pair) => pair[side])), 1));
      const times = `the first ${compared}: p50 ${first} ms, the last ${compared}: p50 ${last} ms`;
      facts.push([
        `${places.length} pages of ${PAGE} by ${name}`,
        times,
        fixed(median(pairs.map(([one, other]) => other / one)), 2),
      ]);
      report(facts.at(-1).join('  '));
    }
    return facts;
  } finally {
    for (const each of release.reverse()) await each();
  }
}

/** Walks through the whole list; answers the places of its pages, the last one aside, which may be short. */
async function byIndex(connection, token, people) {
  const places = [];
  for (let start = 1; start + PAGE <= people; start += PAGE) {
    places.push(`startIndex=${start}`);
    await page(connection, token, places.at(-1));
  }
  return places;
}

/** The same by cursor. */
async function byCursor(connection, token) {
  const places = [];
  for (let place = 'cursor='; ; ) {
    const { body } = await page(connection, token, place);
    const next = /"nextCursor":"([^"]+)"/.exec(body)?.[1];
    if (next === undefined) return places;
    places.push(place);
    place = `cursor=${next}`;
  }
}

async function page(connection, token, place) {
  const before = performance.now();
  const { status, body } = await connection.send(requestText('GET', 'live', `/Users?${place}&count=${PAGE}`, token));
  if (status !== 200) throw new Error(`${status}: ${body}`);
  return { ms: performance.now() - before, body };
}

/** Auxiliary classes, with so many attributes together, as text of slapd.conf; no line of it may be too long. */
function wideSchema(count) {
  const names = Array.from({ length: count }, (_, index) => `benchAttribute${index}`);
  const types = names.map((name, index) => {
    const oid = `1.3.6.1.4.1.99999.1.${index + 1}`;
    return `attributetype ( ${oid} NAME '${name}' EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 )`;
  });
  const classes = wideClasses(count).map((name, index) => {
    const own = names.slice(index * PER_CLASS, (index + 1) * PER_CLASS).join(' $ ');
    return `objectclass ( 1.3.6.1.4.1.99999.2.${index + 1} NAME '${name}' SUP top AUXILIARY MAY ( ${own} ) )`;
  });
  return [...types, ...classes, ''].join('\n');
}

function wideClasses(count) {
  return Array.from({ length: Math.ceil(count / PER_CLASS) }, (_, index) => `benchWide${index}`);
}

async function operations({ seconds, main, nodeOptions, folder }, report) {
  const own = mkdtempSync(join(folder, 'bench-schema-'));
  const release = [() => rmSync(own, { recursive: true, force: true })];
  try {
    const schemaFile = join(own, 'wide.schema');
    writeFileSync(schemaFile, wideSchema(MANY));
    const people = 2000;
    const directory = await startDirectory(people, folder, { schemaFile });
    release.push(() => directory.stop());
    const connectors = {
      live: 0,
      fresh: 86_400,
      few: { maxAge: 0, objectType: { attributes: few } },
      many: { maxAge: 0, objectType: { auxiliaryClasses: wideClasses(MANY) } },
    };
    const host = await startHost(directory, connectors, { main, nodeOptions });
    release.push(() => host.stop());
    await imported(host, Object.keys(connectors).length);
    const load = await openLoad('scim', { port: host.port, token: host.token, people });
    release.push(() => load.stop());
    const compare = async (name, operation, other, inFlight) => {
      const slices = [[], []];
      for (let round = -1; round < ROUNDS; round += 1)
        for (const [side, one] of [operation, other].entries()) {
          const slice = await load.slice({ operation: one, inFlight, ms: (seconds * 1000) / ROUNDS });
          if (slice.fault !== undefined) throw new Error(`${one}: ${slice.fault}`);
          // The first round only warms up.
          if (round >= 0) slices[side].push(slice);
        }
      const [mine, others] = slices.map((side) => fixed(summary(side).perSecond, 0));
      const fact = [`${name}, ${inFlight} in flight`, `${mine}/s and ${others}/s`, fixed(ratio(...slices), 2)];
      report(fact.join('  '));
      return fact;
    };
    return [
      await compare(`PATCH with ${MANY} more attributes beside one with ${FEW}`, 'patch many', 'patch few', 1),
      await compare(`PATCH with ${MANY} more attributes beside one with ${FEW}`, 'patch many', 'patch few', 8),
      await compare('look-up (space) beside an empty endpoint', 'look-up (space)', 'empty', 8),
      await compare('look-up (space) beside an empty endpoint', 'look-up (space)', 'empty', 32),
    ];
  } finally {
    for (const each of release.reverse()) await each();
  }
}

function tableOfGrowth(facts) {
  return table(['measurement', 'result', 'ratio'], facts);
}

module.exports = { measureGrowth, tableOfGrowth };
