#!/usr/bin/env node
/**
 * npm run directories:up: starts the demo directory server, or describes it when it runs already.
 * Environment: DIR (.directories/openldap), PORT (3389), TLSPORT (PORT + 1), SUFFIX (dc=example,dc=com).
 */

const { join, relative } = require('node:path');
const { startOpenLdap } = require('./openldap');

const folder = process.env.DIR ?? join(__dirname, '../../.directories/openldap');
const port = Number(process.env.PORT ?? 3389);
const options = { folder, port, tlsPort: Number(process.env.TLSPORT ?? port + 1) };
if (process.env.SUFFIX) options.suffix = process.env.SUFFIX;

startOpenLdap(options).then(
  (server) => {
    const show = (path) => relative(process.cwd(), path) || '.';
    console.log(`OpenLDAP is running (pid ${server.pid})
  ldap       ${server.url}   (StartTLS too)
  ldaps      ${server.ldapsUrl}   CA: ${show(server.caFile)}
  entries    ${server.suffix}: ou=people, ou=groups, ou=former
  connector  ${server.connector.dn}   may write     password in ${show(server.connector.passwordFile)}
  reader     ${server.reader.dn}   may read      password in ${show(server.reader.passwordFile)}
  admin      ${server.admin.dn}   may do all    password in ${show(server.admin.passwordFile)}
Look at it:
  ldapsearch -x -H ${server.url} -D ${server.connector.dn} -y ${show(server.connector.passwordFile)} -b ${server.suffix}
Put the host on it:
  cp connectors/openldap.example.json connectors/openldap.json && npm start
Stop it: npm run directories:down`);
  },
  (error) => {
    console.error(`directories:up: ${error.message}`);
    process.exitCode = 1;
  },
);
