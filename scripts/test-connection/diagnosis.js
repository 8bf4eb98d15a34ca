// @ts-check
/** From what happened to one sentence: what is wrong and what to do. */

const { readdirSync } = require('node:fs');
const { Exit, Failure, messageOf } = require('./failure');

/** @typedef {{ host: string, port: number, connectorName: string, connectors: string }} Options */
/** @typedef {{ status: number, headers: import('node:http').IncomingHttpHeaders, body: string }} Answer */

/**
 * Why there was no answer.
 * @param {NodeJS.ErrnoException} error
 * @param {Options} options
 */
function noAnswer(error, options) {
  const where = `${options.host}:${options.port}`;
  const code = error.code ?? '';
  if (
    [
      'ECONNREFUSED',
      'EHOSTUNREACH',
      'ENETUNREACH',
      'ENOTFOUND',
      'EAI_AGAIN',
      'ETIMEDOUT',
      'ECONNRESET',
      'EPIPE',
    ].includes(code)
  ) {
    return new Failure(
      Exit.notListening,
      `No connector host answers at ${where} (${code}): start it, or give its --host and --port.`,
    );
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return new Failure(
      Exit.notTrusted,
      `The certificate at ${where} does not name "${options.host}": use a --host that it names, or bring a certificate that names this one.`,
    );
  }
  if (code === 'CERT_HAS_EXPIRED') {
    return new Failure(
      Exit.notTrusted,
      `The certificate at ${where} has expired: bring a new one, or let the host make one.`,
    );
  }
  if (/CERT|SELF_SIGNED|VERIFY|ISSUER/.test(code)) {
    return new Failure(
      Exit.notTrusted,
      `The certificate at ${where} is not trusted (${code}): point --certs to the folder of certificates of that host, or --ca to the authority's certificate; on the host, \`connector-host certificate show\` says which it is, \`certificate trust\` makes the machine trust it.`,
    );
  }
  if (/^(EPROTO|ERR_SSL)/.test(code)) {
    return new Failure(
      Exit.notListening,
      `What listens at ${where} does not speak HTTPS (${code}): give the --port of the connector host.`,
    );
  }
  return new Failure(Exit.failed, `The request to ${where} failed: ${messageOf(error)}.`);
}

/**
 * Why the token was refused. The host does not tell a wrong token from a wrong name, its folder of connectors does.
 * @param {Options} options
 */
function refused(options) {
  const known = connectorNames(options.connectors);
  const wanted = options.connectorName;
  if (known !== undefined && !known.includes(wanted)) {
    const similar = known.find((name) => name.toLowerCase() === wanted.toLowerCase());
    const hint =
      similar === undefined ? `it has ${known.length === 0 ? 'none' : known.join(', ')}` : `did you mean "${similar}"`;
    return new Failure(
      Exit.noSuchConnector,
      `There is no connector "${wanted}" in ${options.connectors} (${hint}): give the name as its file has it, case-sensitive.`,
    );
  }
  return new Failure(
    Exit.tokenRefused,
    `The host refuses the secret token for connector "${wanted}": compare it with the connector's configuration${known === undefined ? ', and the name too (it is case-sensitive)' : ''}.`,
  );
}

/**
 * @param {string} folder
 * @returns {string[] | undefined}
 */
function connectorNames(folder) {
  try {
    return readdirSync(folder)
      .filter((file) => file.endsWith('.json') && !file.endsWith('.example.json'))
      .map((file) => file.replace(/\.json$/, ''));
  } catch {
    return undefined;
  }
}

/**
 * Why a connector does not serve.
 * @param {Answer} answer
 * @param {Options} options
 */
function notServing(answer, options) {
  const name = `Connector "${options.connectorName}"`;
  const detail = detailOf(answer.body);
  const because = detail === undefined ? '' : ` (${detail.replace(/[.\s]+$/, '')})`;
  switch (answer.headers['x-connector-state']) {
    case 'importing':
      return new Failure(
        Exit.importRunning,
        `${name} is still running its first import${because}: wait for a few minutes and ask again.`,
      );
    case 'opening':
    case 'unreachable':
      return new Failure(
        Exit.directoryUnreachable,
        `${name} has not reached its directory${because}: check the directory and the connector's connectivity; it opens by itself then.`,
      );
    case 'faulty':
      return new Failure(Exit.connectorDown, `${name} is faulty${because}: correct its configuration and check it.`);
    case 'inactive':
      return new Failure(Exit.connectorDown, `${name} is inactive${because}: make it active in its configuration.`);
    default:
      return new Failure(Exit.failed, `The host answered ${answer.status}${because}: look for it in the host's log.`);
  }
}

/**
 * @param {string} body
 * @returns {string | undefined}
 */
function detailOf(body) {
  try {
    const { detail } = JSON.parse(body);
    return typeof detail === 'string' ? detail.replace(/\p{Cc}+/gu, ' ').slice(0, 300) : undefined;
  } catch {
    return undefined;
  }
}

module.exports = { noAnswer, notServing, refused };
