#!/usr/bin/env node
/**
 * npm run directories:down [-- PRODUCT...|all]: ends the demo directory servers, without a name OpenLDAP's; their
 * entries stay. Environment: DIR as for up.
 */

const { join } = require('node:path');
const { productsNamed, servers } = require('./servers');

async function down() {
  for (const product of productsNamed(process.argv.slice(2))) {
    const { name, stop } = servers[product];
    const stopped = await stop(process.env.DIR ?? join(__dirname, '../../.directories', product));
    console.log(stopped ? `${name} has stopped; its entries are kept.` : `${name} was not running.`);
  }
}

down().catch((error) => {
  console.error(`directories:down: ${error.message}`);
  process.exitCode = 1;
});
