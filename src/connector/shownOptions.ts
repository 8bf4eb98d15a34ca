/** A connector's options as an operator may see them: whole, but for every secret. */
import { isSecretName, Secret, TokenDigest } from '../telemetry/secret';
import type { ConnectorOptions } from './options';

const hidden = '[secret]';

/**
 * The options as plain JSON. Besides secrets themselves it hides what a mapping or a flow writes into an attribute that
 * holds passwords: an initial password stands in the connector file as plainly as any other constant.
 */
export function shownOptions(options: ConnectorOptions): unknown {
  const { passwordAttribute } = options.global;
  const own = passwordAttribute?.toLowerCase();
  return shown(options, (name) => isSecretName(name) || name.toLowerCase() === own);
}

function shown(value: unknown, holdsSecrets: (attribute: string) => boolean): unknown {
  if (value instanceof Secret || value instanceof TokenDigest) return hidden;
  if (Array.isArray(value)) return value.map((member) => shown(member, holdsSecrets));
  if (typeof value !== 'object' || value === null) return value;
  const { target } = value as { target?: unknown };
  const writesSecret = typeof target === 'string' && holdsSecrets(target);
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => {
      const isHidden = holdsSecrets(name) || (writesSecret && (name === 'constant' || name === 'expression'));
      return [name, isHidden && member !== undefined ? hidden : shown(member, holdsSecrets)];
    }),
  );
}
