// @ts-check
/** docs/host-file.md and docs/host.schema.json, from src/config/hostSchema.ts. */

const { z } = require('zod');

/** @typedef {import('../../src/config/hostSchema')} HostSchema */

/** Defaults that are no plain values. */
const SHOWN = {
  name: 'the machine’s name',
  connectors: '`connectors`',
  certs: '`certs`',
  state: '`state`',
  sealKeyFile: '`secrets/seal.key`',
};

/** @param {string} text */
const cell = (text) => text.replaceAll('|', '\\|');

/**
 * @param {HostSchema['hostSettings'][number]} setting
 * @param {Record<string, unknown>} defaults
 */
function row(setting, defaults) {
  const { path, flag, variable, description, choices, live, key } = setting;
  const value = defaults[key];
  const shown = SHOWN[path] ?? (value === undefined ? '' : `\`${String(value)}\``);
  const words = choices === undefined ? '' : ` One of ${choices.map((choice) => `\`${choice}\``).join(', ')}.`;
  const cells = [
    `\`${path}\``,
    `\`${flag}\``,
    `\`${variable}\``,
    shown,
    cell(description + words),
    live ? 'no' : 'yes',
  ];
  return `| ${cells.join(' | ')} |`;
}

/** @param {HostSchema} host */
function reference({ hostSettings, defaultHostValues }) {
  const defaults = /** @type {Record<string, unknown>} */ (/** @type {unknown} */ (defaultHostValues()));
  return `<!-- Made by npm run docs from src/config/hostSchema.ts: do not edit. -->

# The host file

\`host.json\` says what the process itself needs: where it listens, where things are, what it logs. It stands in the working
directory, beside the folder of connectors; \`--host-file FILE\` or \`CONNECTOR_HOST_FILE\` names another one. There need not be one.

Every value can be given in three ways. The first of them that says something counts:

1. a flag: \`connector-host serve --port 443\`
2. an environment variable: \`CONNECTOR_HOST_PORT=443\`
3. the file: \`{ "port": 443 }\`
4. else the default

\`\`\`jsonc
{
  "$schema": "docs/host.schema.json",
  "name": "scim.example.com",
  "port": 443,
  "logLevel": "warn",
  "logFile": "/var/log/connector-host/host.log",
  // The administration API; its token is sealed with "connector-host secret seal".
  "admin": { "port": 8586, "token": "enc:1.…" },
}
\`\`\`

The file is JSON; comments and trailing commas are allowed. Unknown keys and wrong values are faults: the host does not start, and each
is named with its line and its path. Paths in the file are relative to its folder; those of flags and variables to the working directory.

| key | flag | environment variable | default | meaning | a change needs a restart |
|---|---|---|---|---|---|
${hostSettings.map((setting) => row(setting, defaults)).join('\n')}

The administrator’s token is a [reference](secrets.md). On the command line nothing else is accepted, because every account of a machine
can read the command lines of its processes; the environment variable may hold the token itself.

The commands that need only folders (\`check\`, \`certificate\`, \`secret\`, \`token\`, …) read the same file, flags and variables.

## Changes without a restart

While the host runs it watches \`host.json\`, the connector files, the files of secrets and authorities that they name, the seal key, and
the certificate. What has changed is read aside; when it is whole it replaces what was in use, and requests that are being served finish
with what they began with. When something is wrong with it, all faults are in the log with file, line and path, and what was in use
stays in use. Of \`host.json\` a running host takes over what the last column says; for the rest the log says that it needs a restart.

- A connector file that is added opens a connector; one that is removed closes it; \`"active": false\` switches it off.
- A connector whose changed file needs a directory that is down goes on as it was, and the change is tried again.
- \`SIGHUP\` (\`systemctl reload\`) reads everything again at once, the certificate too. Windows has no such signal; it is not needed.

Files are compared every two seconds where the system does not report changes (network drives, mounted volumes).

## The log file

With \`logFile\` every line is written there too, as JSON. After \`logFileSize\` mebibytes the file is renamed: \`host.log\` is the current
one, \`host.log.1\` the one before, until \`logFilesKept\` files are there. A disk that is full costs lines, and an error on standard output.
`;
}

/** @param {HostSchema} host */
function hostPages(host) {
  const schema = z.toJSONSchema(host.hostFileSchema, { io: 'input' });
  return {
    'host.schema.json': `${JSON.stringify({ title: 'Host file', ...schema }, undefined, 2)}\n`,
    'host-file.md': reference(host),
  };
}

module.exports = { hostPages };
