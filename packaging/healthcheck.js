#!/usr/bin/env node
// @ts-check
/**
 * Whether the host of this container is alive: exit code 0 or 1. It asks over the loopback interface and trusts no
 * certificate by it: nothing is sent that anybody else might not hear.
 */

const { get } = require('node:https');

const port = process.env.CONNECTOR_HOST_PORT ?? '8585';
const request = get(
  { host: 'localhost', port, path: '/healthz', rejectUnauthorized: false, timeout: 4_000 },
  (response) => {
    response.resume();
    process.exitCode = response.statusCode === 200 ? 0 : 1;
  },
);
request.on('timeout', () => request.destroy(new Error('no answer within 4 s')));
request.on('error', (error) => {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
});
