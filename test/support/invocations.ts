import { secret } from './hostProcess';

/** What each command is given; some of it is wrong on purpose. */
export const invocations: Readonly<Record<string, readonly (readonly string[])[]>> = {
  check: [[], ['--json'], ['plain', 'sealed', '--connect'], ['--connect', '--json', 'variable', 'file']],
  discover: [
    ['ldap://127.0.0.1:1', '--user', 'cn=admin'],
    ['ldap://127.0.0.1:1', '--password-file', 'secrets/ldap'],
  ],
  import: [['memory'], ['memory', '--json'], ['plain'], ['wrong'], ['torn']],
  'space export': [
    ['--connector', 'memory'],
    ['--connector', 'memory', '--json'],
    ['--connector', 'plain'],
  ],
  collect: [
    ['--output', 'bundle'],
    ['--output', 'bundle.tar.gz'],
    ['--output', 'other', '--json'],
  ],
  init: [[], ['--json']],
  token: [
    ['memory'],
    ['memory', '--roll', '--json'],
    ['memory', '--retire'],
    ['plain'],
    ['wrong'],
    ['torn'],
    ['nobody'],
  ],
  'certificate show': [[], ['--json']],
  'certificate renew': [[], ['--json']],
  'certificate trust': [['--dry-run']],
  'certificate export': [[], ['--output', 'exported.pem']],
  'secret seal': [[], ['--json'], [`--password=${secret('as-an-option')}`], [secret('as-an-argument')]],
  'secret rotate': [[], ['--json']],
  'changes list': [[], ['--json'], ['--csv'], ['--connector', 'memory', '--open']],
  'changes show': [['1', '--connector', 'memory'], ['1', '--json'], ['x']],
  'changes resend': [['memory'], ['memory', '1', '--json']],
  'changes drop': [['memory', '1']],
  'changes release': [['memory'], ['memory', '--operation', 'delete', '--json']],
  'changes audit': [[], ['--json'], ['audit.jsonl'], ['secrets/ldap']],
  'changes verify': [['audit.jsonl'], ['host.log', '--json'], ['secrets/ldap']],
  runs: [['memory'], ['memory', '--json'], ['wrong']],
  'state backup': [['copies'], ['copies', '--json'], ['secrets/ldap']],
  notifications: [
    [],
    ['--json'],
    ['--test'],
    ['--test', '--json', '--mail-password', 'env:LDAP_PASSWORD'],
    ['--test', '--mail-password', secret('mail-as-an-option')],
    ['--test', '--webhook-token', secret('hook-as-an-option')],
  ],
  serve: [
    ['--port', '1', '--address', '192.0.2.1'],
    ['--admin-token', secret('on-the-command-line')],
    ['--host-file', 'broken-host.json'],
  ],
};
