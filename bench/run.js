#!/usr/bin/env node
/** npm run bench: see README.md beside this file. */

const { join, resolve } = require('node:path');
const { parseArgs } = require('node:util');
const { measureOperations, tableOfOperations, OPERATIONS, SIDES } = require('./operations');
const { measureGrowth, tableOfGrowth } = require('./growth');
const { measureGroups, tableOfGroups } = require('./groups');
const { measureLargeGroup, tableOfLargeGroup } = require('./largeGroup');
const { measureScale, tableOfScale } = require('./scale');

const HELP = `npm run bench -- [options]
  --suite operations|scale|growth|groups|all
                                what to measure (operations)
  --seconds N                   for each cell of the table (4)
  --people N                    entries in the directory (2000; scale: 20000; growth: 100000; groups: members of the
                                largest group, 100000)
  --in-flight 1,8,32            requests at a time
  --operations create,patch     some of: ${OPERATIONS.join(', ')}
  --sides host,bare             some of: ${SIDES.join(', ')}
  --apart                       operations: half of the processors for the directory alone, the others for everybody else
  --main FILE                   the host's main file (dist/main.js), to compare two builds
  --node-option OPTION          for the host's process, e.g. --cpu-prof; may be repeated
  --folder DIR                  where slapd and the host keep their files; a real disk (the temporary folder)
  --json                        results as JSON`;

const { values } = parseArgs({
  options: {
    suite: { type: 'string', default: 'operations' },
    seconds: { type: 'string', default: '4' },
    people: { type: 'string' },
    'in-flight': { type: 'string', default: '1,8,32' },
    operations: { type: 'string' },
    sides: { type: 'string' },
    apart: { type: 'boolean', default: false },
    main: { type: 'string', default: join(__dirname, '../dist/main.js') },
    'node-option': { type: 'string', multiple: true, default: [] },
    folder: { type: 'string' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

async function main() {
  if (values.help) {
    console.log(HELP);
    return;
  }
  const common = { main: resolve(values.main), nodeOptions: values['node-option'], folder: values.folder };
  const report = (text) => process.stderr.write(`${text}\n`);
  const results = {};
  const wants = (suite) => values.suite === suite || values.suite === 'all';
  if (wants('operations')) {
    results.operations = await measureOperations(
      {
        ...common,
        seconds: Number(values.seconds),
        people: Number(values.people ?? 2000),
        apart: values.apart,
        inFlight: values['in-flight'].split(',').map(Number),
        ...(values.operations && { operations: values.operations.split(',') }),
        ...(values.sides && { sides: values.sides.split(',') }),
      },
      report,
    );
  }
  if (wants('scale'))
    results.scale = await measureScale({ ...common, people: Number(values.people ?? 20_000) }, report);
  if (wants('growth')) {
    const people = Number(values.people ?? 100_000);
    results.growth = await measureGrowth({ ...common, people, seconds: Number(values.seconds) }, report);
  }
  if (wants('groups')) {
    results.groups = await measureGroups(common, report);
    results.largeGroup = await measureLargeGroup({ ...common, members: Number(values.people ?? 100_000) }, report);
  }
  if (values.json) console.log(JSON.stringify(results));
  else {
    if (results.operations) console.log(`\n${tableOfOperations(results.operations)}`);
    if (results.scale) console.log(`\n${tableOfScale(results.scale)}`);
    if (results.growth) console.log(`\n${tableOfGrowth(results.growth)}`);
    if (results.groups) console.log(`\n${tableOfGroups(results.groups)}`);
    if (results.largeGroup) console.log(`\n${tableOfLargeGroup(results.largeGroup)}`);
  }
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
