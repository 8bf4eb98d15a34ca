/**
 * Runs in the network namespace of a Samba: `sambaInside.js PORT... -- COMMAND...` starts the command and connects the
 * inherited listening sockets, from descriptor 3 on, with these ports inside. It ends when the command ends.
 */

const { execFileSync, spawn } = require('node:child_process');
const { existsSync } = require('node:fs');
const net = require('node:net');

const SETPRIV = '/usr/bin/setpriv';
const separator = process.argv.indexOf('--');
const ports = process.argv.slice(2, separator).map(Number);
const command = process.argv.slice(separator + 1);

execFileSync('/usr/sbin/ip', ['link', 'set', 'lo', 'up']);
// Samba goes with us, however we end.
const tied = existsSync(SETPRIV) ? [SETPRIV, '--pdeathsig=KILL', ...command] : command;
const child = spawn(tied[0], tied.slice(1), { stdio: ['ignore', 'inherit', 'inherit'] });
child.once('error', (error) => {
  console.error(error.message);
  process.exit(1);
});
child.once('exit', (code) => process.exit(code ?? 1));
for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => child.kill('SIGTERM'));

ports.forEach((port, index) => {
  net
    .createServer({ allowHalfOpen: true }, (outside) => {
      const inside = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true });
      for (const socket of [outside, inside]) socket.setNoDelay(true);
      outside.on('error', () => inside.destroy()).on('close', () => inside.destroy());
      inside.on('error', () => outside.destroy()).on('close', () => outside.destroy());
      outside.pipe(inside);
      inside.pipe(outside);
    })
    .listen({ fd: 3 + index });
});
