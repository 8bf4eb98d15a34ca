/** Options that several commands have: each a flag and an environment variable. */
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';

/** Where things are, and where the host listens. */
export interface HostFlags {
  readonly port: number;
  readonly address?: string;
  readonly hostName: string;
  readonly connectors: string;
  readonly certs: string;
  readonly state: string;
  readonly logLevel: 'error' | 'warn' | 'info' | 'debug';
  readonly logFormat: 'auto' | 'json' | 'text';
}

const port = (text: string) => {
  const number = Number(text);
  if (Number.isInteger(number) && number >= 0 && number <= 65535) return number;
  throw new InvalidArgumentError('a port is a number from 0 (any free one) to 65535');
};

/** `--connectors`, `--certs`: where files stand. */
export function withFolders(command: Command): Command {
  return command
    .addOption(
      new Option('--connectors <dir>', 'folder of the connector files')
        .default('connectors')
        .env('CONNECTOR_HOST_CONNECTORS')
        .argParser((dir) => resolve(dir)),
    )
    .addOption(
      new Option('--certs <dir>', 'folder of key, certificate and kept secret tokens')
        .default('certs')
        .env('CONNECTOR_HOST_CERTS')
        .argParser((dir) => resolve(dir)),
    )
    .addOption(
      new Option('--state <dir>', 'folder of what the host remembers')
        .default('state')
        .env('CONNECTOR_HOST_STATE')
        .argParser((dir) => resolve(dir)),
    );
}

/** The options of a listening host. */
export function withListener(command: Command): Command {
  return command
    .addOption(new Option('--port <port>', 'TCP port').default(8585).env('CONNECTOR_HOST_PORT').argParser(port))
    .addOption(new Option('--address <address>', 'address to listen on; all when absent').env('CONNECTOR_HOST_ADDRESS'))
    .addOption(
      new Option('--host-name <name>', 'name of this host in its certificate')
        .default(hostname())
        .env('CONNECTOR_HOST_NAME'),
    )
    .addOption(
      new Option('--log-level <level>', 'least urgent level that is written')
        .choices(['error', 'warn', 'info', 'debug'])
        .default('info')
        .env('CONNECTOR_HOST_LOG_LEVEL'),
    )
    .addOption(
      new Option('--log-format <format>', 'auto: text on a terminal, else JSON lines')
        .choices(['auto', 'json', 'text'])
        .default('auto')
        .env('CONNECTOR_HOST_LOG_FORMAT'),
    );
}
