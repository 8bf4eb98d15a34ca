#!/usr/bin/env node
// @ts-check
/**
 * Asks the connector host for what a connector knows (`GET …/ecma2host_<name>/scim/cache`), prints the answer to
 * standard output, and otherwise says in one sentence what is wrong and what to do. Runs on plain node.
 */

const { existsSync, readFileSync } = require('node:fs');
const https = require('node:https');
const path = require('node:path');
const { Transform } = require('node:stream');
const { pipeline } = require('node:stream/promises');
const tls = require('node:tls');
const { Command, CommanderError, InvalidArgumentError, Option } = require('commander');
const { noAnswer, notServing, refused } = require('./test-connection/diagnosis');
const { Exit, Failure, messageOf } = require('./test-connection/failure');
const { secretToken } = require('./test-connection/secretToken');

const ROOT = path.join(__dirname, '..');
const TIMEOUT_MS = 60_000;
/** Longer answers hold entries, whatever they look like. */
const LONGEST_EMPTY = 1_000;
const LONGEST_ERROR = 10_000;

/**
 * @typedef {object} Options
 * @property {string} connectorName
 * @property {string} objectTypePath
 * @property {number} port
 * @property {string} host
 * @property {string} certs
 * @property {string} [ca]
 * @property {string} connectors
 * @property {string} [secretTokenFile]
 */

function command() {
  return new Command('test-connection')
    .description('Asks the connector host what a connector knows of its directory.')
    .requiredOption('--connector-name <name>', "the connector's name, case-sensitive")
    .option('--object-type-path <path>', 'what to ask for, below …/scim/', objectTypePath, 'cache')
    .addOption(
      new Option('--port <number>', 'the port of the host').default(8585).env('CONNECTOR_HOST_PORT').argParser(port),
    )
    .option('--host <name>', 'the name or address of the host', 'localhost')
    .addOption(
      new Option('--certs <folder>', "the host's folder of certificates; those in it are trusted")
        .default(path.join(ROOT, 'certs'))
        .env('CONNECTOR_HOST_CERTS'),
    )
    .option('--ca <file>', 'a PEM file of certificates to trust instead of those of --certs')
    .addOption(
      new Option('--connectors <folder>', "the host's folder of connectors")
        .default(path.join(ROOT, 'connectors'))
        .env('CONNECTOR_HOST_CONNECTORS'),
    )
    .option('--secret-token-file <file>', 'a file whose first line is the secret token')
    .addHelpText(
      'after',
      `
The secret token is taken from --secret-token-file, else from the environment variable SECRET_TOKEN, else it is asked for.
One that the host has made itself is in <folder of certificates>/<name of connector>.token.

Exit codes: 0 the connector knows entries; 1 an answer that was not expected; 2 wrong usage; 3 nothing listens there;
4 the certificate is not trusted; 5 the secret token is refused; 6 there is no such connector; 7 the directory has not
been reached; 8 the first import is still running; 9 nothing is in scope; 10 the connector is faulty or inactive.`,
    )
    .allowExcessArguments(false)
    .exitOverride();
}

/** @param {string} text */
function port(text) {
  const number = Number(text);
  if (!/^\d+$/.test(text) || number < 1 || number > 65_535) throw new InvalidArgumentError('A port is 1 to 65535.');
  return number;
}

/** @param {string} text */
function objectTypePath(text) {
  const trimmed = text.replace(/^\/+|\/+$/g, '');
  if (trimmed === '' || trimmed.split('/').includes('..')) {
    throw new InvalidArgumentError('It is a path below …/scim/, such as cache or cache/User.');
  }
  return trimmed;
}

/** @param {readonly string[]} argv */
function parse(argv) {
  if (argv.some((word) => /^--?secret-?token(=|$)/i.test(word))) {
    throw new Failure(
      Exit.usage,
      'A secret token on the command line can be read by everybody on this machine: leave --secret-token out and type the token when asked, or use SECRET_TOKEN or --secret-token-file.',
    );
  }
  return /** @type {Options} */ (command().parse(argv, { from: 'user' }).opts());
}

/**
 * What to trust: the public authorities, and the certificates of the host itself. Checking is never switched off.
 * @param {Options} options
 */
function trusted(options) {
  const files =
    options.ca === undefined
      ? ['self-signed.crt', 'host.crt'].map((name) => path.join(options.certs, name)).filter((file) => existsSync(file))
      : [options.ca];
  try {
    return [...tls.rootCertificates, ...files.map((file) => readFileSync(file, 'utf8'))];
  } catch (error) {
    throw new Failure(Exit.usage, `A certificate to trust cannot be read: ${messageOf(error)}.`);
  }
}

/**
 * @param {Options} options
 * @param {string} token
 * @returns {Promise<import('node:http').IncomingMessage>}
 */
function get(options, token) {
  const segments = [`ecma2host_${options.connectorName}`, 'scim', ...options.objectTypePath.split('/')];
  return new Promise((resolve, reject) => {
    const request = https.get(
      {
        host: options.host,
        port: options.port,
        path: `/${segments.map(encodeURIComponent).join('/')}`,
        agent: false,
        ca: trusted(options),
        // A certificate that the administrator trusts is enough, whoever has signed it.
        allowPartialTrustChain: true,
        minVersion: 'TLSv1.2',
        timeout: TIMEOUT_MS,
        headers: {
          Authorization: `Bearer ${Buffer.from(token, 'utf8').toString('latin1')}`,
          Accept: 'application/json',
        },
      },
      resolve,
    );
    request.on('timeout', () => request.destroy(Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' })));
    request.on('error', reject);
  });
}

/**
 * Passes the body on to standard output as it comes.
 * @param {import('node:http').IncomingMessage} response
 * @returns {Promise<boolean>} whether it holds entries
 */
async function print(response) {
  let start = '';
  const look = new Transform({
    transform(chunk, _encoding, next) {
      if (start.length < LONGEST_EMPTY) start += chunk.toString('latin1');
      next(null, chunk);
    },
    flush(next) {
      next(null, '\n');
    },
  });
  try {
    await pipeline(response, look, process.stdout, { end: false });
  } catch (error) {
    throw new Failure(
      Exit.failed,
      `The answer broke off (${messageOf(error)}): look for the reason in the host's log.`,
    );
  }
  return start.length >= LONGEST_EMPTY || !/^\s*\[\s*\]\s*$|"totalResults"\s*:\s*0\b/.test(start);
}

/** @param {import('node:http').IncomingMessage} response */
async function text(response) {
  let body = '';
  for await (const chunk of response.setEncoding('utf8')) if (body.length < LONGEST_ERROR) body += chunk;
  return body;
}

/** @param {readonly string[]} argv */
async function run(argv) {
  const options = parse(argv);
  const token = await secretToken(options);
  const response = await get(options, token).catch((error) => {
    throw error instanceof Failure ? error : noAnswer(error, options);
  });
  const { statusCode: status = 0, headers } = response;
  if (status === 401) throw refused(options);
  if (status !== 200) throw notServing({ status, headers, body: await text(response) }, options);
  if (!(await print(response))) {
    throw new Failure(
      Exit.nothingInScope,
      `Connector "${options.connectorName}" has read its directory and found nothing in scope: if entries are there, check its partitions, containers and filter, and what its account may read.`,
    );
  }
}

run(process.argv.slice(2)).catch((error) => {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? Exit.ok : Exit.usage;
    return;
  }
  process.stderr.write(`${messageOf(error)}\n`);
  process.exitCode = error instanceof Failure ? error.code : Exit.failed;
});
