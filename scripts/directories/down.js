#!/usr/bin/env node
/** npm run directories:down: ends the demo directory server; its entries stay. Environment: DIR as for up. */

const { join } = require('node:path');
const { stopOpenLdap } = require('./openldap');

stopOpenLdap(process.env.DIR ?? join(__dirname, '../../.directories/openldap')).then(
  (stopped) => console.log(stopped ? 'OpenLDAP has stopped; its entries are kept.' : 'OpenLDAP was not running.'),
  (error) => {
    console.error(`directories:down: ${error.message}`);
    process.exitCode = 1;
  },
);
