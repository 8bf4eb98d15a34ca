/** `connector-host token`: the secret token that the host makes for a connector; where it is, and how it is rolled. */
import { existsSync } from 'node:fs';
import { type Command, Option } from 'commander';
import { FolderFault, readConnectorFolder, tokenFile } from '../config/connectorFolder';
import { keptTokens, retireTokens, rollToken } from '../config/keptTokens';
import { TokenDigest } from '../telemetry/secret';
import { audited } from './auditing';
import { type HostFlags, withAuditFile, withFolders } from './options';
import { here, print, quote } from './words';

interface Flags extends HostFlags {
  readonly json?: boolean;
  readonly roll?: boolean;
  readonly retire?: boolean;
}

const examples = `
Examples:
  connector-host token people               makes the token if there is none; says where it is
  connector-host token people --roll        a new token; the old one stays valid
  connector-host token people --retire      only the newest token stays valid

To roll a token: --roll, give the first line of the file to the identity provider, see that it works, --retire. A running
host takes over each step by itself. The token itself is never printed. The reference (sha256:…) may stand in the
connector file as "secretToken": then the file of the token can be deleted once the identity provider has it.

Exit codes: 0 done; 1 there is no such connector, or its file names its token; 2 wrong usage.`;

/** Adds the command. */
export function addToken(program: Command): void {
  const command = program
    .command('token')
    .description('make, find or roll the secret token of a connector')
    .argument('<connector>', 'name of the connector: that of its file, without .json')
    .addOption(new Option('--roll', 'add a new token; those before it stay valid').conflicts('retire'))
    .option('--retire', 'let only the newest token stay valid')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', examples);
  withAuditFile(withFolders(command)).action((connector: string, flags: Flags) => token(connector, flags));
}

async function token(connector: string, flags: Flags): Promise<void> {
  const { certs, roll = false, retire = false, json } = flags;
  refuseOthers(connector, flags);
  const change = roll ? rollToken : retire ? retireTokens : keptTokens;
  const file = tokenFile(certs, connector);
  const option = roll ? ' --roll' : retire ? ' --retire' : '';
  const work = () => change(certs, connector);
  // A look at a token that is there changes nothing.
  const tokens =
    option === '' && existsSync(file)
      ? work()
      : await audited(flags, { command: `token${option}`, connector }, work, ({ length }) => ({ validTokens: length }));
  const references = tokens.map((one) => new TokenDigest(one.digest()).toJSON());
  print(json, { connector, file, valid: tokens.length, references }, () =>
    [
      `${here(file)}: ${tokens.length === 1 ? 'one valid token' : `${tokens.length} valid tokens, the newest in the first line`}`,
      `reference: ${references[0]}`,
      `to copy it: head -n 1 ${quote(here(file))}`,
    ].join('\n'),
  );
}

/** Where the token is none of ours, a file that looks like it would only mislead. @throws FolderFault */
function refuseOthers(connector: string, { connectors }: HostFlags): void {
  // Only whether the file names a token counts: it need not be whole, and its other secrets need not be there.
  let asked = false;
  const environment = {
    variables: {},
    keptTokens: () => {
      asked = true;
      return [];
    },
  };
  const [found] = readConnectorFolder(connectors, environment, [connector]);
  if (found === undefined) throw new FolderFault(`There is no connector file ${connector}.json in ${connectors}.`);
  if (asked) return;
  if (found.uses !== undefined) {
    throw new FolderFault(`${here(found.file)} names its secret token itself (properties.secretToken): roll it there.`);
  }
  throw new FolderFault(`${here(found.file)} has faults: "connector-host check ${connector}" says which.`);
}
