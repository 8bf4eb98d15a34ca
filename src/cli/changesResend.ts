/** `connector-host changes resend`: sends failed exports again, one by one or all. */
import type { Command } from 'commander';
import { askHost } from './adminClient';
import { countOf } from './changeOptions';
import { type HostFlags, withAdministration, withFolders } from './options';
import { print } from './words';

interface ResendFlags extends HostFlags {
  readonly json?: boolean;
}

interface Answer {
  readonly results: readonly { readonly number: number; readonly outcome: string; readonly detail?: string }[];
  readonly next?: number;
  readonly until?: number;
}

const help = `
Asks the host that runs, at --admin-port, with the administrator's token. Each entry is read first: attributes that have been
changed since the export failed keep what they have. Passwords are not kept: a create gets a new random one where
password.initial is "random", and is refused otherwise. changes list --open shows what is left.

Examples:
  connector-host changes resend people --admin-port 8586       all, the oldest first
  connector-host changes resend people 4710 4711

Exit codes: 0 all were sent or need not be any more; 1 some were not, or the host cannot be asked; 2 wrong usage.`;

/** Adds the subcommands. */
export function addResend(changes: Command): void {
  const command = changes
    .command('resend')
    .description('send failed exports again')
    .argument('<connector>', 'name of the connector')
    .argument('[numbers...]', 'numbers of changes; all that are open when absent', alsoNumber)
    .option('--json', 'print one JSON object per export')
    .addHelpText('after', help);
  withAdministration(withFolders(command)).action(resend);
  const dropping = changes
    .command('drop')
    .description('give failed exports up: they are not sent again')
    .argument('<connector>', 'name of the connector')
    .argument('<numbers...>', 'numbers of changes', alsoNumber)
    .option('--json', 'print the result as JSON');
  withAdministration(withFolders(dropping)).action(drop);
}

const alsoNumber = (text: string, before: readonly number[] = []) => [...before, countOf(text)];

async function drop(connector: string, numbers: readonly number[], flags: ResendFlags): Promise<void> {
  const path = `/connectors/${encodeURIComponent(connector)}/changes/drop`;
  const { dropped } = (await askHost(flags, 'POST', path, { numbers })) as { readonly dropped: readonly number[] };
  print(flags.json, { connector, dropped }, () => `${connector}: ${dropped.length} of ${numbers.length} given up`);
}

async function resend(connector: string, given: readonly number[] | undefined, flags: ResendFlags): Promise<void> {
  const path = `/connectors/${encodeURIComponent(connector)}/changes/resend`;
  const numbers = given ?? [];
  const counts = new Map<string, number>();
  let rest: { readonly after: number | undefined; readonly until?: number | undefined } = { after: 0 };
  while (rest.after !== undefined) {
    const body: object = numbers.length === 0 ? rest : { numbers };
    const answer = (await askHost(flags, 'POST', path, body)) as Answer;
    for (const result of answer.results) {
      counts.set(result.outcome, (counts.get(result.outcome) ?? 0) + 1);
      if (flags.json) process.stdout.write(`${JSON.stringify({ connector, ...result })}\n`);
      else if (result.detail !== undefined)
        process.stdout.write(`${connector} ${result.number}: ${result.outcome}: ${result.detail}\n`);
    }
    rest = { after: numbers.length === 0 ? answer.next : undefined, until: answer.until };
  }
  if (!flags.json) {
    const words = [...counts].map(([outcome, count]) => `${count} ${outcome}`);
    process.stdout.write(`${connector}: ${words.length === 0 ? 'no failed export is open' : words.join(', ')}\n`);
  }
  if (counts.has('refused') || counts.has('failed')) process.exitCode = 1;
}
