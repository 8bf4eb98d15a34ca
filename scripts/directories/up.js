#!/usr/bin/env node
/**
 * npm run directories:up [-- openldap|389ds|samba|apacheds|all|an emulated product]: starts demo directory servers, without a name
 * OpenLDAP's, or describes those that run already.
 * Environment, for one server: DIR (.directories/PRODUCT), PORT (3389, 3489, … as in docs/directories.md), TLSPORT (PORT + 1), SUFFIX.
 */

const { join, relative } = require('node:path');
const { productsNamed, servers } = require('./servers');

const show = (path) => relative(process.cwd(), path) || '.';

async function up(product) {
  const { name, port: usual, start } = servers[product];
  const folder = process.env.DIR ?? join(__dirname, '../../.directories', product);
  const port = Number(process.env.PORT ?? usual);
  const options = { folder, port, tlsPort: Number(process.env.TLSPORT ?? port + 1) };
  if (process.env.SUFFIX) options.suffix = process.env.SUFFIX;
  const server = await start(options);
  console.log(`${name} is running (pid ${server.pid})
  ldap       ${server.url}   (StartTLS too)
  ldaps      ${server.ldapsUrl}   CA: ${show(server.caFile)}
  entries    ${server.suffix}: ou=people, ou=groups, ou=former
  connector  ${server.connector.dn}   may write     password in ${show(server.connector.passwordFile)}
  reader     ${server.reader.dn}   may read      password in ${show(server.reader.passwordFile)}
  admin      ${server.admin.dn}   may do all    password in ${show(server.admin.passwordFile)}
Look at it:
  ldapsearch -x -H ${server.url} -D "${server.connector.dn}" -y ${show(server.connector.passwordFile)} -b ${server.suffix}
Put the host on it:
  cp connectors/${product}.example.json connectors/${product}.json && npm start
Stop it: npm run directories:down${product === 'openldap' ? '' : ` -- ${product}`}`);
}

async function allOf(products) {
  if (products.length > 1 && (process.env.DIR ?? process.env.PORT))
    throw new Error('DIR and PORT are for one server: name one, or leave them out.');
  for (const product of products) await up(product);
}

Promise.resolve()
  .then(() => allOf(productsNamed(process.argv.slice(2))))
  .catch((error) => {
    console.error(`directories:up: ${error.message}`);
    process.exitCode = 1;
  });
