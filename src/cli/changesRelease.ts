/** `connector-host changes release`: lets go on what a guard rail has stopped. */
import { type Command, Option } from 'commander';
import { guardedOperations } from '../connector/operations';
import { askHost } from './adminClient';
import { countOf } from './changeOptions';
import { type HostFlags, withAdministration, withFolders } from './options';
import { print } from './words';

interface ReleaseFlags extends HostFlags {
  readonly operation: string;
  readonly more: number;
  readonly json?: boolean;
}

interface Released {
  readonly released: readonly string[];
  readonly guardRails: readonly { readonly operation: string; readonly limit?: number }[];
}

const help = `
Asks the host that runs, at --admin-port, with the administrator's token. From then on the limit counts anew. Where you know
that many more are wanted, --more allows so many beside the limit within one window.

Examples:
  connector-host changes release people --admin-port 8586
  connector-host changes release people --operation delete --more 4000

Exit codes: 0 done; 1 the host cannot be asked, or the connector is not open; 2 wrong usage.`;

/** Adds the subcommand. */
export function addRelease(changes: Command): void {
  const command = changes
    .command('release')
    .description('let deletes and disables go on that a guard rail has stopped')
    .argument('<connector>', 'name of the connector')
    .addOption(
      new Option('--operation <operation>', 'only this one').choices(['all', ...guardedOperations]).default('all'),
    )
    .option('--more <number>', 'entries beside the limit', countOf, 0)
    .option('--json', 'print the result as JSON')
    .addHelpText('after', help);
  withAdministration(withFolders(command)).action(release);
}

async function release(connector: string, flags: ReleaseFlags): Promise<void> {
  const { operation, more, json } = flags;
  const path = `/connectors/${encodeURIComponent(connector)}/guard-rails/release`;
  const answer = (await askHost(flags, 'POST', path, { operation, more })) as Released;
  print(json, answer, () => {
    const limits = answer.guardRails.flatMap((one) =>
      one.limit === undefined ? [] : [`${one.operation}: ${one.limit} from now on`],
    );
    const what =
      answer.released.length === 0
        ? 'nothing was stopped, counting begins anew'
        : `${answer.released.join(' and ')} goes on`;
    return `${connector}: ${[what, ...limits].join('; ')}`;
  });
}
